import { z } from 'zod';
import { isCleanText, passwordText } from '../common/http/fields.js';
import { roleGrantsResponse } from '../grants/responses.js';

export const signInBody = z.strictObject({
  email: z
    .string()
    .min(1)
    .max(320)
    .refine(isCleanText, { message: 'must be well-formed Unicode without NUL' }),
  password: z.string().min(1).max(1024),
});
export type SignInBody = z.infer<typeof signInBody>;

export const changePasswordBody = z.strictObject({
  currentPassword: z.string().min(1).max(1024),
  newPassword: passwordText,
});
export type ChangePasswordBody = z.infer<typeof changePasswordBody>;

export const meResponse = z.object({
  operator: z.object({ id: z.string(), email: z.string(), name: z.string() }),
  permissions: z.array(z.string()),
  rooms: z.array(z.string()).nullable(),
  accessRoles: z.array(z.string()),
  ceiling: roleGrantsResponse.nullable(),
});

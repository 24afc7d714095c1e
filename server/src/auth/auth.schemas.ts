import { z } from 'zod';
import { isCleanText, passwordText } from '../common/http/fields.js';
import { roleGrantsSchema } from '../grants/role-grants-schema.js';

export const signInBody = z.strictObject({
  email: z
    .string()
    .min(1)
    .max(320)
    .refine(isCleanText, { message: 'must be well-formed Unicode without NUL' })
    .describe('The e-mail address of the operator.'),
  password: z.string().min(1).max(1024).describe('The password.'),
});
export type SignInBody = z.infer<typeof signInBody>;

export const changePasswordBody = z.strictObject({
  currentPassword: z.string().min(1).max(1024).describe('The password until now.'),
  newPassword: passwordText.describe(
    'The new password: 12 to 256 characters; one that is easy to guess is refused.',
  ),
});
export type ChangePasswordBody = z.infer<typeof changePasswordBody>;

export const meResponse = z.object({
  operator: z
    .object({
      id: z.string().describe('The id of the operator.'),
      email: z.string().describe('Their e-mail address.'),
      name: z.string().describe('Their name.'),
    })
    .describe('Who is signed in.'),
  permissions: z
    .array(z.string())
    .describe('The permissions that they have, everywhere or in some rooms.'),
  everywhere: z
    .array(z.string())
    .describe('Those of the permissions that they have in every room, and where no room is meant.'),
  rooms: z
    .array(z.string())
    .nullable()
    .describe('The room patterns that they are limited to; null: all rooms.'),
  accessRoles: z.array(z.string()).describe('The keys of their access roles.'),
  ceiling: roleGrantsSchema
    .nullable()
    .describe('The most that they may give in a room; null: everything.'),
});

import { z } from 'zod';
import { accessRole, BUILT_IN_ROLES } from '../actor/built-in-roles.js';
import { labelText, passwordText, patternText } from '../common/http/fields.js';
import { listQuery, searchText } from '../common/http/lists.js';
import { roleGrantsResponse } from '../grants/responses.js';

const email = z
  .string()
  .max(320, { message: 'must have at most 320 characters' })
  .regex(/^[^\s@\u0000]+@[^\s@\u0000]+$/, { message: 'must look like name@example.com' })
  .refine((text) => text.isWellFormed(), { message: 'must be well-formed Unicode' });

const access = z
  .array(
    z.strictObject({
      role: z.string().refine((key) => accessRole(key) !== undefined, {
        message: `must be one of ${BUILT_IN_ROLES.map((role) => role.key).join(', ')}`,
      }),
      rooms: z
        .array(patternText)
        .min(1, { message: 'must name a pattern; leave it out for all rooms' })
        .max(100)
        .nullable()
        .optional(),
    }),
  )
  .max(20);

export const listOperatorsQuery = listQuery(
  ['email', 'name', 'createdAt', 'lastSignedInAt', 'isDisabled', 'id'],
  { q: searchText.optional(), isDisabled: z.boolean().optional() },
  ['email', 'ASC'],
);
export type ListOperatorsQuery = z.infer<typeof listOperatorsQuery>;

export const createOperatorBody = z.strictObject({
  email,
  name: labelText.min(1, { message: 'must not be empty' }),
  password: passwordText.optional(),
  access: access.default([]),
});
export type CreateOperatorBody = z.infer<typeof createOperatorBody>;

export const updateOperatorBody = z.strictObject({
  name: labelText.min(1, { message: 'must not be empty' }).optional(),
  access: access.optional(),
  isDisabled: z.boolean().optional(),
  password: passwordText.optional(),
  // Clients send whole records back; these may come along unchanged.
  id: z.unknown().optional(),
  email: z.unknown().optional(),
  lastSignedInAt: z.unknown().optional(),
  createdAt: z.unknown().optional(),
});
export type UpdateOperatorBody = z.infer<typeof updateOperatorBody>;

export const operatorResponse = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  isDisabled: z.boolean(),
  access: z.array(z.object({ role: z.string(), rooms: z.array(z.string()).nullable() })),
  lastSignedInAt: z.date().nullable(),
  createdAt: z.date(),
});

export const createdOperatorResponse = operatorResponse.extend({
  /** Theirs until they change it; shown once, and only when none was given. */
  temporaryPassword: z.string().nullable().optional(),
});

export const permissionResponse = z.object({
  id: z.string(),
  reach: z.enum(['room', 'global', 'any']),
  description: z.string(),
});

export const accessRoleResponse = z.object({
  id: z.string(),
  key: z.string(),
  name: z.string(),
  description: z.string(),
  permissions: z.array(z.string()),
  ceiling: roleGrantsResponse.nullable(),
  isBuiltIn: z.boolean(),
});

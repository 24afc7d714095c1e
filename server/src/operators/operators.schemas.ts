import { z } from 'zod';
import { accessRole, BUILT_IN_ROLES } from '../actor/built-in-roles.js';
import { labelText, passwordText, patternText, readOnlyField } from '../common/http/fields.js';
import { listQuery, searchText } from '../common/http/lists.js';
import { roleGrantsSchema } from '../grants/role-grants-schema.js';

const email = z
  .string()
  .max(320, { message: 'must have at most 320 characters' })
  .regex(/^[^\s@\u0000]+@[^\s@\u0000]+$/, { message: 'must look like name@example.com' })
  .refine((text) => text.isWellFormed(), { message: 'must be well-formed Unicode' });

const access = z
  .array(
    z.strictObject({
      role: z
        .string()
        .refine((key) => accessRole(key) !== undefined, {
          message: `must be one of ${BUILT_IN_ROLES.map((role) => role.key).join(', ')}`,
        })
        .describe('The key of an access role, such as `moderator`.'),
      rooms: z
        .array(patternText)
        .min(1, { message: 'must name a pattern; leave it out for all rooms' })
        .max(100)
        .nullable()
        .optional()
        .describe('The room patterns that the role is limited to; left out or null: all rooms.'),
    }),
  )
  .max(20);

export const listOperatorsQuery = listQuery(
  ['email', 'name', 'createdAt', 'lastSignedInAt', 'isDisabled', 'id'],
  {
    q: searchText.optional(),
    isDisabled: z.boolean().optional().describe('Only operators that are, or are not, disabled.'),
  },
  ['email', 'ASC'],
);
export type ListOperatorsQuery = z.infer<typeof listOperatorsQuery>;

export const createOperatorBody = z.strictObject({
  email: email.describe('The e-mail address that they sign in with. It cannot be changed.'),
  name: labelText
    .min(1, { message: 'must not be empty' })
    .describe('The name to show, up to 256 bytes.'),
  password: passwordText
    .optional()
    .describe(
      'Their password: 12 to 256 characters. Left out: a temporary one is made and returned once.',
    ),
  access: access
    .default([])
    .describe('Their access roles, each everywhere or in some rooms; at most 20.'),
});
export type CreateOperatorBody = z.infer<typeof createOperatorBody>;

export const updateOperatorBody = z.strictObject({
  name: labelText
    .min(1, { message: 'must not be empty' })
    .optional()
    .describe('The name to show, up to 256 bytes.'),
  access: access
    .optional()
    .describe('Their access roles, each everywhere or in some rooms; at most 20.'),
  isDisabled: z
    .boolean()
    .optional()
    .describe('A disabled operator is signed out and cannot sign in.'),
  password: passwordText.optional().describe('A new password; it signs them out.'),
  id: readOnlyField,
  email: readOnlyField,
  lastSignedInAt: readOnlyField,
  createdAt: readOnlyField,
});
export type UpdateOperatorBody = z.infer<typeof updateOperatorBody>;

export const operatorResponse = z.object({
  id: z.string().describe('The id of the operator, a UUID.'),
  email: z.string().describe('The e-mail address that they sign in with.'),
  name: z.string().describe('The name to show.'),
  isDisabled: z.boolean().describe('A disabled operator cannot sign in.'),
  access: z
    .array(
      z.object({
        role: z.string().describe('The key of the access role.'),
        rooms: z
          .array(z.string())
          .nullable()
          .describe('The room patterns that it is limited to; null: all rooms.'),
      }),
    )
    .describe('Their access roles, each everywhere or in some rooms.'),
  lastSignedInAt: z.date().nullable().describe('When they last signed in. ISO 8601; null: never.'),
  createdAt: z.date().describe('When the operator was added. ISO 8601.'),
});

export const createdOperatorResponse = operatorResponse.extend({
  temporaryPassword: z
    .string()
    .nullable()
    .optional()
    .describe('The password that was made for them, shown once; null or left out: one was given.'),
});

export const permissionResponse = z.object({
  id: z.string().describe('The permission, `resource.action`.'),
  reach: z
    .enum(['room', 'global', 'any'])
    .describe(
      '`room`: checked in each room. `global`: only for actors without a room limit. `any`: a room limit changes nothing.',
    ),
  description: z.string().describe('What it allows.'),
});

export const accessRoleResponse = z.object({
  id: z.string().describe('The same as `key`.'),
  key: z.string().describe('The key of the access role.'),
  name: z.string().describe('The name to show.'),
  description: z.string().describe('What it is for.'),
  permissions: z.array(z.string()).describe('The permissions that it has.'),
  ceiling: roleGrantsSchema
    .nullable()
    .describe('The most that its operators may give in a room; null: everything.'),
  isBuiltIn: z.boolean().describe('Comes with Rolecall.'),
});

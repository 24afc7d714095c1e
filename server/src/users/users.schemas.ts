import { z } from 'zod';
import {
  attributesMap,
  identityText,
  labelText,
  metadataText,
  nameText,
} from '../common/http/fields.js';
import { listQuery, searchText } from '../common/http/lists.js';

const kind = z.enum(['standard', 'agent'], { message: 'must be standard or agent' });

export const listUsersQuery = listQuery(
  ['identity', 'name', 'kind', 'createdAt', 'isSuspended', 'id'],
  {
    q: searchText.optional(),
    kind: kind.optional(),
    isSuspended: z.boolean().optional(),
    identity: nameText.optional(),
  },
  ['identity', 'ASC'],
);
export type ListUsersQuery = z.infer<typeof listUsersQuery>;

export const createUserBody = z.strictObject({
  /** The caller's own primary key, or left out for a new uuid. */
  identity: identityText.optional(),
  name: labelText.optional(),
  kind: kind.default('standard'),
  metadata: metadataText.default(''),
  attributes: attributesMap.default({}),
  isSuspended: z.boolean().default(false),
});
export type CreateUserBody = Partial<z.infer<typeof createUserBody>> & {
  /** Sample data; never from outside. */
  isDemo?: boolean;
};

export const updateUserBody = z.strictObject({
  name: labelText.optional(),
  kind: kind.optional(),
  metadata: metadataText.optional(),
  attributes: attributesMap.optional(),
  isSuspended: z.boolean().optional(),
  // Clients send whole records back; these may come along unchanged.
  id: z.unknown().optional(),
  identity: z.unknown().optional(),
  isDemo: z.unknown().optional(),
  createdAt: z.unknown().optional(),
  warnings: z.unknown().optional(),
  // Moves by itself, so a stale one is no attempt to change it.
  updatedAt: z.unknown().optional(),
});
export type UpdateUserBody = z.infer<typeof updateUserBody>;

const lookAlike = z.object({ id: z.string(), identity: z.string(), name: z.string() });

export const lookAlikesQuery = z.strictObject({ identity: identityText });
export type LookAlikesQuery = z.infer<typeof lookAlikesQuery>;

/** Users whose identity looks the same, such as one with a letter of another script. */
export const lookAlikesResponse = z.object({ data: z.array(lookAlike) });

export const userResponse = z.object({
  id: z.string(),
  identity: z.string(),
  name: z.string(),
  kind,
  metadata: z.string(),
  attributes: z.record(z.string(), z.string()),
  isSuspended: z.boolean(),
  isDemo: z.boolean(),
  createdAt: z.date(),
  updatedAt: z.date(),
});

/** A user, with what to beware of where there is something. */
export const userWithWarnings = userResponse.extend({
  warnings: z
    .array(
      z.object({
        code: z.literal('user.identity_confusable'),
        field: z.literal('identity'),
        text: z.string(),
        users: z.array(lookAlike),
      }),
    )
    .optional(),
});
export type UserWarnings = NonNullable<z.infer<typeof userWithWarnings>['warnings']>;

import { z } from 'zod';
import { isPermission } from '../actor/permissions.js';
import { actorKindResponse, instant, labelText, patternText } from '../common/http/fields.js';
import { listQuery, searchText } from '../common/http/lists.js';
import { roleGrantsSchema } from '../grants/role-grants-schema.js';

export const listApiKeysQuery = listQuery(
  ['name', 'createdAt', 'expiresAt', 'lastUsedAt', 'id'],
  {
    q: searchText.optional(),
    isRevoked: z.boolean().optional().describe('Only keys that are, or are not, revoked.'),
  },
  ['createdAt', 'DESC'],
);
export type ListApiKeysQuery = z.infer<typeof listApiKeysQuery>;

export const createApiKeyBody = z.strictObject({
  name: labelText
    .min(1, { message: 'must not be empty' })
    .describe('The name to show, up to 256 bytes.'),
  permissions: z
    .array(z.string().refine(isPermission, { message: 'is not a permission' }))
    .min(1, { message: 'must have at least one permission' })
    .max(200)
    .describe('The permissions of the key; only those that the caller has.'),
  rooms: z
    .array(patternText)
    .min(1)
    .max(100)
    .nullable()
    .optional()
    .describe(
      'The room patterns that the key is limited to; left out or null: all rooms of the caller.',
    ),
  expiresAt: instant
    .nullable()
    .optional()
    .describe(
      'When the key stops working. ISO 8601 with an offset; left out or null: never, or with the key that makes it.',
    ),
  rateLimit: z
    .int()
    .min(1)
    .max(100_000)
    .nullable()
    .optional()
    .describe('The most requests in 10 seconds; left out or null: no limit.'),
});
export type CreateApiKeyBody = z.infer<typeof createApiKeyBody>;

export const apiKeyResponse = z.object({
  id: z.string().describe('The id of the key, a UUID.'),
  name: z.string().describe('The name to show.'),
  prefix: z.string().describe('The first characters of the key, to recognise it.'),
  permissions: z.array(z.string()).describe('The permissions of the key.'),
  rooms: z
    .array(z.string())
    .nullable()
    .describe('The room patterns that the key is limited to; null: all rooms.'),
  ceiling: roleGrantsSchema
    .nullable()
    .describe('The most that it may give in a room; null: everything.'),
  rateLimit: z.number().nullable().describe('The most requests in 10 seconds; null: no limit.'),
  expiresAt: z.date().nullable().describe('When the key stops working. ISO 8601; null: never.'),
  createdAt: z.date().describe('When the key was made. ISO 8601.'),
  createdBy: z
    .string()
    .describe('Who made it: an e-mail address, the name of an API key, or an identity.'),
  createdByKind: actorKindResponse.nullable(),
  lastUsedAt: z.date().nullable().describe('When the key was last used. ISO 8601; null: never.'),
  isRevoked: z.boolean().describe('A revoked key no longer works.'),
});

/** The key itself is shown once. */
export const createdApiKeyResponse = apiKeyResponse.extend({
  key: z.string().describe('The key itself, `rck_…`. It is shown only here.'),
});

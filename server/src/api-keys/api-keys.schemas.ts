import { z } from 'zod';
import { isPermission } from '../actor/permissions.js';
import { actorKindResponse, instant, labelText, patternText } from '../common/http/fields.js';
import { listQuery, searchText } from '../common/http/lists.js';
import { roleGrantsResponse } from '../grants/responses.js';

export const listApiKeysQuery = listQuery(
  ['name', 'createdAt', 'expiresAt', 'lastUsedAt', 'id'],
  { q: searchText.optional(), isRevoked: z.boolean().optional() },
  ['createdAt', 'DESC'],
);
export type ListApiKeysQuery = z.infer<typeof listApiKeysQuery>;

export const createApiKeyBody = z.strictObject({
  name: labelText.min(1, { message: 'must not be empty' }),
  permissions: z
    .array(z.string().refine(isPermission, { message: 'is not a permission' }))
    .min(1, { message: 'must have at least one permission' })
    .max(200),
  rooms: z.array(patternText).min(1).max(100).nullable().optional(),
  expiresAt: instant.nullable().optional(),
  rateLimit: z.int().min(1).max(100_000).nullable().optional(),
});
export type CreateApiKeyBody = z.infer<typeof createApiKeyBody>;

export const apiKeyResponse = z.object({
  id: z.string(),
  name: z.string(),
  prefix: z.string(),
  permissions: z.array(z.string()),
  rooms: z.array(z.string()).nullable(),
  ceiling: roleGrantsResponse.nullable(),
  rateLimit: z.number().nullable(),
  expiresAt: z.date().nullable(),
  createdAt: z.date(),
  createdBy: z.string(),
  createdByKind: actorKindResponse.nullable(),
  lastUsedAt: z.date().nullable(),
  isRevoked: z.boolean(),
});

/** The key itself is shown once. */
export const createdApiKeyResponse = apiKeyResponse.extend({ key: z.string() });

import { z } from 'zod';
import {
  actorKindResponse,
  attributesMap,
  cleanText,
  keyParams,
  keyText,
  labelText,
  metadataText,
  nameText,
} from '../common/http/fields.js';
import { listQuery, searchText } from '../common/http/lists.js';
import { roleGrantsResponse } from '../grants/responses.js';
import { roleGrantsInput, ttlInput } from '../grants/role-grants-input.js';

export const templateKey = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, {
  message: 'must be 1 to 64 lower-case letters, digits and dashes, not at the ends',
});

const content = {
  grants: roleGrantsInput,
  ttl: ttlInput.nullable(),
  metadata: metadataText,
  attributes: attributesMap,
};

const color = z
  .string()
  .regex(/^(#[0-9a-fA-F]{6})?$/, { message: 'must be a colour like #1f7a5c, or empty' });

export const templateParams = keyParams;
export const versionParams = z.strictObject({
  key: keyText,
  n: z.coerce.number({ error: 'must be a version number' }).int().min(1).max(2_147_483_647),
});

export const listTemplatesQuery = listQuery(
  ['key', 'id', 'name', 'published', 'createdAt'],
  { q: searchText.optional(), isArchived: z.boolean().optional(), key: templateKey.optional() },
  ['name', 'ASC'],
);
export type ListTemplatesQuery = z.infer<typeof listTemplatesQuery>;

export const createTemplateBody = z.strictObject({
  key: templateKey,
  name: labelText.min(1, { message: 'must not be empty' }),
  description: cleanText(2_000).default(''),
  color: color.default(''),
  grants: content.grants,
  ttl: content.ttl.default(null),
  metadata: content.metadata.default(''),
  attributes: content.attributes.default({}),
});
export type CreateTemplateBody = z.infer<typeof createTemplateBody>;

export const updateTemplateBody = z.looseObject({
  name: labelText.min(1, { message: 'must not be empty' }).optional(),
  description: cleanText(2_000).optional(),
  color: color.optional(),
});
export type UpdateTemplateBody = z.infer<typeof updateTemplateBody>;

export const draftBody = z.strictObject({
  grants: content.grants.optional(),
  ttl: content.ttl.optional(),
  metadata: content.metadata.optional(),
  attributes: content.attributes.optional(),
});
export type DraftBody = z.infer<typeof draftBody>;

export const publishBody = z.strictObject({
  message: cleanText(1_000).min(1, { message: 'say what changes, and why' }),
});
export type PublishBody = z.infer<typeof publishBody>;

const side = z.union([z.literal('draft'), z.coerce.number().int().min(1).max(2_147_483_647)], {
  error: 'must be a version number or "draft"',
});
export const diffQuery = z.strictObject({ from: side, to: side });
export type DiffQuery = z.infer<typeof diffQuery>;

export const previewBody = z.strictObject({
  grants: content.grants,
  ttl: content.ttl.default(null),
  metadata: content.metadata.default(''),
  attributes: content.attributes.default({}),
  room: nameText.optional(),
  identity: nameText.optional(),
});
export type PreviewBody = z.infer<typeof previewBody>;

const contentAnswer = {
  grants: roleGrantsResponse,
  ttl: z.number().nullable(),
  metadata: z.string(),
  attributes: z.record(z.string(), z.string()),
};

export const templateResponse = z.object({
  id: z.string(),
  key: z.string(),
  name: z.string(),
  description: z.string(),
  color: z.string(),
  isBuiltIn: z.boolean(),
  isArchived: z.boolean(),
  published: z.number().nullable(),
  publishedAt: z.date().nullable(),
  ...contentAnswer,
  draft: z
    .object({
      ...contentAnswer,
      updatedAt: z.date().nullable(),
      updatedBy: z.string().nullable(),
      updatedByKind: actorKindResponse.nullable(),
      basedOn: z.number().nullable(),
    })
    .nullable(),
  assignments: z.number(),
  live: z.number(),
  createdAt: z.date(),
});

export const publishedResponse = z.object({
  template: z.string(),
  version: z.number(),
  publishedAt: z.date(),
});

export const templatePreviewResponse = z.object({
  claims: z.record(z.string(), z.unknown()),
  inWords: z.array(z.string()),
  lint: z.array(
    z.object({
      severity: z.enum(['error', 'warning', 'info']),
      code: z.string(),
      grant: z.string().optional(),
      text: z.string(),
    }),
  ),
});

export const diffResponse = z.object({
  from: side,
  to: side,
  sentences: z.array(
    z.object({
      text: z.string(),
      kind: z.enum(['gain', 'lose', 'change']),
      grant: z.string(),
    }),
  ),
});

export const impactResponse = z.object({
  assignments: z.number(),
  live: z.number(),
  rooms: z.array(z.object({ room: z.string(), live: z.number() })),
  defaultIn: z.array(z.string()),
});

export const versionResponse = z.object({
  template: z.string(),
  version: z.number(),
  ...contentAnswer,
  message: z.string(),
  publishedAt: z.date(),
  publishedBy: z.string(),
  publishedByKind: actorKindResponse.nullable(),
});

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
import type { RoleGrants } from '../grants/role-grants.js';
import { roleGrantsSchema, ttlInput } from '../grants/role-grants-schema.js';

export const templateKey = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, {
  message: 'must be 1 to 64 lower-case letters, digits and dashes, not at the ends',
});

const content = {
  grants: roleGrantsSchema.describe(
    'What the role allows in a room. A grant that is left out is off.',
  ),
  ttl: ttlInput
    .nullable()
    .describe(
      'How long its tokens are valid: seconds, or text such as "10h"; null: the default of the server.',
    ),
  metadata: metadataText.describe(
    'LiveKit metadata for its tokens; a user or a request can replace it.',
  ),
  attributes: attributesMap.describe(
    'LiveKit attributes for its tokens; a user or a request can replace each.',
  ),
};

const color = z
  .string()
  .regex(/^(#[0-9a-fA-F]{6})?$/, { message: 'must be a colour like #1f7a5c, or empty' });

export const templateParams = keyParams;
export const versionParams = z.strictObject({
  key: keyText.describe('The key of the role template.'),
  n: z.coerce
    .number({ error: 'must be a version number' })
    .int()
    .min(1)
    .max(2_147_483_647)
    .describe('The number of the version, from 1.'),
});

export const listTemplatesQuery = listQuery(
  ['key', 'id', 'name', 'published', 'createdAt'],
  {
    q: searchText.optional(),
    isArchived: z.boolean().optional().describe('Only templates that are, or are not, archived.'),
    key: templateKey.optional().describe('Only the template with exactly this key.'),
  },
  ['name', 'ASC'],
);
export type ListTemplatesQuery = z.infer<typeof listTemplatesQuery>;

export const createTemplateBody = z.strictObject({
  key: templateKey.describe(
    'The key: 1 to 64 lower-case letters, digits and dashes. It cannot be changed.',
  ),
  name: labelText
    .min(1, { message: 'must not be empty' })
    .describe('The name to show, up to 256 bytes.'),
  description: cleanText(2_000).default('').describe('What the role is for, up to 2,000 bytes.'),
  color: color
    .default('')
    .describe('The colour of its chip, such as `#1f7a5c`; empty: one is chosen by key.'),
  grants: content.grants,
  ttl: content.ttl.default(null),
  metadata: content.metadata.default(''),
  attributes: content.attributes.default({}),
});
export type CreateTemplateBody = Omit<z.infer<typeof createTemplateBody>, 'grants'> & {
  grants: RoleGrants;
};

export const updateTemplateBody = z.looseObject({
  name: labelText
    .min(1, { message: 'must not be empty' })
    .optional()
    .describe('The name to show, up to 256 bytes.'),
  description: cleanText(2_000).optional().describe('What the role is for, up to 2,000 bytes.'),
  color: color
    .optional()
    .describe('The colour of its chip, such as `#1f7a5c`; empty: one is chosen by key.'),
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
  message: cleanText(1_000)
    .min(1, { message: 'say what changes, and why' })
    .describe('What changes, and why; kept with the version.'),
});
export type PublishBody = z.infer<typeof publishBody>;

const side = z.union([z.literal('draft'), z.coerce.number().int().min(1).max(2_147_483_647)], {
  error: 'must be a version number or "draft"',
});
export const diffQuery = z.strictObject({
  from: side.describe('A version number, or `draft`.'),
  to: side.describe('A version number, or `draft`.'),
});
export type DiffQuery = z.infer<typeof diffQuery>;

export const previewBody = z.strictObject({
  grants: content.grants,
  ttl: content.ttl.default(null),
  metadata: content.metadata.default(''),
  attributes: content.attributes.default({}),
  room: nameText.optional().describe('The room to name in the claims. Left out: an example.'),
  identity: nameText
    .optional()
    .describe('The identity to name in the claims. Left out: an example.'),
});
export type PreviewBody = z.infer<typeof previewBody>;

const contentAnswer = {
  grants: roleGrantsSchema.describe('What the role allows in a room.'),
  ttl: z
    .number()
    .nullable()
    .describe('How long its tokens are valid, in seconds; null: the default of the server.'),
  metadata: z.string().describe('LiveKit metadata that its tokens carry.'),
  attributes: z
    .record(z.string(), z.string())
    .describe('LiveKit attributes that its tokens carry.'),
};

export const templateResponse = z.object({
  id: z.string().describe('The same as `key`.'),
  key: z.string().describe('The key of the role template.'),
  name: z.string().describe('The name to show.'),
  description: z.string().describe('What the role is for.'),
  color: z
    .string()
    .describe('The colour of its chip, such as `#1f7a5c`; empty: one is chosen by key.'),
  isBuiltIn: z.boolean().describe('Comes with Rolecall; cannot be archived.'),
  isArchived: z.boolean().describe('An archived template cannot be given.'),
  published: z
    .number()
    .nullable()
    .describe('The number of the version in use; null: none is published, so it cannot be given.'),
  publishedAt: z
    .date()
    .nullable()
    .describe('When that version was published. ISO 8601; null: none is.'),
  ...contentAnswer,
  draft: z
    .object({
      ...contentAnswer,
      updatedAt: z
        .date()
        .nullable()
        .describe('When the draft was last changed. ISO 8601; null: not known.'),
      updatedBy: z.string().nullable().describe('Who changed the draft last; null: not known.'),
      updatedByKind: actorKindResponse.nullable(),
      basedOn: z
        .number()
        .nullable()
        .describe('The version that the draft started from; null: none.'),
    })
    .nullable()
    .describe('Changes that are not published; null: none.'),
  assignments: z.number().describe('How many assignments give it.'),
  live: z.number().describe('How many people who are in a room now have it.'),
  createdAt: z.date().describe('When it was added. ISO 8601.'),
});

export const publishedResponse = z.object({
  template: z.string().describe('The key of the role template.'),
  version: z.number().describe('The number of the new version.'),
  publishedAt: z.date().describe('When it was published. ISO 8601.'),
});

export const templatePreviewResponse = z.object({
  claims: z
    .record(z.string(), z.unknown())
    .describe('The claims of a token with these grants, as LiveKit reads them.'),
  inWords: z.array(z.string()).describe('What the grants allow, as sentences.'),
  lint: z
    .array(
      z.object({
        severity: z
          .enum(['error', 'warning', 'info'])
          .describe(
            'An `error` needs an acknowledgement in the dashboard. Nothing refuses the publication.',
          ),
        code: z.string().describe('The kind of finding; stable, for programs.'),
        grant: z
          .string()
          .optional()
          .describe('The grant that it is about; left out: the whole template.'),
        text: z.string().describe('The finding as a sentence.'),
      }),
    )
    .describe('What a reviewer would object to.'),
});

export const diffResponse = z.object({
  from: side.describe('The older side.'),
  to: side.describe('The newer side.'),
  sentences: z
    .array(
      z.object({
        text: z.string().describe('The change as a sentence.'),
        kind: z
          .enum(['gain', 'lose', 'change'])
          .describe('Whether people gain or lose a right, or something else changes.'),
        grant: z.string().describe('The grant that it is about.'),
      }),
    )
    .describe('What changes, one sentence for each grant.'),
});

export const impactResponse = z.object({
  assignments: z.number().describe('How many assignments give the template.'),
  live: z.number().describe('How many people who are in a room now have it.'),
  rooms: z
    .array(
      z.object({
        room: z.string().describe('The name of the room.'),
        live: z.number().describe('How many people there have it now.'),
      }),
    )
    .describe('The rooms in which people have it now.'),
  defaultIn: z.array(z.string()).describe('The rooms whose default role it is.'),
});

export const versionResponse = z.object({
  template: z.string().describe('The key of the role template.'),
  version: z.number().describe('The number of the version, from 1.'),
  ...contentAnswer,
  message: z.string().describe('What its author said that it changes.'),
  publishedAt: z.date().describe('When it was published. ISO 8601.'),
  publishedBy: z
    .string()
    .describe('Who published it: an e-mail address, the name of an API key, or an identity.'),
  publishedByKind: actorKindResponse.nullable(),
});

import { z } from 'zod';
import {
  actorKindResponse,
  cleanText,
  instant,
  nameText,
  reasonText,
} from '../common/http/fields.js';
import { jsonParameter, pageInfoResponse, searchText } from '../common/http/lists.js';
import { type ActField, ACTS } from '../acts/acts.js';
import { listInWords } from '../grants/grant-catalogue.js';
import { ttlInput } from '../grants/role-grants-schema.js';
import { TRACK_SOURCES } from '../grants/role-grants.js';
import { BULK_ACTIONS, type BulkAction } from './bulk.js';

/** More people than this are several operations. */
export const MAX_TARGETS = 10_000;

const targetFilter = z.strictObject({
  q: searchText.optional().describe('A part of the identity or of the name.'),
  template: cleanText(64).optional().describe('The key of the role template that they have now.'),
  state: z
    .enum(['joining', 'joined', 'active', 'absent'])
    .optional()
    .describe('The state of their connection. Left out: everybody who is present.'),
  isPublishing: z.boolean().optional().describe('Publish tracks, or publish none.'),
  hand: z.boolean().optional().describe('Have raised a hand, or have not.'),
  except: z
    .array(nameText)
    .max(MAX_TARGETS)
    .optional()
    .describe('Identities that are left out although they match.'),
});
export type TargetFilter = z.infer<typeof targetFilter>;

/** A mute of one names its source; of many, all of them. */
function takes(action: BulkAction, field: ActField): boolean {
  const fields: readonly ActField[] = ACTS[action].fields;
  return fields.includes(field) || (field === 'sources' && fields.includes('source'));
}

export const bulkBody = z
  .strictObject({
    action: z
      .enum(BULK_ACTIONS, { message: `must be one of ${BULK_ACTIONS.join(', ')}` })
      .describe('The act that is done to each of them.'),
    template: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe('The key of a role template, for acts that give one.'),
    sources: z
      .array(z.enum(TRACK_SOURCES))
      .min(1)
      .max(TRACK_SOURCES.length)
      .optional()
      .describe('The track sources, for acts that take some. Left out: all of them.'),
    for: ttlInput
      .optional()
      .describe(
        'How long it lasts, for acts that can end by themselves: seconds, or text such as "10m".',
      ),
    reason: reasonText.optional(),
    identities: z
      .array(nameText)
      .min(1, { message: 'must name somebody' })
      .max(MAX_TARGETS, { message: `must be at most ${MAX_TARGETS}` })
      .optional()
      .describe('The people, by identity. Either this or `filter`.'),
    filter: targetFilter
      .optional()
      .describe('The people who match when the operation starts. Either this or `identities`.'),
    asOf: instant
      .optional()
      .describe(
        'With `filter`: only people who were in the room by then. ISO 8601 with an offset.',
      ),
  })
  .superRefine((body, context) => {
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if ((body.identities === undefined) === (body.filter === undefined)) {
      refuse('identities', 'give either identities or a filter');
    }
    const { action } = body;
    for (const field of ['template', 'sources', 'for'] as const) {
      const takers = BULK_ACTIONS.filter((each) => takes(each, field));
      if (body[field] !== undefined && !takers.includes(action)) {
        refuse(field, `is only for ${listInWords(takers)}`);
      }
    }
  });
export type BulkBody = z.infer<typeof bulkBody>;

export const bulkStartedResponse = z.object({
  operationId: z.string().describe('The id of the bulk operation.'),
  total: z.int().describe('How many people it is about.'),
});
export type BulkStarted = z.infer<typeof bulkStartedResponse>;

const instantResponse = z.iso.datetime().describe('ISO 8601.');

export const bulkOperationResponse = z.object({
  id: z.string().describe('The id of the operation.'),
  operationId: z.string().describe('The same as `id`.'),
  status: z
    .enum(['running', 'paused', 'done', 'failed', 'cancelled'])
    .describe('Whether it runs, is paused, or how it ended.'),
  action: z
    .string()
    .describe('The act; `scene` for a scene, `undo` for the undo of another operation.'),
  template: z
    .string()
    .nullable()
    .describe('The key of the role template that it gives; null: none is named.'),
  room: z.string().describe('The name of the room.'),
  total: z.int().describe('How many people it is about.'),
  done: z.int().describe('How many have an outcome.'),
  applied: z.int().describe('How many LiveKit confirmed.'),
  pending: z.int().describe('How many are kept and applied later.'),
  failed: z.int().describe('How many failed.'),
  cancelled: z.int().describe('How many were left when it was cancelled.'),
  skipped: z.int().describe('How many needed nothing, or may not be touched.'),
  by: z.string().describe('Who did it: an e-mail address, the name of an API key, or an identity.'),
  byKind: actorKindResponse,
  reason: z.string().nullable().describe('The reason that was given; null: none.'),
  asOf: instantResponse.describe('The moment at which the people were chosen. ISO 8601.'),
  createdAt: instantResponse.describe('When it started. ISO 8601.'),
  finishedAt: instantResponse.nullable().describe('When it ended. ISO 8601; null: it has not.'),
  secondsLeft: z
    .int()
    .nullable()
    .describe('Estimated seconds until it is done; null: not known yet, or it does not run.'),
  undoUntil: instantResponse
    .nullable()
    .describe('Until when it can be undone. ISO 8601; null: it cannot.'),
  undoOf: z.string().nullable().describe('The id of the operation that it undoes; null: none.'),
  undoneBy: z.string().nullable().describe('The id of the operation that undid it; null: none.'),
});
export type BulkOperationView = z.infer<typeof bulkOperationResponse>;

export const targetResponse = z.object({
  id: z.string().describe('The id of the target in this list.'),
  position: z.int().describe('Its place in the order of work, from 1.'),
  identity: nameText.describe('The LiveKit identity.'),
  outcome: z
    .string()
    .describe('`waiting`, `started`, `applied`, `pending`, `failed`, `skipped` or `cancelled`.'),
  detail: z.string().nullable().describe('Why, as a sentence; null: nothing to say.'),
  ms: z.number().nullable().describe('Milliseconds until LiveKit answered; null: it has not.'),
  at: instantResponse.nullable().describe('When it got its outcome. ISO 8601; null: it has none.'),
  operationId: z.string().describe('The id of the operation on this one seat.'),
});

export type TargetView = z.infer<typeof targetResponse>;

export const targetPageResponse = z.object({
  data: z.array(targetResponse).describe('The targets of this page.'),
  pageInfo: pageInfoResponse,
});

const OUTCOMES = [
  'waiting',
  'started',
  'applied',
  'pending',
  'failed',
  'skipped',
  'cancelled',
] as const;

const outcomeFilter = z.strictObject({
  outcome: z
    .union([z.enum(OUTCOMES), z.array(z.enum(OUTCOMES)).min(1)])
    .optional()
    .describe('One outcome, or several.'),
});

export const targetsQuery = z.strictObject({
  limit: z.coerce
    .number({ error: 'must be a number' })
    .int()
    .min(1, { message: 'must be at least 1' })
    .max(1_000, { message: 'must be at most 1000' })
    .default(100)
    .describe('How many targets: 1 to 1,000.'),
  cursor: z
    .string()
    .max(20)
    .optional()
    .transform((given, context) => {
      if (given === undefined || given === '') return null;
      const match = /^([pb])(\d{1,9})$/.exec(given);
      if (match) return { isBefore: match[1] === 'b', position: Number(match[2]) };
      context.addIssue({ code: 'custom', message: 'is not a cursor of this list' });
      return z.NEVER;
    })
    .describe('The `next` or `prev` of an earlier answer.'),
  filter: jsonParameter(outcomeFilter, 'an object')
    .default({})
    .describe('Only the targets that match.'),
});
export type TargetsQuery = z.infer<typeof targetsQuery>;

export const roomOperationsQuery = z.strictObject({
  limit: z.coerce
    .number({ error: 'must be a number' })
    .int()
    .min(1)
    .max(100)
    .default(20)
    .describe('How many, newest first: 1 to 100.'),
});

import { z } from 'zod';
import {
  actorKindResponse,
  cleanText,
  instant,
  nameText,
  reasonText,
} from '../common/http/fields.js';
import { jsonParameter, searchText } from '../common/http/lists.js';
import { type ActField, ACTS } from '../acts/acts.js';
import { listInWords } from '../grants/grant-catalogue.js';
import { parseTtl, TtlError } from '../grants/ttl.js';
import { TRACK_SOURCES } from '../grants/role-grants.js';
import { BULK_ACTIONS, type BulkAction } from './bulk.js';

/** More people than this are several operations. */
export const MAX_TARGETS = 10_000;

const duration = z.union([z.number(), z.string()]).transform((value, context) => {
  try {
    return parseTtl(value);
  } catch (error) {
    if (!(error instanceof TtlError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
    return z.NEVER;
  }
});

const targetFilter = z.strictObject({
  /** A part of the identity or of the name. */
  q: searchText.optional(),
  template: cleanText(64).optional(),
  state: z.enum(['joining', 'joined', 'active', 'absent']).optional(),
  isPublishing: z.boolean().optional(),
  /** Has raised a hand. */
  hand: z.boolean().optional(),
  /** Left out although they match. */
  except: z.array(nameText).max(MAX_TARGETS).optional(),
});
export type TargetFilter = z.infer<typeof targetFilter>;

/** A mute of one names its source; of many, all of them. */
function takes(action: BulkAction, field: ActField): boolean {
  const fields: readonly ActField[] = ACTS[action].fields;
  return fields.includes(field) || (field === 'sources' && fields.includes('source'));
}

export const bulkBody = z
  .strictObject({
    action: z.enum(BULK_ACTIONS, { message: `must be one of ${BULK_ACTIONS.join(', ')}` }),
    template: z.string().min(1).max(64).optional(),
    sources: z.array(z.enum(TRACK_SOURCES)).min(1).max(TRACK_SOURCES.length).optional(),
    for: duration.optional(),
    reason: reasonText.optional(),
    identities: z
      .array(nameText)
      .min(1, { message: 'must name somebody' })
      .max(MAX_TARGETS, { message: `must be at most ${MAX_TARGETS}` })
      .optional(),
    filter: targetFilter.optional(),
    asOf: instant.optional(),
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

export const bulkStartedResponse = z.object({ operationId: z.string(), total: z.int() });
export type BulkStarted = z.infer<typeof bulkStartedResponse>;

const instantResponse = z.iso.datetime();

export const bulkOperationResponse = z.object({
  id: z.string(),
  operationId: z.string(),
  status: z.enum(['running', 'paused', 'done', 'failed', 'cancelled']),
  action: z.string(),
  template: z.string().nullable(),
  room: z.string(),
  total: z.int(),
  done: z.int(),
  applied: z.int(),
  pending: z.int(),
  failed: z.int(),
  cancelled: z.int(),
  skipped: z.int(),
  by: z.string(),
  byKind: actorKindResponse,
  reason: z.string().nullable(),
  asOf: instantResponse,
  createdAt: instantResponse,
  finishedAt: instantResponse.nullable(),
  /** Null while nobody can know, and once there is nothing left to wait for. */
  secondsLeft: z.int().nullable(),
  undoUntil: instantResponse.nullable(),
  undoOf: z.string().nullable(),
  undoneBy: z.string().nullable(),
});
export type BulkOperationView = z.infer<typeof bulkOperationResponse>;

export const targetResponse = z.object({
  id: z.string(),
  position: z.int(),
  identity: nameText,
  outcome: z.string(),
  detail: z.string().nullable(),
  ms: z.number().nullable(),
  at: instantResponse.nullable(),
  operationId: z.string(),
});

export type TargetView = z.infer<typeof targetResponse>;

export const targetPageResponse = z.object({
  data: z.array(targetResponse),
  pageInfo: z.object({ next: z.string().nullable(), prev: z.string().nullable() }),
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
  outcome: z.union([z.enum(OUTCOMES), z.array(z.enum(OUTCOMES)).min(1)]).optional(),
});

export const targetsQuery = z.strictObject({
  limit: z.coerce
    .number({ error: 'must be a number' })
    .int()
    .min(1, { message: 'must be at least 1' })
    .max(1_000, { message: 'must be at most 1000' })
    .default(100),
  /** `p12`: after the twelfth; `b12`: before it. */
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
    }),
  filter: jsonParameter(outcomeFilter, 'an object').default({}),
});
export type TargetsQuery = z.infer<typeof targetsQuery>;

export const roomOperationsQuery = z.strictObject({
  limit: z.coerce.number({ error: 'must be a number' }).int().min(1).max(100).default(20),
});

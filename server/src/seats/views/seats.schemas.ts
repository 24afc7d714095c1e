import { z } from 'zod';
import { type ActName, ACTS, type ActsThat, actsThat } from '../../acts/acts.js';
import { actorKindResponse, cleanText, nameText, reasonText } from '../../common/http/fields.js';
import { roleSourceResponse, trackSourceResponse } from '../../grants/responses.js';
import { parseTtl, TtlError } from '../../grants/ttl.js';
import { TRACK_SOURCES } from '../../grants/role-grants.js';

const duration = z
  .union([z.number(), z.string()])
  .describe('How long it lasts: seconds, or text like "10m" or "2 days"; from 1 s.')
  .transform((value, context) => {
    try {
      return parseTtl(value);
    } catch (error) {
      if (!(error instanceof TtlError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  });

const reason = reasonText.optional();
const template = z
  .string()
  .min(1)
  .max(64)
  .describe('The key of a role template. Left out: the usual one.')
  .optional();

const expectEpoch = z
  .int()
  .min(0)
  .describe('The epoch that was read; another one is answered with 409 `seat.changed`.')
  .optional();
const confirm = z.boolean().describe('True when the caller means themselves.').optional();
const sources = z
  .array(z.enum(TRACK_SOURCES))
  .min(1)
  .max(TRACK_SOURCES.length)
  .describe(
    'What is taken. Left out: every source. Sound of a screen is a source of its own, and may be speech.',
  )
  .optional();

const FIELDS = {
  template,
  sources,
  source: z.enum([...TRACK_SOURCES, 'unknown']).optional(),
  for: duration.optional(),
  reason,
  expectEpoch,
  confirm,
};

/** The body of an act, by the fields that the catalogue names. */
function bodyOf<Name extends ActName>(name: Name) {
  type Field = (typeof ACTS)[Name]['fields'][number];
  const fields = ACTS[name].fields.map((field) => [field, FIELDS[field]]);
  return z.strictObject(Object.fromEntries(fields) as Pick<typeof FIELDS, Field>);
}

export const changeBody = bodyOf('promote');
export const extendBody = bodyOf('extend').extend({ for: duration });
export const blockBody = bodyOf('block');
export const holdBody = bodyOf('hold');
export const reasonBody = bodyOf('release');
export const removeBody = bodyOf('remove');
export const muteBody = bodyOf('mute');
export const previewBody = z.strictObject({
  action: z.enum(actsThat<ActsThat<{ isSimulated: true }>>(({ isSimulated }) => isSimulated)),
  template,
  sources,
  for: duration.optional(),
});
/** `action` is what they are about to do, such as `promote`; shown to the others as it is. */
export const actingBody = z.strictObject({ action: cleanText(32).optional() });
export const operationsQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(50).default(5),
});

export type ChangeBody = z.infer<typeof changeBody>;
export type ExtendBody = z.infer<typeof extendBody>;
export type BlockBody = z.infer<typeof blockBody>;
export type HoldBody = z.infer<typeof holdBody>;
export type ReasonBody = z.infer<typeof reasonBody>;
export type RemoveBody = z.infer<typeof removeBody>;
export type MuteBody = z.infer<typeof muteBody>;
export type PreviewBody = z.infer<typeof previewBody>;
export type ActingBody = z.infer<typeof actingBody>;
export type OperationsQuery = z.infer<typeof operationsQuery>;

/** `unknown`: a source that LiveKit does not name. */
const anySource = z.enum([...TRACK_SOURCES, 'unknown']);

const permissionResponse = z.object({
  canSubscribe: z.boolean(),
  canPublish: z.boolean(),
  canPublishData: z.boolean(),
  canPublishSources: z.array(anySource),
  hidden: z.boolean(),
  recorder: z.boolean(),
  agent: z.boolean(),
  canUpdateMetadata: z.boolean(),
  canSubscribeMetrics: z.boolean(),
  canManageAgentSession: z.boolean(),
});

const trackResponse = z.object({
  sid: z.string(),
  type: z.enum(['audio', 'video', 'data']),
  source: anySource,
  name: z.string(),
  isMuted: z.boolean(),
});

const instantResponse = z.iso.datetime();
const outcomeResponse = z.enum(['intent', 'applied', 'pending', 'failed', 'superseded']);

export const seatResponse = z.object({
  id: z.string(),
  identity: nameText,
  user: z.string().nullable(),
  name: z.string().nullable(),
  kind: z.string().nullable(),
  state: z.enum(['joining', 'joined', 'active', 'disconnected', 'absent']),
  isPresent: z.boolean(),
  role: z.object({ template: z.string(), version: z.int(), source: roleSourceResponse }).nullable(),
  /** Why they may not be here, when they may not: `seat.blocked`, `room.closed`, … */
  refusal: z.string().nullable(),
  observed: permissionResponse.nullable(),
  inSync: z.boolean(),
  epoch: z.int(),
  override: z
    .object({
      template: z.string(),
      version: z.int(),
      until: instantResponse.nullable(),
      by: z.string(),
      byKind: actorKindResponse.nullable(),
      reason: z.string().nullable(),
    })
    .nullable(),
  block: z
    .object({
      at: instantResponse,
      until: instantResponse.nullable(),
      by: z.string(),
      byKind: actorKindResponse.nullable(),
      reason: z.string().nullable(),
    })
    .nullable(),
  blockedUntil: instantResponse.nullable(),
  hold: z
    .object({
      sources: z.array(trackSourceResponse),
      at: instantResponse,
      until: instantResponse.nullable(),
      by: z.string(),
      byKind: actorKindResponse.nullable(),
      reason: z.string().nullable(),
    })
    .nullable(),
  /** What a hold and the room's scene take out of their role. */
  withheld: z.object({ sources: z.array(trackSourceResponse), data: z.boolean() }),
  /** What of their role waits for a token of somebody who may give it; the connection goes without. */
  aboveCeiling: z.array(z.string()),
  /** How holds and scenes keep them silent: most lose the right, who publishes once is muted. */
  silencing: z.enum(['revoke', 'mute']),
  hand: z
    .object({ id: z.string(), since: instantResponse, note: z.string().nullable() })
    .nullable(),
  invite: z.object({ id: z.string(), template: z.string(), since: instantResponse }).nullable(),
  tracks: z.array(trackResponse),
  joinedAt: instantResponse.nullable(),
  pendingOperation: z.string().nullable(),
  lastChange: z
    .object({
      operationId: z.string(),
      at: instantResponse,
      by: z.string(),
      byKind: actorKindResponse.nullable(),
      kind: z.string(),
      outcome: outcomeResponse,
      ms: z.number().nullable(),
    })
    .nullable(),
  isUnlisted: z.boolean(),
  /** Here without being seen: hidden, a recorder, an agent, or connected without any media. */
  isSilent: z.boolean(),
  silentSince: instantResponse.nullable(),
  silentWhy: z.enum(['hidden', 'recorder', 'agent', 'no_media']).nullable(),
  /** A moderator's own seat, hidden: whom they look at. */
  peeksAt: z.string().nullable(),
});
export type SeatView = z.infer<typeof seatResponse>;

const roleStateResponse = z.object({
  template: z.string().nullable(),
  version: z.int().nullable(),
  permission: permissionResponse.nullable(),
});

export const seatChangeResponse = z.object({
  operationId: z.string(),
  outcome: z.enum(['applied', 'pending', 'failed']),
  detail: z.string().nullable(),
  before: roleStateResponse,
  after: roleStateResponse,
  effects: z.array(z.string()),
  epoch: z.int(),
  undoUntil: instantResponse.nullable(),
});
export type SeatChange = z.infer<typeof seatChangeResponse>;

export const seatPreviewResponse = z.object({
  before: roleStateResponse,
  after: roleStateResponse,
  effects: z.array(z.string()),
  /** Why it would be refused. */
  problem: z.string().nullable(),
});
export type SeatPreview = z.infer<typeof seatPreviewResponse>;

export const seatOperationResponse = z.object({
  id: z.string(),
  action: z.string(),
  by: z.string(),
  byKind: actorKindResponse.nullable(),
  at: instantResponse,
  outcome: outcomeResponse,
  detail: z.string().nullable(),
  reason: z.string().nullable(),
  /** Until LiveKit answered. */
  ms: z.number().nullable(),
  /** From the click until LiveKit reported the tracks gone that it took; null: none, or not yet. */
  goneMs: z.number().nullable(),
  effects: z.array(z.string()),
  undoUntil: instantResponse.nullable(),
  undoneBy: z.string().nullable(),
});
export type SeatOperationView = z.infer<typeof seatOperationResponse>;

export const operationResponse = z.object({
  id: z.string(),
  operationId: z.string(),
  room: z.string(),
  identity: z.string(),
  action: z.string(),
  status: z.enum(['running', 'done', 'failed']),
  outcome: outcomeResponse,
  detail: z.string().nullable(),
  total: z.int(),
  done: z.int(),
  applied: z.int(),
  pending: z.int(),
  failed: z.int(),
  by: z.string(),
  byKind: actorKindResponse.nullable(),
  reason: z.string().nullable(),
  before: roleStateResponse,
  after: roleStateResponse,
  effects: z.array(z.string()),
  epoch: z.int(),
  ms: z.number().nullable(),
  goneMs: z.number().nullable(),
  undoUntil: instantResponse.nullable(),
  undoneBy: z.string().nullable(),
  createdAt: instantResponse,
});
export type OperationView = z.infer<typeof operationResponse>;

import { z } from 'zod';
import { nameText, reasonText } from '../common/http/fields.js';
import { parseTtl, TtlError } from '../grants/ttl.js';
import { TRACK_SOURCES } from '../grants/role-grants.js';

/** Seconds or words, from 1 s: how long a lease or a block lasts. */
const duration = z.union([z.number(), z.string()]).transform((value, context) => {
  try {
    return parseTtl(value);
  } catch (error) {
    if (!(error instanceof TtlError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
    return z.NEVER;
  }
});

const reason = reasonText.optional();
const template = z.string().min(1).max(64).optional();

export const changeBody = z.strictObject({
  template,
  reason,
  for: duration.optional(),
  expectEpoch: z.int().min(0).optional(),
});
export const blockBody = z.strictObject({
  for: duration.optional(),
  reason,
  expectEpoch: z.int().min(0).optional(),
});
export const reasonBody = z.strictObject({ reason, expectEpoch: z.int().min(0).optional() });
export const muteBody = z.strictObject({
  source: z.enum([...TRACK_SOURCES, 'unknown']).optional(),
  reason,
});

export type ChangeBody = z.infer<typeof changeBody>;
export type BlockBody = z.infer<typeof blockBody>;
export type ReasonBody = z.infer<typeof reasonBody>;
export type MuteBody = z.infer<typeof muteBody>;

const permissionResponse = z.object({
  canSubscribe: z.boolean(),
  canPublish: z.boolean(),
  canPublishData: z.boolean(),
  canPublishSources: z.array(z.string()),
  hidden: z.boolean(),
  recorder: z.boolean(),
  agent: z.boolean(),
  canUpdateMetadata: z.boolean(),
  canSubscribeMetrics: z.boolean(),
  canManageAgentSession: z.boolean(),
});

const trackResponse = z.object({
  sid: z.string(),
  type: z.string(),
  source: z.string(),
  name: z.string(),
  isMuted: z.boolean(),
});

const instantResponse = z.iso.datetime();

export const seatResponse = z.object({
  id: z.string(),
  identity: nameText,
  user: z.string().nullable(),
  name: z.string().nullable(),
  kind: z.string().nullable(),
  state: z.string(),
  isPresent: z.boolean(),
  role: z.object({ template: z.string(), version: z.int(), source: z.string() }).nullable(),
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
      reason: z.string().nullable(),
    })
    .nullable(),
  block: z
    .object({
      at: instantResponse,
      until: instantResponse.nullable(),
      by: z.string(),
      reason: z.string().nullable(),
    })
    .nullable(),
  blockedUntil: instantResponse.nullable(),
  tracks: z.array(trackResponse),
  joinedAt: instantResponse.nullable(),
  pendingOperation: z.string().nullable(),
  lastChange: z
    .object({
      operationId: z.string(),
      at: instantResponse,
      by: z.string(),
      kind: z.string(),
      outcome: z.string(),
      ms: z.number().nullable(),
    })
    .nullable(),
  isUnlisted: z.boolean(),
  /** Here without being seen: hidden, a recorder, or connected without any media yet. */
  isSilent: z.boolean(),
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

export const operationResponse = z.object({
  id: z.string(),
  operationId: z.string(),
  room: z.string(),
  identity: z.string(),
  action: z.string(),
  status: z.enum(['running', 'done', 'failed']),
  outcome: z.string(),
  detail: z.string().nullable(),
  total: z.int(),
  done: z.int(),
  applied: z.int(),
  pending: z.int(),
  failed: z.int(),
  by: z.string(),
  reason: z.string().nullable(),
  before: roleStateResponse,
  after: roleStateResponse,
  effects: z.array(z.string()),
  epoch: z.int(),
  ms: z.number().nullable(),
  undoUntil: instantResponse.nullable(),
  undoneBy: z.string().nullable(),
  createdAt: instantResponse,
});
export type OperationView = z.infer<typeof operationResponse>;

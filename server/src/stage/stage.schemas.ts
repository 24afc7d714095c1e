import { z } from 'zod';
import {
  actorKindResponse,
  cleanText,
  keyText,
  nameText,
  uuidText,
} from '../common/http/fields.js';
import { changeBody, seatChangeResponse } from '../seats/views/seats.schemas.js';

const askSource = z.enum(['microphone', 'camera']);
/** What one side tells the other: a sentence. */
const shortText = cleanText(500).transform((text) => text.trim() || null);
export const approveBody = changeBody;
export const approveManyBody = changeBody.pick({ template: true, reason: true });
/** `expect`: whom the moderator saw as next; refused when that is somebody else by now. */
export const approveNextBody = approveManyBody.extend({ expect: nameText.optional() });
export const declineBody = z.strictObject({ word: shortText.optional() });
/** `for`: how long the invitation stands. */
export const inviteBody = changeBody.pick({ template: true, for: true });
export const askUnmuteBody = z.strictObject({
  source: askSource,
  reason: shortText.optional(),
});
export const limitBody = z.strictObject({ slots: z.int().min(0).max(10_000).nullable() });
export const raiseBody = z.strictObject({ note: shortText.optional() });
export const emptyBody = z.strictObject({});
export const unmuteAnswerBody = z.strictObject({
  accepted: z.boolean(),
  /** Which question; without it, all that wait. */
  source: askSource.optional(),
});

export type ApproveBody = z.infer<typeof approveBody>;
export type ApproveManyBody = z.infer<typeof approveManyBody>;
export type ApproveNextBody = z.infer<typeof approveNextBody>;
export type DeclineBody = z.infer<typeof declineBody>;
export type InviteBody = z.infer<typeof inviteBody>;
export type AskUnmuteBody = z.infer<typeof askUnmuteBody>;
export type LimitBody = z.infer<typeof limitBody>;
export type RaiseBody = z.infer<typeof raiseBody>;
export type UnmuteAnswerBody = z.infer<typeof unmuteAnswerBody>;

export const requestParams = z.strictObject({ room: nameText, id: uuidText });
export const limitParams = z.strictObject({ room: nameText, key: keyText });
export type RequestParams = z.infer<typeof requestParams>;
export type LimitParams = z.infer<typeof limitParams>;

const instant = z.iso.datetime();

export const limitResponse = z.object({
  template: z.string(),
  slots: z.int(),
  taken: z.int(),
  free: z.int(),
});

const askResponse = z.object({
  id: z.string(),
  identity: nameText,
  name: z.string().nullable(),
  since: instant,
  expiresAt: instant.nullable(),
  by: z.string(),
  byKind: actorKindResponse.nullable(),
});

export const stageResponse = z.object({
  /** In the order in which they went up. */
  hands: z.array(
    z.object({
      id: z.string(),
      identity: nameText,
      name: z.string().nullable(),
      since: instant,
      note: z.string().nullable(),
      position: z.int(),
      /** False for who has just left: the hand stays for 30 s. */
      isPresent: z.boolean(),
    }),
  ),
  invites: z.array(askResponse.extend({ template: z.string().nullable() })),
  /** Questions to unmute that wait for an answer. */
  asks: z.array(askResponse.extend({ source: askSource })),
  limits: z.array(limitResponse),
  /** Who is next in line, when there is a place for them now. */
  next: z.string().nullable(),
});
export type StageView = z.infer<typeof stageResponse>;

export const requestResponse = z.object({
  id: z.string(),
  state: z.string(),
  identity: nameText,
  word: z.string().nullable(),
  expiresAt: instant.nullable(),
});
export type RequestView = z.infer<typeof requestResponse>;

/** A promotion's answer, and whose hand it was. */
export const approvedResponse = seatChangeResponse.extend({
  requestId: z.string(),
  identity: nameText,
});
/** Their hand stays up: they could not be let up, and why. */
const passedOverResponse = z.object({
  requestId: z.string(),
  identity: nameText,
  code: z.string(),
  detail: z.string(),
});
export const approvedNextResponse = approvedResponse.extend({
  /** Who was before them in the queue. */
  skipped: z.array(passedOverResponse),
});
export const approvedManyResponse = z.object({
  approved: z.array(approvedResponse),
  failed: z.array(passedOverResponse),
  /** Hands that are still up. */
  remaining: z.int(),
  /** The limit that ended it. */
  full: z.object({ template: z.string(), slots: z.int(), taken: z.int() }).nullable(),
});

export const limitAnswer = z.object({
  template: z.string(),
  slots: z.int().nullable(),
  taken: z.int().nullable(),
  free: z.int().nullable(),
});

export const ownStageResponse = z.object({
  hand: z.object({ since: instant, position: z.int(), note: z.string().nullable() }).nullable(),
  invite: z
    .object({
      template: z.string(),
      by: z.string().nullable(),
      byKind: actorKindResponse.nullable(),
      since: instant,
      expiresAt: instant,
    })
    .nullable(),
  asks: z.array(
    z.object({
      source: askSource,
      by: z.string().nullable(),
      byKind: actorKindResponse.nullable(),
      at: instant,
      reason: z.string().nullable(),
      expiresAt: instant,
    }),
  ),
  /** Whether being let up would give them anything. */
  canRaise: z.boolean(),
  /** On stage by an override that they may give back. */
  canStepDown: z.boolean(),
  /** What became of their last hand, if that was decided within ten minutes and none is up. */
  lastDecision: z
    .object({
      state: z.enum(['approved', 'declined', 'expired']),
      word: z.string().nullable(),
      at: instant,
    })
    .nullable(),
  /** Sources that a moderator holds silent: they cannot be turned on. */
  hold: z
    .object({
      sources: z.array(z.string()),
      until: instant.nullable(),
      reason: z.string().nullable(),
    })
    .nullable(),
  /** The room's scene, when it takes something from them. */
  scene: z.string().nullable(),
  limits: z.array(limitResponse),
  /** What a hand asks for here; its limit is among `limits` when there is one. */
  promotesTo: z.string(),
});
export type OwnStageView = z.infer<typeof ownStageResponse>;

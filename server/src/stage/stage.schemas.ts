import { z } from 'zod';
import {
  actorKindResponse,
  cleanText,
  keyText,
  nameText,
  uuidText,
} from '../common/http/fields.js';
import { ttlInput } from '../grants/role-grants-schema.js';
import { changeBody, seatChangeResponse } from '../seats/views/seats.schemas.js';

const askSource = z.enum(['microphone', 'camera']).describe('What they are asked to turn on.');
/** What one side tells the other: a sentence. */
const shortText = cleanText(500).transform((text) => text.trim() || null);
export const approveBody = changeBody;
export const approveManyBody = changeBody.pick({ template: true, reason: true });
export const approveNextBody = approveManyBody.extend({
  expect: nameText
    .optional()
    .describe('The identity that the caller saw as next; refused if somebody else is next by now.'),
});
export const declineBody = z.strictObject({
  word: shortText.optional().describe('A sentence to the participant, up to 500 bytes.'),
});
export const inviteBody = changeBody.pick({ template: true }).extend({
  for: ttlInput.optional().describe('How long they have to answer: seconds, or text such as "2m".'),
});
export const askUnmuteBody = z.strictObject({
  source: askSource,
  reason: shortText.optional().describe('A sentence to the participant, up to 500 bytes.'),
});
export const limitBody = z.strictObject({
  slots: z
    .int()
    .min(0)
    .max(10_000)
    .nullable()
    .describe('How many people may have the role at a time; null: no limit.'),
});
export const raiseBody = z.strictObject({
  note: shortText.optional().describe('A sentence to the moderators, up to 500 bytes.'),
});
export const emptyBody = z.strictObject({});
export const unmuteAnswerBody = z.strictObject({
  accepted: z.boolean().describe('Whether the participant turns it on.'),
  source: askSource.optional().describe('Which question it answers. Left out: all that wait.'),
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

export const requestParams = z.strictObject({
  room: nameText.describe('The name of the room.'),
  id: uuidText.describe('The id of the raised hand.'),
});
export const limitParams = z.strictObject({
  room: nameText.describe('The name of the room.'),
  key: keyText.describe('The key of the role template.'),
});
export type RequestParams = z.infer<typeof requestParams>;
export type LimitParams = z.infer<typeof limitParams>;

const instant = z.iso.datetime().describe('ISO 8601.');

export const limitResponse = z.object({
  template: z.string().describe('The key of the role template.'),
  slots: z.int().describe('How many people may have it at a time.'),
  taken: z.int().describe('How many have it now.'),
  free: z.int().describe('How many more may have it.'),
});

const askResponse = z.object({
  id: z.string().describe('The id of the request.'),
  identity: nameText.describe('The LiveKit identity.'),
  name: z.string().nullable().describe('Their name; null: none is known.'),
  since: instant.describe('When it was sent. ISO 8601.'),
  expiresAt: instant
    .nullable()
    .describe('Until when it can be answered. ISO 8601; null: until it is decided.'),
  by: z
    .string()
    .describe('Who sent it: an e-mail address, the name of an API key, or an identity.'),
  byKind: actorKindResponse.nullable(),
});

export const stageResponse = z.object({
  hands: z
    .array(
      z.object({
        id: z.string().describe('The id of the request, for approving or declining it.'),
        identity: nameText.describe('The LiveKit identity.'),
        name: z.string().nullable().describe('Their name; null: none is known.'),
        since: instant.describe('When it was raised. ISO 8601.'),
        note: z.string().nullable().describe('What they wrote with it; null: nothing.'),
        position: z.int().describe('Their place in the queue, from 1.'),
        isPresent: z
          .boolean()
          .describe('False for a participant who has just left: the hand stays for 30 s.'),
      }),
    )
    .describe('The raised hands in the order in which they went up.'),
  invites: z
    .array(
      askResponse.extend({
        template: z
          .string()
          .nullable()
          .describe('The key of the role template; null: what the room promotes to.'),
      }),
    )
    .describe('The invitations that wait for an answer.'),
  asks: z
    .array(askResponse.extend({ source: askSource }))
    .describe('The questions to unmute that wait for an answer.'),
  limits: z
    .array(limitResponse)
    .describe('The roles of which only some people may have one at a time.'),
  next: z
    .string()
    .nullable()
    .describe('The identity that is promoted next; null: nobody waits, or there is no place.'),
});
export type StageView = z.infer<typeof stageResponse>;

export const requestResponse = z.object({
  id: z.string().describe('The id of the request.'),
  state: z
    .string()
    .describe('`waiting`, `approved`, `declined`, `accepted`, `withdrawn` or `expired`.'),
  identity: nameText.describe('The LiveKit identity.'),
  word: z.string().nullable().describe('What the moderator said with the decision; null: nothing.'),
  expiresAt: instant
    .nullable()
    .describe('Until when it can be answered. ISO 8601; null: until it is decided.'),
});
export type RequestView = z.infer<typeof requestResponse>;

/** A promotion's answer, and whose hand it was. */
export const approvedResponse = seatChangeResponse.extend({
  requestId: z.string().describe('The id of the raised hand.'),
  identity: nameText.describe('Whose hand it was.'),
});
/** Their hand stays up: they could not be let up, and why. */
const passedOverResponse = z.object({
  requestId: z.string().describe('The id of the raised hand.'),
  identity: nameText.describe('Whose hand it is.'),
  code: z.string().describe('The code of the reason.'),
  detail: z.string().describe('The reason as a sentence.'),
});
export const approvedNextResponse = approvedResponse.extend({
  skipped: z
    .array(passedOverResponse)
    .describe('People before them in the queue who could not be promoted; their hands stay up.'),
});
export const approvedManyResponse = z.object({
  approved: z.array(approvedResponse).describe('The promotions.'),
  failed: z
    .array(passedOverResponse)
    .describe('People who could not be promoted; their hands stay up.'),
  remaining: z.int().describe('How many hands are still up.'),
  full: z
    .object({
      template: z.string().describe('The key of the role template.'),
      slots: z.int().describe('How many people may have it at a time.'),
      taken: z.int().describe('How many have it now.'),
    })
    .nullable()
    .describe('The limit that ended it; null: none did.'),
});

export const limitAnswer = z.object({
  template: z.string().describe('The key of the role template.'),
  slots: z.int().nullable().describe('How many people may have it at a time; null: no limit.'),
  taken: z.int().nullable().describe('How many have it now; null: no limit.'),
  free: z.int().nullable().describe('How many more may have it; null: no limit.'),
});

const askedBy = z
  .string()
  .nullable()
  .describe('Who asks: an e-mail address or the name of an API key; null: not known.');
const answerUntil = instant.describe('Until when it can be answered. ISO 8601.');

export const ownStageResponse = z.object({
  hand: z
    .object({
      since: instant.describe('When it was raised. ISO 8601.'),
      position: z.int().describe('Their place in the queue, from 1.'),
      note: z.string().nullable().describe('What they wrote with it; null: nothing.'),
    })
    .nullable()
    .describe('Their raised hand; null: none.'),
  invite: z
    .object({
      template: z.string().describe('The key of the role template that they get.'),
      by: askedBy,
      byKind: actorKindResponse.nullable(),
      since: instant.describe('When it was sent. ISO 8601.'),
      expiresAt: answerUntil,
    })
    .nullable()
    .describe('The invitation that waits for their answer; null: none.'),
  asks: z
    .array(
      z.object({
        source: askSource,
        by: askedBy,
        byKind: actorKindResponse.nullable(),
        at: instant.describe('When it was asked. ISO 8601.'),
        reason: z.string().nullable().describe('What the moderator wrote; null: nothing.'),
        expiresAt: answerUntil,
      }),
    )
    .describe('The questions to unmute that wait for their answer.'),
  canRaise: z.boolean().describe('Whether a promotion would give them anything.'),
  canStepDown: z
    .boolean()
    .describe('Whether they have a role from a promotion, which they may give back.'),
  lastDecision: z
    .object({
      state: z.enum(['approved', 'declined', 'expired']).describe('What was decided.'),
      word: z.string().nullable().describe('What the moderator wrote; null: nothing.'),
      at: instant.describe('When it was decided. ISO 8601.'),
    })
    .nullable()
    .describe('What became of their last hand within ten minutes, while none is up; null: none.'),
  hold: z
    .object({
      sources: z.array(z.string()).describe('The track sources that are taken.'),
      until: instant
        .nullable()
        .describe('When it ends by itself. ISO 8601; null: when they are released.'),
      reason: z.string().nullable().describe('The reason that was given; null: none.'),
    })
    .nullable()
    .describe('Sources that they cannot turn on until they are released; null: none.'),
  scene: z
    .string()
    .nullable()
    .describe('The name of the scene that takes something from them; null: none does.'),
  limits: z
    .array(limitResponse)
    .describe('The roles of which only some people may have one at a time.'),
  promotesTo: z.string().describe('The key of the role template that a raised hand asks for.'),
});
export type OwnStageView = z.infer<typeof ownStageResponse>;

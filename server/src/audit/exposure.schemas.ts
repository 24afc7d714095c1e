import { z } from 'zod';
import { cleanText, instant, nameText } from '../common/http/fields.js';
import { pageInfoResponse } from '../common/http/lists.js';
import { issuerResponse } from '../ledger/lineage.schemas.js';

export const entranceResponse = z.object({
  canComeIn: z.boolean().describe('Whether it opens the door now.'),
  code: z.string().nullable().describe('Why not, such as `seat.blocked`; null: it does.'),
  text: z.string().describe('The same as a sentence.'),
});

export const exposureQuery = z.strictObject({
  room: nameText.optional().describe('Only this room.'),
  identity: nameText.optional().describe('Only this person.'),
  template: cleanText(64)
    .optional()
    .describe('Only who would come in with this role template now.'),
  issuer: cleanText(256)
    .optional()
    .describe('Only tokens that this operator or API key issued: the id, or the whole label.'),
  stopped: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true')
    .describe('Also what lives and opens no door now: it would, if a block ended, for example.'),
  openAt: instant
    .optional()
    .describe('Only what would still open the door at this instant, by policy as it is now.'),
  revoke: z
    .enum(['void_tokens', 'block', 'suspend', 'close_room'])
    .optional()
    .describe('Also what this act would take away of the selection. Nothing is done.'),
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('How many: 1 to 200.'),
  cursor: z
    .string()
    .regex(/^\d{1,6}$/, { message: 'is not a cursor of this list' })
    .default('0')
    .transform(Number)
    .describe('The `next` or `prev` of an earlier answer.'),
});
export type ExposureQuery = z.infer<typeof exposureQuery>;

export const exposureResponse = z.object({
  data: z
    .array(
      z.object({
        room: z.string().describe('The room.'),
        identity: z.string().describe('Who.'),
        name: z
          .string()
          .nullable()
          .describe('What the user is called; null: they are not added as a user.'),
        template: z
          .string()
          .nullable()
          .describe(
            'What they would come in as now; null: as their own token says, or not at all.',
          ),
        version: z.number().nullable().describe('The version of the role template.'),
        source: z
          .enum(['issued', 'session'])
          .describe(
            '`issued`: a token of Rolecall. `session`: the token that LiveKit refreshes for who is, or just was, in the room.',
          ),
        until: z
          .date()
          .describe('The last moment that it opens the door, with the minute that LiveKit bears.'),
        isRenewed: z
          .boolean()
          .describe('They are in the room: LiveKit refreshes the token until they leave.'),
        jti: z.string().nullable().describe('The id of the token; null: refreshed ones have none.'),
        refreshed: z.boolean().describe('LiveKit refreshed it; it has no entry of its own.'),
        issuanceId: z.string().nullable().describe('The ledger entry of the token.'),
        issuedAt: z.date().nullable().describe('When it was issued.'),
        issuer: issuerResponse.nullable(),
        isUnreadable: z
          .boolean()
          .describe(
            'Its entry is not as Rolecall writes them: the latest end that a token can have is shown.',
          ),
        entrance: entranceResponse.describe('Whether it opens the door now, and why not.'),
      }),
    )
    .describe('What could open a door, the longest first.'),
  horizon: z
    .date()
    .nullable()
    .describe(
      'After it nothing of the selection opens a door, unless somebody stays. Null: nothing does.',
    ),
  isPartial: z
    .boolean()
    .describe('There is more than was looked at: the horizon is then the latest that can be.'),
  isGated: z
    .boolean()
    .describe(
      'A gate decides each connect. Without one, LiveKit lets tokens in until the check at the join.',
    ),
  counts: z
    .object({
      tokens: z.number().describe('Tokens that open a door now.'),
      sessions: z.number().describe('People who are, or just were, in a room and could come back.'),
      stopped: z.number().describe('What lives and opens no door now.'),
    })
    .describe('Of the whole selection.'),
  revoking: z
    .object({
      act: z.string().describe('The act.'),
      tokens: z.number().describe('Tokens that would open no door.'),
      sessions: z.number().describe('People who could not come back with a refreshed token.'),
      disconnected: z.number().describe('People who would be disconnected.'),
      left: z.number().describe('What of the selection could still come in.'),
      text: z.string().describe('What the act means, as a sentence.'),
    })
    .optional()
    .describe('What `revoke` would take away; left out unless that was asked for.'),
  bars: z
    .array(
      z.object({
        at: z.date().describe('An instant to come. ISO 8601.'),
        tokens: z.int().describe('How many tokens still open the door then.'),
        sessions: z.int().describe('How many people who are or were there could come back then.'),
      }),
    )
    .describe(
      'How it becomes less by itself until the last of it ends; none: nobody could come in.',
    ),
  pageInfo: pageInfoResponse,
});

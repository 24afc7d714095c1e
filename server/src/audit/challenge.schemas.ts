import { z } from 'zod';
import { instant } from '../common/http/fields.js';

export const challengeBody = z
  .strictObject({
    n: z
      .int({ error: 'must be a whole number' })
      .min(1, { message: 'must be at least 1' })
      .max(200, { message: 'must be at most 200' })
      .describe('How many random entries: 1 to 200.'),
    from: instant.optional().describe('Not before this instant. ISO 8601 with an offset.'),
    to: instant.optional().describe('Before this instant. ISO 8601 with an offset.'),
  })
  .describe('Which entries to draw from.');
export type ChallengeBody = z.infer<typeof challengeBody>;

const said = z.object({
  template: z.string().nullable().describe('The key of the role template; null: none.'),
  version: z.number().nullable().describe('The version of the role template.'),
  code: z.string().nullable().describe('Why it was refused; null: it was not.'),
});

export const challengeResponse = z.object({
  data: z
    .array(
      z.object({
        id: z.string().describe('The id of the entry.'),
        at: z.date().describe('When it was written.'),
        kind: z.string().describe('What was decided, such as `token.issued`.'),
        room: z.string().nullable().describe('The room.'),
        identity: z.string().nullable().describe('Who; null: erased.'),
        outcome: z
          .enum(['agrees', 'explained', 'deviates', 'not_decided_by_policy', 'not_known'])
          .describe(
            '`explained`: it deviates and the log says why. `not_decided_by_policy`: it depended on the token or the caller. `not_known`: a part was erased.',
          ),
        then: said.describe('What the entry says.'),
        again: said.describe('What policy as the log has it says.'),
        text: z.string().describe('The same as a sentence, with the reason for a deviation.'),
      }),
    )
    .describe('The entries that were drawn, oldest first.'),
  counts: z
    .object({
      agrees: z.number().describe('The same again.'),
      explained: z.number().describe('Deviations that the log explains.'),
      deviates: z.number().describe('Deviations that it does not.'),
      notDecidedByPolicy: z.number().describe('Not decided by policy.'),
      notKnown: z.number().describe('A part was erased.'),
    })
    .describe('How many of each.'),
  entryId: z.string().describe('The ledger entry of this challenge.'),
});

import { z } from 'zod';
import { instant, nameText } from '../common/http/fields.js';
import type { Allowed } from '../grants/policy.js';
import { becauseList, roleSourceResponse } from '../grants/responses.js';
import type { RoleGrants } from '../grants/role-grants.js';
import { roleGrantsSchema } from '../grants/role-grants-schema.js';

const entranceResponse = z
  .object({
    canComeIn: z.boolean().describe('Whether somebody with a valid token gets into the room.'),
    code: z
      .string()
      .nullable()
      .describe(
        'Why not, such as `seat.blocked`. `unlisted`: only with a token of another backend.',
      ),
    text: z.string().describe('The same as a sentence.'),
  })
  .describe('What the gate would have said. Tokens from before `tokensVoidBefore` are refused.');

const logResponse = z
  .object({
    isComplete: z.boolean().describe('The log has everything that the answer rests on.'),
    gaps: z
      .array(
        z.object({
          code: z
            .enum([
              'before_full_entries',
              'erased',
              'forgotten',
              'incomplete_entry',
              'unreadable_entry',
            ])
            .describe('What kind of gap it is.'),
          text: z.string().describe('What is not known, as a sentence.'),
        }),
      )
      .describe('What the log does not say, so that the answer may be wrong.'),
  })
  .describe('How much the log knows of that instant; null: the answer is about now.');

const explanation = z.looseObject({
  at: z
    .date()
    .describe('The instant that the answer is about, by the clock of Postgres. ISO 8601.'),
  verdict: z.enum(['allow', 'refuse']).describe('Whether they would get a token for the room.'),
  template: z.string().nullable().describe('The key of the role template; null: refused.'),
  version: z.number().nullable().describe('The version of the role template; null: refused.'),
  source: roleSourceResponse.nullable(),
  grants: roleGrantsSchema
    .nullable()
    .describe(
      'What a token would carry, without what a hold or a scene takes; null: refused, or the log does not say.',
    ),
  ttl: z
    .number()
    .nullable()
    .describe(
      'How long a token would be valid, in seconds, by the settings of now; null: refused.',
    ),
  because: becauseList,
  isKnown: z.boolean().describe('A user has the identity.'),
  entrance: entranceResponse,
  tokensVoidBefore: z
    .date()
    .nullable()
    .describe('Tokens made until then are void. ISO 8601; null: none is.'),
  log: logResponse.nullable(),
});

/** What somebody would get in a room, and why; more is there when a rule wins. */
export const explainResponse = explanation.extend({
  compared: explanation
    .extend({
      differences: z
        .array(z.string())
        .describe('What changed from the earlier instant to the later one, as sentences.'),
    })
    .optional()
    .describe('The same at `compareAt`; left out unless that was asked for.'),
});

export const explainQuery = z.strictObject({
  room: nameText.describe('The name of the room.'),
  identity: nameText.describe('The LiveKit identity; it need not be known.'),
  at: instant
    .optional()
    .describe(
      'An instant in the past, from the log alone. ISO 8601 with an offset; left out: now. Needs `ledger.read`.',
    ),
  compareAt: instant
    .optional()
    .describe('Another instant in the past to compare with. Needs `ledger.read`.'),
});
export type ExplainQuery = z.infer<typeof explainQuery>;

/** What `resolve` says beside the fields of every answer. */
type OfDecision = Partial<Pick<Allowed, 'ref' | 'validUntil' | 'withheld' | 'played'>> & {
  readonly code?: string;
  readonly grants: RoleGrants | null;
};
type One = Pick<
  z.infer<typeof explanation>,
  | 'at'
  | 'verdict'
  | 'template'
  | 'version'
  | 'source'
  | 'ttl'
  | 'because'
  | 'isKnown'
  | 'entrance'
  | 'tokensVoidBefore'
  | 'log'
> &
  OfDecision;
export type Explanation = One & { readonly compared?: One & { differences: string[] } };

import { z } from 'zod';
import { nameText } from '../common/http/fields.js';
import { leafHashResponse } from '../ledger/ledger.schemas.js';
import { proofResponse } from '../ledger/sealing/proof.schemas.js';

/** By whom something was decided, in words that name nobody. */
export const DECIDERS = ['you', 'moderator', 'application', 'rolecall'] as const;
export type Decider = (typeof DECIDERS)[number];

const idText = z.string().min(5).max(60).describe('The id of the entry.');

export const receiptsQuery = z.strictObject({
  before: idText.optional().describe('Only what is older than the entry with this id.'),
});
export type ReceiptsQuery = z.output<typeof receiptsQuery>;

export const receiptParams = z.strictObject({
  room: nameText.describe('The name of the room.'),
  id: idText,
});

const ownReceipt = z.object({
  id: z.string().describe('The id of the entry.'),
  at: z.date().describe('When it was decided, by the clock of Postgres. ISO 8601.'),
  kind: z.string().describe('What was decided, such as `seat.promoted`.'),
  outcome: z.string().describe('`ok` or `applied`: it holds; `refused`: it was refused.'),
  by: z
    .enum(DECIDERS)
    .describe('Who decided: a moderator and an application are not named; `rolecall`: a rule.'),
  word: z
    .string()
    .nullable()
    .describe('What was said to you with it; null: nothing. Reasons for the log are not told.'),
  template: z.string().nullable().describe('The key of the role that it is about; null: none.'),
  leafHash: leafHashResponse
    .nullable()
    .describe('The hash of its leaf in the tree of the ledger; null: it is from before the tree.'),
});

export const ownReceiptsResponse = z.object({
  data: z.array(ownReceipt).describe('What was decided about you, newest first: 50 at most.'),
  next: z
    .string()
    .nullable()
    .describe('The `before` of the next page; null: there is nothing older.'),
});

export const receiptResponse = ownReceipt.extend({
  room: z.string().describe('The name of the room.'),
  identity: z.string().describe('Your identity.'),
  leaf: z
    .string()
    .describe('The data of the leaf, RFC 8785 text. You and who decided are commitments in it.'),
  subject: z
    .object({
      part: z.string().describe('What the leaf commits to of you, RFC 8785 text.'),
      salt: z.string().describe('In hex: the commitment is SHA-256 of salt and part.'),
    })
    .nullable()
    .describe(
      'What proves that it is about you; null: it holds a reason that was not told to you.',
    ),
  proof: proofResponse
    .omit({ entry: true, leafHash: true })
    .describe('The place of the leaf, the inclusion proof and the checkpoint.'),
});

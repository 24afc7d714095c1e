import { z } from 'zod';
import { actorKindResponse, cleanText } from '../../common/http/fields.js';
import { LEDGER_PROBLEMS } from '../sealing/ledger-health.js';
import { SEALING_STATES } from '../sealing/ledger-sealing.js';
import { streamResponse } from '../stream/stream.schemas.js';
import { quorumResponse, witnessResponse } from '../witness/witness.schemas.js';

const leaves = z.int().min(0);
const sentence = cleanText(500).refine((text) => text.length > 0, { message: 'must not be empty' });

const WHERES = ['server', 'browser'] as const;
const CHECKED = ['entries', 'hashes'] as const;

const wrongFields = {
  leaf: z.int().nullable().describe('Its place in the tree, from 0; null: it is about no leaf.'),
  entry: z.string().nullable().describe('The id of the entry; null: nothing proves which it was.'),
  problem: z.string().describe('What is wrong, as a sentence.'),
};

export const verificationBody = z
  .strictObject({
    isProved: z.boolean().describe('Whether all that was read is what the log has signed.'),
    what: z
      .enum(CHECKED)
      .describe('`entries`: leaves were computed from entries; `hashes`: from tiles alone.'),
    isPinned: z
      .boolean()
      .describe('Whether the key of the log was known from elsewhere, not only from the log.'),
    size: leaves.describe('Entries in the tree of the checkpoint; 0: none could be opened.'),
    checked: leaves.describe('Entries that were read.'),
    since: leaves
      .nullable()
      .describe('Only what came after this many entries was read; null: everything.'),
    ms: z.number().min(0).max(1e9).describe('How long it took, in milliseconds.'),
    wrong: z
      .strictObject({
        ...wrongFields,
        leaf: leaves.nullable().describe(wrongFields.leaf.description ?? ''),
        entry: cleanText(60)
          .nullable()
          .describe(wrongFields.entry.description ?? ''),
        problem: sentence.describe(wrongFields.problem.description ?? ''),
      })
      .nullable()
      .describe('The first wrong entry; null: none was found.'),
    problems: z.array(sentence).max(10).describe('What is wrong beside the entries.'),
  })
  .refine(({ isProved, wrong, problems }) => !isProved || (wrong === null && !problems.length), {
    path: ['isProved'],
    message: 'must be false when something is wrong',
  });
export type VerificationBody = z.output<typeof verificationBody>;

export const recordedResponse = z.object({
  id: z.string().describe('The id of the entry `ledger.verified`.'),
});

const runResponse = z.object({
  id: z.string().describe('The id of its entry.'),
  at: z.date().describe('When it ended. ISO 8601.'),
  by: z
    .object({
      kind: actorKindResponse,
      label: z.string().describe('Their e-mail address or name, as it was then.'),
    })
    .nullable()
    .describe('Who verified; null: somebody whose entries you cannot read with your room limit.'),
  where: z.enum(WHERES).describe('`browser`: a browser says so, and the server cannot check that.'),
  what: z.enum(CHECKED).describe('What the leaves were computed from.'),
  isProved: z.boolean().describe('Whether everything was proved.'),
  isPinned: z
    .boolean()
    .nullable()
    .describe('Whether the browser had the key from elsewhere; null: the server verified.'),
  size: z.number().describe('Entries in the tree then.'),
  checked: z.number().describe('Entries that were read.'),
  since: z
    .number()
    .nullable()
    .describe('Only what came after this many entries was read; null: everything.'),
  ms: z.number().describe('How long it took, in milliseconds.'),
  wrong: z.object(wrongFields).nullable().describe('The first wrong entry; null: none.'),
  problems: z.array(z.string()).describe('What was wrong beside the entries.'),
});

export const integrityResponse = z.object({
  checkpoint: z
    .object({
      origin: z.string().describe('The name of the log.'),
      size: z.int().describe('Entries in the tree.'),
      root: z.string().describe('The root of the tree, in base64 as in the checkpoint.'),
      signedAt: z.date().describe('When it was signed. ISO 8601.'),
    })
    .nullable()
    .describe('The newest checkpoint; null: nothing is sealed yet.'),
  sealing: z
    .enum(SEALING_STATES)
    .describe('Whether this server seals the ledger; `standby`: another one does.'),
  unsealed: z
    .object({
      entries: z.int().describe('How many entries are not in the tree yet.'),
      oldestMs: z.number().describe('How long the oldest one has waited, in milliseconds.'),
    })
    .describe('What is written and not proved yet.'),
  mirror: z
    .object({
      place: z.string().describe('The folder, or the bucket and prefix.'),
      size: z
        .int()
        .nullable()
        .describe('Entries up to which it is complete; null: another server writes it.'),
    })
    .describe('Where tiles and checkpoints are kept outside of the database.'),
  witnesses: quorumResponse
    .extend({
      members: z
        .array(
          witnessResponse({
            behind: z.int().describe('How many entries the newest checkpoint has more.'),
          }),
        )
        .describe('Those of the policy that have an address.'),
    })
    .nullable()
    .describe('Who cosigns the checkpoints; null: nobody is configured to.'),
  streams: z.array(streamResponse).describe('Where entries are sent to; empty: nowhere.'),
  problems: z
    .array(
      z.object({
        code: z.enum(LEDGER_PROBLEMS).describe('The problem; stable, for programs.'),
        detail: z.string().describe('What is wrong, as a sentence.'),
      }),
    )
    .describe('What weakens the proofs; empty: nothing does, as far as this server can see.'),
  verifications: z.array(runResponse).describe('The last runs, newest first: ten at most.'),
});

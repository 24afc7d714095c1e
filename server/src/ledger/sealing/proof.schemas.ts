import { z } from 'zod';
import { ledgerEntryResponse } from '../ledger.schemas.js';

export const proofResponse = z.object({
  entry: ledgerEntryResponse.describe('The entry, as `GET /api/v1/ledger/{id}` answers it.'),
  leafHash: z.string().describe('The RFC 6962 leaf hash of the entry, in hex.'),
  index: z.int().describe('The place of the leaf in the tree, from 0.'),
  treeSize: z.int().describe('The leaves in the tree of the checkpoint.'),
  inclusion: z
    .array(z.string())
    .describe('The inclusion proof of RFC 6962: hashes in hex, from the leaf up.'),
  checkpoint: z.string().describe('The newest checkpoint, as a signed note (C2SP).'),
});

export const keysResponse = z.object({
  origin: z
    .string()
    .nullable()
    .describe('The name of the log, as its checkpoints have it; null: nothing is sealed yet.'),
  keys: z
    .array(
      z.object({
        vkey: z.string().describe('The public key, as a verifier key of signed notes (C2SP).'),
        generation: z.int().describe('Keys of one generation sign together.'),
        createdAt: z.date().describe('Since when it signs. ISO 8601.'),
        retiredAt: z
          .date()
          .nullable()
          .describe('Until when it signed. ISO 8601; null: it signs now.'),
        signature: z
          .string()
          .nullable()
          .describe(
            'The note by which the generation before names these keys; null: they are the first.',
          ),
      }),
    )
    .describe('All keys, the oldest first.'),
});

const rest = (example: string) =>
  z.strictObject({
    '*': z.string().max(100).describe(`The rest of the path, as tlog-tiles has it: ${example}.`),
  });
export const tileParams = rest('`0/x001/234`, `1/000.p/17`');
export const bundleParams = rest('`x001/234`, `000.p/17`');

import { z } from 'zod';

const cosigned = z.object({
  size: z.int().describe('Entries in the tree that it cosigned last.'),
  at: z.date().describe('When, by its own clock. ISO 8601.'),
});

/** One witness; `more` is what else is said of what it cosigned. */
export function witnessResponse<More extends z.ZodRawShape>(more: More) {
  return z.object({
    name: z.string().describe('Its name in the policy.'),
    url: z.string().describe('Where checkpoints are sent.'),
    cosigned: cosigned
      .extend(more)
      .nullable()
      .describe('What it cosigned last; null: nothing yet.'),
    lastError: z
      .string()
      .nullable()
      .describe('Why the last attempt of this server failed; null: it did not.'),
  });
}

/** What is said of all of them together. */
export const quorumResponse = z.object({
  quorum: z.string().describe('Who has to cosign, by the name in the policy; `none`: nobody.'),
  cosigned: z
    .object({
      size: z.int().describe('Entries in the tree.'),
      at: z.date().describe('When its checkpoint was signed. ISO 8601.'),
    })
    .nullable()
    .describe('The newest checkpoint that enough of them cosigned; null: none.'),
  waitingSince: z
    .date()
    .nullable()
    .describe('Since when a newer checkpoint waits for them. ISO 8601; null: none does.'),
});

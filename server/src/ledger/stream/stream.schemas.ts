import { z } from 'zod';

export const streamResponse = z
  .object({
    name: z.string().describe('Its name in the settings.'),
    to: z.string().describe('Its address.'),
    position: z.int().describe('Entries that it was sent, or that are put aside.'),
    behind: z.int().describe('Sealed entries that it does not have yet.'),
    sentAt: z.date().nullable().describe('When it took entries last. ISO 8601; null: never.'),
    failingSince: z
      .date()
      .nullable()
      .describe('Since when attempts fail. ISO 8601; null: the last one did not.'),
    failure: z.string().nullable().describe('Why, as a sentence; null: the last one did not.'),
    refused: z.int().describe('Entries that it does not take, and that are put aside.'),
    firstRefused: z
      .object({
        entry: z.string().describe('The id of the entry.'),
        detail: z.string().describe('What was answered.'),
      })
      .nullable()
      .describe('The first of them; null: it takes all.'),
  })
  .describe('A destination of the entries, as all servers know it.');

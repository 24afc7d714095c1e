import { z } from 'zod';
import { cleanText, instant } from '../../common/http/fields.js';

const MAX_FINDINGS = 50;
const text = cleanText(2_000);

export const reviewBody = z.strictObject({
  from: instant
    .optional()
    .describe('Entries after this instant. Left out: after the first part that is not reviewed.'),
  until: instant.optional().describe('Entries up to this instant. Left out: now.'),
  note: text.optional().describe('What was looked at, and how.'),
  findings: z
    .array(
      z.strictObject({
        entry: z.string().min(5).max(60).optional().describe('The id of the entry it is about.'),
        text: text.min(1).describe('What was found.'),
      }),
    )
    .max(MAX_FINDINGS)
    .default([])
    .describe(`What was found; none: nothing. At most ${MAX_FINDINGS}.`),
});
export type ReviewBody = z.output<typeof reviewBody>;

export const reviewResponse = z.object({
  id: z.uuid().describe('The id of the review.'),
  from: z
    .date()
    .nullable()
    .describe('Entries after this instant; null: from the first entry on. ISO 8601.'),
  until: z.date().describe('Entries up to this instant. ISO 8601.'),
  rooms: z
    .array(z.string())
    .nullable()
    .describe('The room names and patterns that its auditor is limited to; null: everything.'),
  by: z.string().describe('Who signed it off.'),
  at: z.date().describe('When. ISO 8601.'),
  note: z.string().nullable().describe('What was looked at; null: they did not say.'),
  findings: z
    .array(
      z.object({
        entry: z.string().optional().describe('The id of the entry it is about.'),
        text: z.string().describe('What was found.'),
      }),
    )
    .describe('What was found.'),
});
export type Review = z.infer<typeof reviewResponse>;

export const reviewsResponse = z.object({
  data: z.array(reviewResponse).describe('Reviews, newest first, 50 at most.'),
  unreviewed: z
    .array(
      z.object({
        from: z.date().nullable().describe('After this instant; null: from the first entry on.'),
        until: z.date().nullable().describe('Up to this instant; null: until now.'),
        entries: z.int().describe('How many entries there are, counted up to 1,000.'),
        isMore: z.boolean().describe('Whether there are more.'),
      }),
    )
    .describe('Parts of the log that have entries and that nobody has reviewed, oldest first.'),
});

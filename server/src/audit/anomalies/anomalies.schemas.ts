import { z } from 'zod';
import { pageInfoResponse } from '../../common/http/lists.js';
import { personResponse, roleChipResponse } from '../log/log.schemas.js';

/** What an auditor would look for, in the order in which it is shown. */
export const ANOMALY_NAMES = [
  'tokens-never-used',
  'used-from-two-addresses',
  'issued-outside-usual',
  'roles-under-a-minute',
  'more-than-used',
  'repeated-refusals',
  'acts-on-oneself',
  'drift-came-back',
  'looks-by-operator',
] as const;
export type AnomalyName = (typeof ANOMALY_NAMES)[number];

export const anomalyParams = z.strictObject({
  name: z.enum(ANOMALY_NAMES).describe('The name of the view.'),
});

const days = z.coerce
  .number()
  .int()
  .min(1)
  .max(30)
  .default(1)
  .describe('How many days back: 1 to 30. Least privilege always looks at 30.');

export const anomaliesQuery = z.strictObject({ days });
export type AnomaliesQuery = z.output<typeof anomaliesQuery>;

export const anomalyRowsQuery = z.strictObject({
  days,
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('How many: 1 to 200.'),
  cursor: z
    .string()
    .regex(/^\d{1,5}$/, { message: 'is not a cursor of this list' })
    .default('0')
    .transform(Number)
    .describe('The `next` or `prev` of an earlier answer.'),
});
export type AnomalyRowsQuery = z.output<typeof anomalyRowsQuery>;

const summary = {
  name: z.enum(ANOMALY_NAMES).describe('The name of the view.'),
  title: z.string().describe('What it finds, as a heading.'),
  what: z.string().describe('What exactly is counted, as a sentence.'),
  count: z.int().describe('How many rows it has.'),
  isMore: z.boolean().describe('Whether there are more than were counted.'),
  isPartial: z
    .boolean()
    .describe('Whether there was more of the log than is looked at: newest first.'),
  since: z.date().describe('Since when. ISO 8601.'),
  query: z
    .string()
    .nullable()
    .describe('The search that shows about the same in the log; null: no search says it.'),
};

export const anomaliesResponse = z.object({
  data: z.array(z.object(summary)).describe('The views with their counts.'),
  countedAt: z.date().describe('When the counts were made: at most a minute ago. ISO 8601.'),
});

export const anomalyRowsResponse = z.object({
  ...summary,
  data: z
    .array(
      z.object({
        id: z.string().describe('The id of the row; the same at each look.'),
        at: z.date().describe('When, or when last. ISO 8601.'),
        text: z.string().describe('What was found, as a sentence in English.'),
        parts: z
          .object({
            addresses: z.array(z.string()).optional().describe('The addresses of a token.'),
            outside: z
              .enum(['hours', 'rooms', 'hours_and_rooms'])
              .optional()
              .describe('What was not as usual.'),
            seconds: z.number().optional().describe('How long the role was held.'),
            then: z.string().optional().describe('The kind of the entry that ended it.'),
            used: z
              .array(z.string())
              .optional()
              .describe('The keys of the role templates that their tokens had.'),
            kind: z.string().optional().describe('The kind of the entries.'),
            code: z.string().optional().describe('The code of the refusal.'),
            kinds: z.array(z.string()).optional().describe('The kinds of the entries.'),
          })
          .describe('What the sentence says, in parts, for words of your own.'),
        room: z.string().nullable().describe('The room; null: none, or several.'),
        identity: z.string().nullable().describe('Whom it is about; null: nobody.'),
        people: z
          .object({
            actor: personResponse.nullable().describe('Who did it; null: nobody, or it is erased.'),
            subject: personResponse.nullable().describe('Whom it is about; null: nobody.'),
          })
          .describe('Whom it names, by the names that they have now.'),
        role: roleChipResponse.nullable().describe('The role; null: it is about none.'),
        proposed: roleChipResponse
          .nullable()
          .describe('The narrower role that would do; null: none, or it is not about that.'),
        count: z.int().describe('How many entries it is made of.'),
        entries: z
          .array(z.string())
          .describe('The ids of these entries, newest first; 20 at most.'),
        query: z.string().describe('The search that shows them in the log.'),
      }),
    )
    .describe('The rows of this page.'),
  pageInfo: pageInfoResponse,
});
export type AnomalyRow = z.output<typeof anomalyRowsResponse>['data'][number];

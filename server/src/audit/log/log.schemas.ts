import { z } from 'zod';
import { actorKindResponse, instant } from '../../common/http/fields.js';
import { pageInfoResponse } from '../../common/http/lists.js';
import {
  ledgerEntryResponse,
  pagedQuery,
  queryText,
  zoneText,
} from '../../ledger/ledger.schemas.js';

/** Fields whose values can be counted. */
export const FACET_FIELDS = [
  'outcome',
  'kind',
  'group',
  'actor',
  'actorKind',
  'room',
  'identity',
  'template',
  'via',
  'ip',
] as const;
export type FacetField = (typeof FACET_FIELDS)[number];

export const actsQuery = z.strictObject({ ...pagedQuery, query: queryText, zone: zoneText });
export type ActsQuery = z.output<typeof actsQuery>;

export const personResponse = z
  .object({
    kind: actorKindResponse.describe('What they are; `participant`: nobody added them as a user.'),
    id: z
      .string()
      .nullable()
      .describe('The id of the user, operator or API key; null: Rolecall, or only an identity.'),
    identity: z.string().nullable().describe('The LiveKit identity; null: they have none.'),
    name: z.string().describe('The name to show, as it is now where there still is one.'),
  })
  .describe('A person, or what acts like one.');
export type Person = z.output<typeof personResponse>;

export const roleChipResponse = z
  .object({
    key: z.string().describe('The key of the role template.'),
    name: z.string().describe('Its name now; the key where it is gone.'),
    color: z.string().nullable().describe('Its colour; null: it is gone.'),
    version: z.number().nullable().describe('The version; null: the entry does not say.'),
  })
  .describe('A role.');

const stepResponse = z.object({
  id: z.string().describe('The id of the entry.'),
  at: z.date().describe('When. ISO 8601.'),
  ms: z.number().describe('Milliseconds since the first step.'),
  kind: z.string().describe('The kind of the entry.'),
  outcome: z.string().describe('The outcome of the entry.'),
  step: z
    .enum(['requested', 'confirmed', 'waiting', 'failed', 'superseded', 'refused', 'effect'])
    .describe('What it is of the act: `effect` is what was then seen at LiveKit.'),
});

const repeatedResponse = z.object({
  count: z.int().describe('How many entries are shown as this one.'),
  since: z.date().describe('When the first of them was written. ISO 8601.'),
  until: z.date().describe('When the last of them was written. ISO 8601.'),
});

export const actResponse = z.object({
  id: z
    .string()
    .describe('The id of its first entry: it stays the same when more of the act follows.'),
  at: z.date().describe('When its newest entry was written, by which acts are in order. ISO 8601.'),
  startedAt: z.date().describe('When its first entry was written. ISO 8601.'),
  kind: z.string().describe('What happened, such as `seat.promoted`.'),
  group: z.string().nullable().describe('The group of the kind, such as `seats`; null: none.'),
  outcome: z.string().describe('What came of it in the end, as far as is known.'),
  operationId: z.string().nullable().describe('The operation that its entries cite; null: none.'),
  entry: ledgerEntryResponse.describe('Its first entry, which says who, what and why.'),
  steps: z.array(stepResponse).describe('All of its entries, oldest first; 20 at most.'),
  repeated: repeatedResponse
    .nullable()
    .describe('Connects of the same person that follow each other are one row; null: only one.'),
  people: z
    .object({
      actor: personResponse.nullable().describe('Who did it; null: it is erased.'),
      subject: personResponse.nullable().describe('Whom it is about; null: nobody.'),
    })
    .describe('Whom it names, by the names that they have now.'),
  role: roleChipResponse.nullable().describe('The role that it gave or is about; null: none.'),
  before: roleChipResponse.nullable().describe('The role before; null: none, or it is not known.'),
});

/** How far a search has looked. */
export const searchedResponse = z
  .object({
    until: z
      .date()
      .nullable()
      .describe(
        'Entries back to this instant were looked at; null: all that there are, or with a room limit.',
      ),
    isWhole: z
      .boolean()
      .describe('False: the time was up. `pageInfo.next` goes on from there, whatever was found.'),
  })
  .describe('How far back this page has looked.');

export const actsResponse = z.object({
  data: z
    .array(actResponse)
    .describe('The acts whose newest matching entry is on this page, newest first.'),
  pageInfo: pageInfoResponse,
  searched: searchedResponse,
});

const fieldList = z
  .string()
  .max(200)
  .default('outcome,group,actor,identity,room')
  .transform((text, context): FacetField[] => {
    const given = [...new Set(text.split(',').map((name) => name.trim()))].filter(Boolean);
    const wrong = given.find((name) => !(FACET_FIELDS as readonly string[]).includes(name));
    if (wrong === undefined && given.length > 0) return given as FacetField[];
    context.addIssue({ code: 'custom', message: `are some of ${FACET_FIELDS.join(', ')}` });
    return z.NEVER;
  })
  .describe(`Which fields, with commas between: some of ${FACET_FIELDS.join(', ')}.`);

const range = {
  from: instant.optional().describe('Not before this instant: the brush. ISO 8601 with an offset.'),
  to: instant.optional().describe('Before this instant: the brush. ISO 8601 with an offset.'),
};

export const facetsQuery = z.strictObject({
  query: queryText,
  zone: zoneText,
  fields: fieldList,
  ...range,
  of: z
    .enum(['entries', 'acts'])
    .default('entries')
    .describe(
      '`acts`: without the requests of acts that LiveKit is told; what came of them is counted.',
    ),
  top: z.coerce.number().int().min(1).max(50).default(8).describe('How many values: 1 to 50.'),
});
export type FacetsQuery = z.output<typeof facetsQuery>;

/** How a number was found. */
const basisResponse = z
  .enum(['exact', 'estimate'])
  .describe(
    '`exact`: every entry was counted. `estimate`: some entries of all parts of the time were, and the number is what follows from them.',
  );

export const facetsResponse = z.object({
  total: z.number().describe('How many entries match the query.'),
  basis: basisResponse,
  looked: z
    .int()
    .describe('How many entries were read for it; with a room limit, of those in these rooms.'),
  data: z
    .array(
      z.object({
        field: z.enum(FACET_FIELDS).describe('The field.'),
        basis: basisResponse,
        values: z
          .array(
            z.object({
              value: z.string().describe('The value, as the query takes it.'),
              label: z.string().describe('The name to show.'),
              count: z.number().describe('How many entries have it.'),
              isChosen: z.boolean().describe('Whether the query asks for it.'),
            }),
          )
          .describe(
            'The most frequent values, counted without what the query asks of this very field.',
          ),
        hasMore: z.boolean().describe('Whether there are more values than these.'),
      }),
    )
    .describe('The fields, in the order asked.'),
});
export type Facets = z.output<typeof facetsResponse>;

export const histogramQuery = z.strictObject({
  query: queryText,
  zone: zoneText,
  ...range,
  buckets: z.coerce
    .number()
    .int()
    .min(10)
    .max(200)
    .default(60)
    .describe('About how many bars: 10 to 200. Their width is one that people read easily.'),
});
export type HistogramQuery = z.output<typeof histogramQuery>;

export const histogramResponse = z.object({
  from: z.date().describe('Where the first bar begins. ISO 8601.'),
  to: z.date().describe('Where the last bar ends. ISO 8601.'),
  unit: z.enum(['second', 'minute', 'hour', 'day', 'week', 'month']).describe('The width of a bar'),
  step: z.int().describe('How many units wide a bar is.'),
  zone: z.string().describe('The time zone that days and weeks begin in.'),
  basis: basisResponse,
  looked: z
    .int()
    .describe('How many entries were read for it; with a room limit, of those in these rooms.'),
  total: z.number().describe('How many entries match the query.'),
  buckets: z
    .array(
      z.object({
        at: z.date().describe('Where the bar begins. ISO 8601.'),
        total: z.number().describe('How many entries.'),
        outcomes: z.record(z.string(), z.number()).describe('How many by outcome.'),
      }),
    )
    .describe('The bars, oldest first; also those without entries.'),
});
export type Histogram = z.output<typeof histogramResponse>;

export type Act = z.output<typeof actResponse>;
export type ActStep = Act['steps'][number];
export type RoleChip = z.output<typeof roleChipResponse>;

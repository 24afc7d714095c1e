import { z } from 'zod';
import { actorKindResponse, cleanText, instant } from '../common/http/fields.js';
import { jsonParameter, pageInfoResponse } from '../common/http/lists.js';
import { becauseList } from '../grants/responses.js';
import { roleGrantsSchema } from '../grants/role-grants-schema.js';
import { isTimeZone } from './query/times.js';
import { type LogQuery, MAX_QUERY, parseQuery } from './query/index.js';
import { textOfWrong } from './query/wrong-query.js';

const text = cleanText(1_024);
const oneOrMore = z.union([text, z.array(text).min(1).max(50)]);

const filter = z.strictObject({
  kind: oneOrMore.optional().describe('A kind, several, or a family such as `seat.*`.'),
  outcome: oneOrMore.optional().describe('One outcome, or several.'),
  actor: text.optional().describe('The id of an operator or API key, or a part of its label.'),
  room: text.optional().describe('The name of the room, whole.'),
  identity: text.optional().describe('The identity, whole.'),
  from: instant.optional().describe('Not before this instant. ISO 8601 with an offset.'),
  to: instant.optional().describe('Before this instant. ISO 8601 with an offset.'),
  q: text
    .optional()
    .describe(
      'A part of the kind, room, identity, actor, reason or request id; or a whole `jti` or `operationId`.',
    ),
});
export type LedgerFilter = z.infer<typeof filter>;

export interface Cursor {
  /** `next` reads older entries, `prev` newer ones. */
  way: 'next' | 'prev';
  atMicros: string;
  shard: number;
  seq: number;
}

const cursorShape = z.tuple([
  z.enum(['next', 'prev']),
  z.string().regex(/^\d{1,17}$/),
  z.int().min(0).max(2_147_483_647),
  z.int().min(0),
]);

/** A search as text, and what it asks for. */
export interface SearchText {
  readonly text: string;
  readonly query: LogQuery;
}

/** Says where the first thing is that is wrong, and what is possible there. */
export const searchText = z
  .string()
  .max(MAX_QUERY)
  .transform((text, context): SearchText => {
    const { query, errors } = parseQuery(text);
    for (const error of errors) {
      const { at, length, code, possible } = error;
      const hint = possible.length > 0 ? `. Possible: ${possible.join(', ')}` : '';
      context.addIssue({
        code: 'custom',
        message: `at character ${at + 1}${length > 0 ? ` (${shown(text, at, length)})` : ''}: ${textOfWrong(error)}${hint}`,
        params: { at, length, code },
      });
    }
    return { text, query };
  })
  .describe(
    'A search, such as `room:town-hall outcome:refused ttl>1h -identity:omar "free text"`. Fields with their values, and text; `-` leaves out.',
  );
export const queryText = searchText
  .prefault('')
  .describe(
    'A search, such as `room:town-hall outcome:refused ttl>1h -identity:omar "free text"`. Fields with their values, and text; `-` leaves out. Left out: everything.',
  );

/** A part of what was sent, without what would break a line. */
function shown(text: string, at: number, length: number): string {
  return text.slice(at, at + Math.min(length, 60)).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}

export const zoneText = z
  .string()
  .max(64)
  .refine(isTimeZone, { message: 'must be a time zone such as Europe/Berlin' })
  .default('UTC')
  .describe('The time zone of dates in the search that name none, such as `Europe/Berlin`.');

/** A page of entries, newest first. */
export const pagedQuery = {
  limit: z.coerce
    .number({ error: 'must be a number' })
    .int()
    .min(1, { message: 'must be at least 1' })
    .max(200, { message: 'must be at most 200' })
    .default(50)
    .describe('How many entries: 1 to 200.'),
  cursor: z
    .string()
    .max(200)
    .optional()
    .transform((given, context): Cursor | null => {
      if (given === undefined || given === '') return null;
      try {
        const parsed = cursorShape.parse(JSON.parse(Buffer.from(given, 'base64url').toString()));
        return { way: parsed[0], atMicros: parsed[1], shard: parsed[2], seq: parsed[3] };
      } catch {
        context.addIssue({ code: 'custom', message: 'is not a cursor of this list' });
        return z.NEVER;
      }
    })
    .describe('The `next` or `prev` of an earlier answer.'),
};

export const ledgerQuery = z.strictObject({
  ...pagedQuery,
  query: queryText,
  zone: zoneText,
  filter: jsonParameter(filter, 'an object')
    .default({})
    .describe('Only the entries that match all of these fields.'),
});
export type LedgerQuery = z.infer<typeof ledgerQuery>;

export function encodeCursor(cursor: Cursor): string {
  const { way, atMicros, shard, seq } = cursor;
  return Buffer.from(JSON.stringify([way, atMicros, shard, seq])).toString('base64url');
}

export const tokenLookupBody = z
  .strictObject({
    tokenHash: z
      .string()
      .regex(/^[0-9a-f]{64}$/i, { message: 'must be 64 hexadecimal digits' })
      .optional()
      .describe('The SHA-256 of the compact JWT, in hex.'),
    jti: z.uuid().toLowerCase().optional().describe('The `jti` of the token.'),
  })
  .refine(({ tokenHash, jti }) => (tokenHash === undefined) !== (jti === undefined), {
    path: ['tokenHash'],
    message: 'or jti is required, and only one of them',
  });
export type TokenLookup = z.infer<typeof tokenLookupBody>;

export const ledgerIdParams = z.strictObject({
  id: z.string().min(5).max(60).describe('The id of the entry.'),
});

/** A receipt: with it, the proof of the entry can be checked. */
export const leafHashResponse = z
  .string()
  .describe('The hash of its leaf in the tree of the ledger, in hex (RFC 6962, SHA-256).');

const erasedPart = z.enum(['actor', 'subject']);
export type ErasedPart = z.infer<typeof erasedPart>;

export const ledgerEntryResponse = z.looseObject({
  id: z.string().describe('The id of the entry.'),
  shard: z.number().describe('The server that wrote it: its numbered sequence.'),
  seq: z.number().describe('Its number in the sequence; without gaps.'),
  at: z.date().describe('When it was written, by the clock of Postgres. ISO 8601.'),
  kind: z.string().describe('What happened, such as `seat.promoted`.'),
  outcome: z
    .string()
    .describe('What came of it, such as `intent`, `applied`, `pending`, `failed` or `superseded`.'),
  actor: z
    .object({
      kind: actorKindResponse,
      id: z
        .string()
        .nullable()
        .describe('The id of the operator, API key or participant; null: Rolecall itself.'),
      label: z.string().describe('Their e-mail address, name or identity, as it was then.'),
    })
    .describe('Who did it.'),
  room: z.string().nullable().describe('The room that it is about; null: none.'),
  identity: z.string().nullable().describe('The participant that it is about; null: none.'),
  requestId: z
    .string()
    .nullable()
    .describe('The `X-Request-Id` of the request; null: no request caused it.'),
  ip: z.string().nullable().describe('The address that the request came from; null: not known.'),
  reason: z.string().nullable().describe('The reason that was given; null: none.'),
  payload: z.record(z.string(), z.unknown()).describe('The details; which ones depends on `kind`.'),
  erased: z
    .array(erasedPart)
    .describe(
      'Parts that were erased, because they spoke of a person: `actor` (id, label, address) or `subject` (identity, reason, and what the payload said of them). The hash of the entry still holds.',
    ),
});

/** A token that was given out or refused: what the payload says of it, as fields of its own. */
export const issuanceResponse = ledgerEntryResponse.extend({
  jti: z.string().nullable().describe('The id of the token; null: it was refused.'),
  tokenHash: z
    .string()
    .nullable()
    .describe('The SHA-256 of the compact JWT, in hex; null: it was refused.'),
  template: z.string().nullable().describe('The key of the role template; null: none was found.'),
  version: z
    .number()
    .nullable()
    .describe('The version of the role template; null: none was found.'),
  grants: roleGrantsSchema
    .partial()
    .nullable()
    .describe(
      'The grants in the token, as written then: a grant that did not exist is missing. Null: it was refused.',
    ),
  ttl: z
    .number()
    .nullable()
    .describe('How long the token is valid, in seconds; null: it was refused.'),
  expiresAt: z
    .string()
    .nullable()
    .describe('When the token expires. ISO 8601; null: it was refused.'),
  because: becauseList,
});

export const ledgerPageResponse = z.object({
  data: z.array(ledgerEntryResponse).describe('The entries of this page, newest first.'),
  pageInfo: pageInfoResponse,
});
export const issuancePageResponse = z.object({
  data: z.array(issuanceResponse).describe('The tokens of this page, newest first.'),
  pageInfo: pageInfoResponse,
});

type Issuance = z.infer<typeof issuanceResponse>;
/** What `token.issued` and `token.refused` keep of a token. */
export type TokenPayload = Partial<
  Pick<
    Issuance,
    'jti' | 'tokenHash' | 'template' | 'version' | 'grants' | 'ttl' | 'expiresAt' | 'because'
  >
>;

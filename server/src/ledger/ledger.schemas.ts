import { z } from 'zod';
import { actorKindResponse, cleanText, instant } from '../common/http/fields.js';
import { jsonParameter } from '../common/http/lists.js';
import { becauseResponse, roleGrantsResponse } from '../grants/responses.js';

const text = cleanText(1_024);
const oneOrMore = z.union([text, z.array(text).min(1).max(50)]);

const filter = z.strictObject({
  /** A kind, several, or a family such as `seat.*`. */
  kind: oneOrMore.optional(),
  outcome: oneOrMore.optional(),
  /** An operator's or key's id, or a part of its label. */
  actor: text.optional(),
  room: text.optional(),
  identity: text.optional(),
  from: instant.optional(),
  to: instant.optional(),
  q: text.optional(),
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

export const ledgerQuery = z.strictObject({
  limit: z.coerce
    .number({ error: 'must be a number' })
    .int()
    .min(1, { message: 'must be at least 1' })
    .max(200, { message: 'must be at most 200' })
    .default(50),
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
    }),
  filter: jsonParameter(filter, 'an object').default({}),
});
export type LedgerQuery = z.infer<typeof ledgerQuery>;

export function encodeCursor(cursor: Cursor): string {
  const { way, atMicros, shard, seq } = cursor;
  return Buffer.from(JSON.stringify([way, atMicros, shard, seq])).toString('base64url');
}

export const ledgerIdParams = z.strictObject({ id: z.string().min(5).max(60) });

export const ledgerEntryResponse = z.looseObject({
  id: z.string(),
  shard: z.number(),
  seq: z.number(),
  at: z.date(),
  kind: z.string(),
  outcome: z.string(),
  actor: z.object({ kind: actorKindResponse, id: z.string().nullable(), label: z.string() }),
  room: z.string().nullable(),
  identity: z.string().nullable(),
  requestId: z.string().nullable(),
  ip: z.string().nullable(),
  reason: z.string().nullable(),
  payload: z.record(z.string(), z.unknown()),
});

/** A token that was given out or refused: what the payload says of it, as fields of its own. */
export const issuanceResponse = ledgerEntryResponse.extend({
  jti: z.string().nullable(),
  tokenHash: z.string().nullable(),
  template: z.string().nullable(),
  version: z.number().nullable(),
  /** As written at the time: a grant that did not exist then is missing. */
  grants: roleGrantsResponse.partial().nullable(),
  ttl: z.number().nullable(),
  expiresAt: z.string().nullable(),
  because: z.array(becauseResponse),
});

const pageInfo = z.object({ next: z.string().nullable(), prev: z.string().nullable() });
export const ledgerPageResponse = z.object({ data: z.array(ledgerEntryResponse), pageInfo });
export const issuancePageResponse = z.object({ data: z.array(issuanceResponse), pageInfo });

type Issuance = z.infer<typeof issuanceResponse>;
/** What `token.issued` and `token.refused` keep of a token. */
export type TokenPayload = Partial<
  Pick<
    Issuance,
    'jti' | 'tokenHash' | 'template' | 'version' | 'grants' | 'ttl' | 'expiresAt' | 'because'
  >
>;

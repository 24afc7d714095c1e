import { z } from 'zod';
import { actorKindResponse } from '../common/http/fields.js';

export const lineageResponse = z
  .object({
    through: z
      .enum(['issued', 'refreshed', 'unknown'])
      .describe('`issued`: with the token itself; `refreshed`: with one that LiveKit made of it.'),
    jti: z.string().nullable().describe('The issued token; null: it is not known which.'),
    candidates: z
      .array(z.string())
      .describe('Where it is not known: the `jti` of each token that it may have been.'),
    text: z.string().describe('The same as a sentence.'),
  })
  .describe('The issued token that the connection came from, through refreshes.');

export const issuerResponse = z
  .object({
    kind: actorKindResponse,
    id: z.string().nullable().describe('The id of the operator or API key; null: Rolecall.'),
    label: z.string().describe('Their name, as it was then.'),
  })
  .describe('Who issued it.');

/** What somebody who is in a room came in with. */
export const cameInWithResponse = lineageResponse.extend({
  issuance: z
    .object({
      id: z.string().describe('The id of its entry in the ledger.'),
      at: z.date().describe('When it was issued. ISO 8601.'),
      issuer: issuerResponse,
      template: z.string().nullable().describe('The key of its role template.'),
      version: z.number().nullable().describe('The version of its role template.'),
      expiresAt: z
        .string()
        .nullable()
        .describe(
          'Until when it opens a connection. ISO 8601. What LiveKit made of it lives longer.',
        ),
    })
    .nullable()
    .describe('The entry of the issued token; null: it is not known which, or it was erased.'),
});
export type CameInWith = z.output<typeof cameInWithResponse>;

import { z } from 'zod';
import { issuanceResponse } from '../../ledger/ledger.schemas.js';
import { entranceResponse } from '../exposure.schemas.js';
import { personResponse, roleChipResponse } from '../log/log.schemas.js';

/** Three parts of base64url: what no field here may hold. */
const TOKEN = /^\s*(?:bearer\s+)?[\w-]{4,}\.[\w-]{4,}\.[\w-]*\s*$/i;
const NOT_A_TOKEN =
  'is a whole token: send only its SHA-256 or its jti, and revoke it if it may have been seen';

const notToken = (text: string): boolean => !TOKEN.test(text);

export const recognizeBody = z
  .strictObject({
    tokenHash: z
      .string()
      .refine(notToken, { message: NOT_A_TOKEN, abort: true })
      .regex(/^[0-9a-f]{64}$/i, { message: 'must be 64 hexadecimal digits' })
      .toLowerCase()
      .optional()
      .describe('The SHA-256 of the compact JWT, in hex.'),
    jti: z
      .string()
      .refine(notToken, { message: NOT_A_TOKEN, abort: true })
      .pipe(z.uuid({ message: 'must be a UUID' }).toLowerCase())
      .optional()
      .describe('The `jti` of the token.'),
  })
  .refine(({ tokenHash, jti }) => (tokenHash === undefined) !== (jti === undefined), {
    path: ['tokenHash'],
    message: 'or jti is required, and only one of them',
  });
export type RecognizeBody = z.output<typeof recognizeBody>;

export const recognizedResponse = z.object({
  isIssued: z
    .boolean()
    .describe('Whether Rolecall issued it, as far as the log says that the caller may read.'),
  by: z
    .enum(['hash', 'jti'])
    .describe('What was looked for. A `jti` can be copied into another token; a hash cannot.'),
  text: z.string().describe('The answer as a sentence.'),
  issuance: issuanceResponse.nullable().describe('The entry of the token; null: not issued.'),
  people: z
    .object({
      issuer: personResponse.nullable().describe('Who issued it; null: not issued, or erased.'),
      subject: personResponse.nullable().describe('For whom; null: not issued, or erased.'),
    })
    .describe('By whom and for whom, by the names that they have now.'),
  role: roleChipResponse.nullable().describe('The role that it was issued with.'),
  state: z
    .enum(['living', 'expired', 'voided', 'not_issued'])
    .describe('`living`: it has neither expired nor was it revoked.'),
  expiresAt: z.date().nullable().describe('When it expires. ISO 8601; null: not issued.'),
  voidedAt: z
    .date()
    .nullable()
    .describe('Tokens from before this instant were revoked; null: it is not among them.'),
  uses: z
    .array(
      z.object({
        id: z.string().describe('The id of the entry of the gate.'),
        at: z.date().describe('When. ISO 8601.'),
        outcome: z.string().describe('`ok`: it was let in; `refused`: it was not.'),
        ip: z.string().nullable().describe('The address that it came from; null: not known.'),
      }),
    )
    .describe('Connects with it that a gate saw, newest first; 20 at most.'),
  now: z
    .object({
      entrance: entranceResponse.describe('Whether it would be let in now.'),
      role: roleChipResponse.nullable().describe('As what; null: it would not, or as it says.'),
      grants: z
        .array(z.string())
        .describe('What they could do in the room, in words; empty: nothing.'),
    })
    .nullable()
    .describe('What it is still good for; null: not issued, for no room, or for somebody erased.'),
});
export type Recognized = z.output<typeof recognizedResponse>;

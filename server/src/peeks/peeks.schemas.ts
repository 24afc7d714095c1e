import { z } from 'zod';
import { reasonText } from '../common/http/fields.js';
import { leafHashResponse } from '../ledger/ledger.schemas.js';

export const peekBody = z.strictObject({ reason: reasonText.optional() });
export type PeekBody = z.infer<typeof peekBody>;

export const peekResponse = z.object({
  token: z
    .string()
    .describe(
      'A LiveKit token for the moderator’s own client; good for one connect within a minute.',
    ),
  serverUrl: z.string().describe('The address that the LiveKit client connects to.'),
  issuanceId: z.string().describe('The ledger entry of the token.'),
  leafHash: leafHashResponse,
  jti: z.string().describe('The id of the token.'),
  identity: z.string().describe('The hidden identity that the moderator looks with.'),
  expiresAt: z.iso.datetime().describe('When the token expires. ISO 8601.'),
  until: z.iso
    .datetime()
    .describe('When the peek ends by itself: they are then disconnected. ISO 8601.'),
});
export type Peek = z.infer<typeof peekResponse>;

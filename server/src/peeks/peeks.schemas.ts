import { z } from 'zod';
import { reasonText } from '../common/http/fields.js';

export const peekBody = z.strictObject({ reason: reasonText.optional() });
export type PeekBody = z.infer<typeof peekBody>;

export const peekResponse = z.object({
  /** For the moderator's own client; good for a connect within a minute. */
  token: z.string(),
  serverUrl: z.string(),
  issuanceId: z.string(),
  jti: z.string(),
  /** The moderator's own, for looking. */
  identity: z.string(),
  /** When the token ends. */
  expiresAt: z.iso.datetime(),
  /** When the look ends by itself: LiveKit puts them out. */
  until: z.iso.datetime(),
});
export type Peek = z.infer<typeof peekResponse>;

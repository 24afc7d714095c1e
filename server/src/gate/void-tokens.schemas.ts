import { z } from 'zod';
import { reasonText } from '../common/http/fields.js';

export const voidTokensBody = z.strictObject({ reason: reasonText.optional() });
export type VoidTokensBody = z.infer<typeof voidTokensBody>;

export const voidedTokensResponse = z.object({
  voidBefore: z.iso
    .datetime()
    .describe('Tokens that were issued before this instant no longer work. ISO 8601.'),
});
export type VoidedTokens = z.infer<typeof voidedTokensResponse>;

import { AppError } from '../common/errors/app-error.js';
import type { PolicyFacts } from './policy-facts.js';

/** Throws `unavailable` for a token that would be void when it is made: of the voiding's own moment. */
export function assertNotVoid({ now, tokensVoidBefore }: PolicyFacts): void {
  if (!tokensVoidBefore || now > tokensVoidBefore) return;
  throw new AppError(
    'unavailable',
    'token.void_at_once',
    'Tokens of this moment are void: they were voided until now or later. Try again.',
    { retryAfter: 1 },
  );
}

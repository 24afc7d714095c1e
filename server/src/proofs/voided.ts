import type { TokenFacts } from '../livekit/token-reader.js';
import type { Admission } from '../seats/public/tokens.js';

/**
 * Whether a token counts as made at or before `voidBefore`. LiveKit refreshes the tokens of people
 * who are connected, so a refreshed token's own time says nothing of the original. It
 * counts as later only when a token made after the voiding came in, and it was refreshed after that.
 */
export function isVoided(
  { madeAt, isRefreshed }: Pick<TokenFacts, 'madeAt' | 'isRefreshed'>,
  voidBefore: Date,
  { proofAt, admittedAt }: Admission,
): boolean {
  if (!madeAt) return true;
  if (!isRefreshed) return madeAt <= voidBefore;
  if (!proofAt || !admittedAt || proofAt <= voidBefore) return true;
  return madeAt.getTime() < toSecond(admittedAt);
}

/** Refreshed tokens tell whole seconds. */
function toSecond(at: Date): number {
  return Math.floor(at.getTime() / 1_000) * 1_000;
}

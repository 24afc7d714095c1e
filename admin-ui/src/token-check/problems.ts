import type { TokenClaims } from '../shared/pastedToken';

/** What can be seen to be wrong with a token, without asking anybody. Each has its words. */
export type TokenProblem =
  'not_whole' | 'expired' | 'not_yet' | 'no_signature' | 'no_grants' | 'no_identity';

export function problemsOf(claims: TokenClaims | null, now: number): TokenProblem[] {
  if (!claims) return ['not_whole'];
  const { header, payload } = claims;
  const { exp, nbf, sub, video } = payload;
  const problems: TokenProblem[] = [];
  if (String(header['alg']).toLowerCase() === 'none') problems.push('no_signature');
  if (typeof exp === 'number' && exp * 1_000 <= now) problems.push('expired');
  if (typeof nbf === 'number' && nbf * 1_000 > now + 60_000) problems.push('not_yet');
  if (typeof video !== 'object' || video === null) problems.push('no_grants');
  if (typeof sub !== 'string' || sub === '') problems.push('no_identity');
  return problems;
}

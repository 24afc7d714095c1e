import { useQuery } from '@tanstack/react-query';
import type { RecognizedToken } from '@rolecall/server/api';
import { postJson } from '../api/httpClient';
import type { PastedToken } from '../shared/pastedToken';

export interface Recognition {
  answer: RecognizedToken;
  /** The log knows a token with this `jti`, and this is another one: somebody changed it. */
  isAltered: boolean;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const ask = (body: { tokenHash: string } | { jti: string }) =>
  postJson<RecognizedToken>('/ledger/recognize', body);

/** Asks by the hash, which says nothing about the token; the token itself is sent nowhere. */
export function useRecognized(token: PastedToken, isEnabled: boolean) {
  return useQuery({
    queryKey: ['/ledger/recognize', token],
    // Not by its content: a query key is written down as text.
    queryKeyHashFn: () => `/ledger/recognize ${numberOf(token)}`,
    enabled: isEnabled,
    queryFn: () => recognize(token),
    gcTime: 0,
    staleTime: Infinity,
    retry: false,
  });
}

async function recognize({ hash, claims }: PastedToken): Promise<Recognition> {
  const answer = await ask({ tokenHash: await hash });
  const jti = claims?.payload['jti'];
  if (answer.isIssued || typeof jti !== 'string' || !UUID.test(jti)) {
    return { answer, isAltered: false };
  }
  const byId = await ask({ jti });
  return { answer: byId.isIssued ? byId : answer, isAltered: byId.isIssued };
}

const numbers = new WeakMap<PastedToken, number>();
let last = 0;

function numberOf(token: PastedToken): number {
  const number = numbers.get(token) ?? ++last;
  numbers.set(token, number);
  return number;
}

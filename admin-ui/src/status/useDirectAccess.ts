import { useQuery } from '@tanstack/react-query';

/** What this browser sees: `hidden` when an https page may not connect to a LiveKit without TLS. */
export type DirectAccess = 'open' | 'closed' | 'hidden';

const TIMEOUT_MS = 4_000;
/** Only answers of the gate have it. */
const GATE_CODE = 'X-Rolecall-Code';

/** Asks LiveKit directly, without a token. An answer that is not the gate's means that it is open. */
export async function checkDirectAccess(
  url: string,
  { protocol, signal }: { protocol: string; signal?: AbortSignal },
): Promise<DirectAccess> {
  if (protocol === 'https:' && url.startsWith('http:')) return 'hidden';
  const late = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const answer = await fetch(`${url}/rtc/validate`, {
      credentials: 'omit',
      cache: 'no-store',
      signal: signal ? AbortSignal.any([signal, late]) : late,
    });
    return answer.status === 401 && !answer.headers.has(GATE_CODE) ? 'open' : 'closed';
  } catch {
    return 'closed';
  }
}

export const useDirectAccess = (url: string | null) =>
  useQuery({
    queryKey: ['direct-access', url],
    queryFn: ({ signal }) =>
      checkDirectAccess(url ?? '', { protocol: window.location.protocol, signal }),
    enabled: url !== null,
    staleTime: 60_000,
    retry: false,
  });

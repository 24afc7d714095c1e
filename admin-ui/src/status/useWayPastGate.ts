import { useQuery } from '@tanstack/react-query';

/** What this browser sees: `hidden` when an https page may not connect to a LiveKit without TLS. */
export type WayPastGate = 'open' | 'closed' | 'hidden';

const TIMEOUT_MS = 4_000;
/** What the gate says to a probe without a token; LiveKit has other words for it. */
const WORDS_OF_GATE = 'The token is not valid.';

/** Asks LiveKit itself, past the gate, without any token: an answer is a way in. */
export async function lookPastGate(
  url: string,
  { protocol, signal }: { protocol: string; signal?: AbortSignal },
): Promise<WayPastGate> {
  if (protocol === 'https:' && url.startsWith('http:')) return 'hidden';
  const late = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const answer = await fetch(`${url}/rtc/validate`, {
      credentials: 'omit',
      cache: 'no-store',
      signal: signal ? AbortSignal.any([signal, late]) : late,
    });
    const text = await answer.text();
    return answer.status === 401 && text.trim() !== WORDS_OF_GATE ? 'open' : 'closed';
  } catch {
    return 'closed';
  }
}

export const useWayPastGate = (url: string | null) =>
  useQuery({
    queryKey: ['way-past-gate', url],
    queryFn: ({ signal }) =>
      lookPastGate(url ?? '', { protocol: window.location.protocol, signal }),
    enabled: url !== null,
    staleTime: 60_000,
    retry: false,
  });

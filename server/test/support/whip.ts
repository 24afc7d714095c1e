/** An offer as a WHIP client makes one, of a microphone that nobody plugs in: no media follows. */
const OFFER = [
  'v=0',
  'o=- 1 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'c=IN IP4 0.0.0.0',
  'a=ice-ufrag:test',
  'a=ice-pwd:0123456789abcdef01234567',
  `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => 'AB').join(':')}`,
  'a=setup:actpass',
  'a=mid:0',
  'a=sendonly',
  'a=msid:- microphone',
  'a=rtcp-mux',
  'a=rtpmap:111 opus/48000/2',
  '',
].join('\r\n');

export interface WhipAnswer {
  readonly status: number;
  readonly text: string;
  /** The session's participant; null where there is none. */
  readonly sid: string | null;
}

/** What a WHIP client sends to begin, at LiveKit itself or through a gate. */
export async function whipPost(
  base: string,
  token: string,
  headers: Record<string, string> = {},
): Promise<WhipAnswer> {
  const response = await fetch(`${base}/whip/v1`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/sdp',
      ...headers,
    },
    body: OFFER,
  });
  const sid = response.headers.get('location')?.split('/').at(-1) ?? null;
  return { status: response.status, text: await response.text(), sid };
}

export async function whipSession(
  base: string,
  method: 'DELETE' | 'PATCH',
  sid: string,
  token: string,
): Promise<{ status: number; text: string }> {
  const isPatch = method === 'PATCH';
  const response = await fetch(`${base}/whip/v1/${sid}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(isPatch && { 'content-type': 'application/trickle-ice-sdpfrag', 'if-match': '*' }),
    },
    ...(isPatch && { body: 'a=ice-ufrag:new1\r\na=ice-pwd:0123456789abcdef01234567\r\n' }),
  });
  return { status: response.status, text: await response.text() };
}

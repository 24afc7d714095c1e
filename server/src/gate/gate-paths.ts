/** What of LiveKit clients may reach. Everything else (`/twirp`, `/agent`, …) is not for them. */
const SIGNALLING = new Set(['/rtc', '/rtc/v1', '/rtc/validate', '/rtc/v1/validate']);
const WHIP = /^\/whip\/v1(\/[\w-]{1,200}){0,3}$/;

export interface GateTarget {
  /** Exactly one of LiveKit's own paths: never what a client spelled. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Null for what may not pass: another path, or one of these in another spelling. */
export function gateTarget(uri: string): GateTarget | null {
  const at = uri.indexOf('?');
  const path = at === -1 ? uri : uri.slice(0, at);
  if (!SIGNALLING.has(path) && !WHIP.test(path)) return null;
  return { path, query: new URLSearchParams(at === -1 ? '' : uri.slice(at + 1)) };
}

/** Only asks whether a connect would be let in. */
export function isProbe({ path }: GateTarget): boolean {
  return path.endsWith('/validate');
}

/** LiveKit takes a header that is not empty before the query; so does the gate. */
export function presentedToken({ query }: GateTarget, authorization: string | undefined): string {
  const header = authorization?.trim() ?? '';
  if (header !== '') return header.replace(/^Bearer\s+/i, '');
  return query.get('access_token') ?? '';
}

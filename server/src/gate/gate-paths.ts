import { isResumeRequest } from '../livekit/join-request.js';
import { limitedQuery } from './gate-allowed.js';

/** What a request at one of LiveKit's paths for clients does. */
export type GateAction =
  /** Opens a signalling connection. */
  | 'connect'
  /** Only asks whether a connect would be let in. */
  | 'probe'
  | 'whip_publish'
  /** Changes or ends the WHIP session whose id is in the path. */
  | 'whip_session';

const ACTIONS = new Map<string, GateAction>([
  ['/rtc', 'connect'],
  ['/rtc/v1', 'connect'],
  ['/rtc/validate', 'probe'],
  ['/rtc/v1/validate', 'probe'],
  ['/whip/v1', 'whip_publish'],
]);
const WHIP_SESSION = /^\/whip\/v1\/([\w-]{1,64})$/;

const METHODS: Readonly<Record<GateAction, readonly string[]>> = {
  connect: ['GET'],
  probe: ['GET'],
  whip_publish: ['POST'],
  whip_session: ['PATCH', 'DELETE'],
};

export interface GateTarget {
  /** Exactly one of LiveKit's own paths: never what a client spelled. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly action: GateAction;
  /** The participant whose WHIP session the path names. */
  readonly sid: string | null;
}

/** Null for any other path, also another spelling of these. */
export function gateTarget(uri: string): GateTarget | null {
  const at = uri.indexOf('?');
  const path = at === -1 ? uri : uri.slice(0, at);
  const sid = WHIP_SESSION.exec(path)?.[1] ?? null;
  const action = sid === null ? ACTIONS.get(path) : 'whip_session';
  if (!action) return null;
  const query = new URLSearchParams(at === -1 ? '' : uri.slice(at + 1));
  return { path, query, action, sid };
}

/** Some proxies do not forward the method: then the path alone decides. */
export function isMethodOpen({ action }: GateTarget, method: string | null): boolean {
  return method === null || METHODS[action].includes(method);
}

export function isProbe({ action }: GateTarget): boolean {
  return action === 'probe';
}

export function isWhip({ action }: GateTarget): boolean {
  return action === 'whip_publish' || action === 'whip_session';
}

/**
 * Whether LiveKit takes what passes on for a resume: where there is a `join_request`, it looks at
 * nothing else.
 */
export function isResume({ action, query }: GateTarget): boolean {
  if (action !== 'connect') return false;
  const passedOn = limitedQuery(query);
  const joinRequest = passedOn.get('join_request') ?? '';
  if (joinRequest !== '') return isResumeRequest(joinRequest);
  return passedOn.get('reconnect') === '1' || passedOn.get('reconnect') === 'true';
}

/** A resume that says nothing but how its client wants to hear the answer. */
export function bareResume({ query }: GateTarget): GateTarget {
  const told = query.get('protocol') ?? '';
  // In a `join_request` come clients that are newer than this one.
  const protocol = /^\d{1,3}$/.test(told) ? told : '16';
  const bare = new URLSearchParams({ reconnect: '1', protocol });
  return { path: '/rtc', query: bare, action: 'connect', sid: null };
}

/**
 * LiveKit takes a header before the query; so does the gate. A header of another scheme is for a
 * proxy in front: browsers send `Basic …` along with what our pages ask.
 */
export function presentedToken({ query }: GateTarget, authorization: string | undefined): string {
  const bearer = /^\s*Bearer\s+(\S.*)$/i.exec(authorization ?? '')?.[1];
  return bearer?.trim() ?? query.get('access_token') ?? '';
}

/** The path and query for LiveKit: without the client's token, and only what its own clients send. */
export function upstreamUri({ path, query, action }: GateTarget): string {
  const search = action === 'connect' ? limitedQuery(query).toString() : '';
  return search === '' ? path : `${path}?${search}`;
}

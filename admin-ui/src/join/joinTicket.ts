import { tab } from '../browser/storage';

/**
 * What one needs to enter a room: a token and the address it is good for. The token is read here
 * only to show what it says; nothing is decided by it.
 */
export interface JoinTicket {
  token: string;
  serverUrl: string;
  room: string;
  identity: string;
  name?: string;
  /** Key and version of the role template the token was made from, when the issuer said so. */
  template?: string;
  version?: number;
}

export interface TokenClaims {
  sub?: string;
  name?: string;
  exp?: number;
  nbf?: number;
  video?: { room?: string; roomJoin?: boolean } & Record<string, unknown>;
  [claim: string]: unknown;
}

/** The claims of a compact JWT, or null when the text is none. The signature is not checked. */
export function readClaims(token: string): TokenClaims | null {
  const parts = token.split('.');
  if (parts.length !== 3) return null;
  try {
    const base64 = parts[1]!.replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === 'object' && claims !== null ? (claims as TokenClaims) : null;
  } catch {
    return null;
  }
}

export type PasteProblem = 'empty' | 'not_a_token' | 'no_room' | 'expired';

/**
 * Takes what people really paste: the bare token, or the whole answer of `POST /api/v1/tokens` or
 * of a LiveKit token endpoint, which brings the server's address with it.
 */
export function ticketFromText(
  text: string,
  serverUrl: string,
  now: number = Date.now(),
): { ticket: JoinTicket } | { problem: PasteProblem } {
  const trimmed = text.trim();
  if (!trimmed) return { problem: 'empty' };
  let token = trimmed;
  let address = serverUrl;
  if (trimmed.startsWith('{')) {
    try {
      const answer = JSON.parse(trimmed) as Record<string, unknown>;
      token = String(answer.token ?? answer.participant_token ?? answer.participantToken ?? '');
      address = String(answer.serverUrl ?? answer.server_url ?? answer.url ?? serverUrl);
    } catch {
      return { problem: 'not_a_token' };
    }
  }
  const claims = readClaims(token);
  if (!claims) return { problem: 'not_a_token' };
  if (!claims.video?.roomJoin || !claims.video.room || !claims.sub) return { problem: 'no_room' };
  if (claims.exp && claims.exp * 1000 < now) return { problem: 'expired' };
  return {
    ticket: {
      token,
      serverUrl: address,
      room: claims.video.room,
      identity: claims.sub,
      ...(claims.name ? { name: claims.name } : {}),
    },
  };
}

export function joinPath(room: string): string {
  return `/join/${encodeURIComponent(room)}`;
}

/** The room named in `/join/:room`, or null when there is none or it is not valid text. */
export function roomFromPath(pathname: string): string | null {
  const encoded = /^\/join\/([^/]+)\/?$/.exec(pathname)?.[1];
  if (!encoded) return null;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return null;
  }
}

const storageKey = (room: string) => `rolecall.join:${room}`;
const proofKey = (room: string) => `rolecall.join.proof:${room}`;

/** The ticket of this tab, so that a reload comes back. It ends with the tab. */
export function keepTicket(ticket: JoinTicket): void {
  tab.setItem(storageKey(ticket.room), JSON.stringify(ticket));
  tab.removeItem(proofKey(ticket.room));
}

/** The newest token of the same seat, for when the ticket's own has expired. */
export function keepProof(room: string, token: string): void {
  tab.setItem(proofKey(room), token);
}

export function keptTicket(room: string, now: number = Date.now()): JoinTicket | null {
  const kept = tab.getItem(storageKey(room));
  if (!kept) return null;
  const ticket = ticketFromStore(kept);
  if (ticket?.room !== room) return null;
  const newer = tab.getItem(proofKey(room));
  return newer && isOver(ticket.token, now) && !isOver(newer, now)
    ? { ...ticket, token: newer }
    : ticket;
}

/** Null for what is not a ticket: other pages of this origin may write there too. */
function ticketFromStore(kept: string): JoinTicket | null {
  try {
    const ticket = JSON.parse(kept) as JoinTicket;
    const { token, serverUrl, identity } = ticket;
    const isWhole = [token, serverUrl, identity].every((each) => typeof each === 'string');
    return isWhole && readClaims(token) && URL.canParse(serverUrl) ? ticket : null;
  } catch {
    return null;
  }
}

function isOver(token: string, now: number): boolean {
  return (readClaims(token)?.exp ?? Infinity) * 1000 < now;
}

export function dropTicket(room: string): void {
  tab.removeItem(storageKey(room));
  tab.removeItem(proofKey(room));
}

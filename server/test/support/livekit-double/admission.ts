import type { IncomingMessage } from 'node:http';
import type { Handler } from './methods.ts';
import { permissionOfToken, Refused, type Ticket } from './model.ts';
import { isValidNow, readJwt } from './tokens.ts';

const MAX_SIGNED = 100;

/** Checks tokens as LiveKit does: of those who call its API, and of those who join. */
export class Admission {
  private readonly apiKey: string;
  private readonly apiSecret: string;
  private readonly signed = new Map<string, Record<string, unknown>>();

  constructor(apiKey: string, apiSecret: string) {
    this.apiKey = apiKey;
    this.apiSecret = apiSecret;
  }

  authorize(request: IncomingMessage, handler: Handler, room: string): void {
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
    const claims = this.read(token);
    if (!claims || claims['iss'] !== this.apiKey) {
      throw new Refused(401, 'unauthenticated', 'invalid token');
    }
    const video = (claims['video'] ?? {}) as Record<string, unknown>;
    const isAllowed =
      video[handler.needs] === true && (handler.needs !== 'roomAdmin' || video['room'] === room);
    if (!isAllowed) throw new Refused(403, 'permission_denied', 'requires admin permissions');
  }

  /** What signs many calls is looked at once; whether it is valid now, each time. */
  private read(token: string): Record<string, unknown> | null {
    const known = this.signed.get(token);
    if (known) return isValidNow(known) ? known : null;
    const claims = readJwt(token, this.apiSecret);
    if (!claims) return null;
    if (this.signed.size >= MAX_SIGNED) this.signed.clear();
    this.signed.set(token, claims);
    return claims;
  }

  admit(ticket: Ticket) {
    if (typeof ticket !== 'string') {
      const { room, identity, permission } = ticket;
      const video = { room, roomJoin: true, ...permission };
      return { claims: { room, identity, video, name: '' }, permission: { ...permission } };
    }
    const claims = readJwt(ticket, this.apiSecret);
    if (!claims || claims['iss'] !== this.apiKey) {
      throw new Refused(401, 'unauthenticated', 'invalid token');
    }
    const video = (claims['video'] ?? {}) as Record<string, unknown>;
    if (video['roomJoin'] !== true) {
      throw new Refused(401, 'unauthenticated', 'permissions denied');
    }
    const room = String(video['room'] ?? '');
    const identity = String(claims['sub'] ?? '');
    const name = String(claims['name'] ?? '');
    return { claims: { room, identity, video, name }, permission: permissionOfToken(video) };
  }
}

/** A header that is not empty wins over the query. */
export function presented(request: IncomingMessage, url: URL): string {
  const header = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
  return header || (url.searchParams.get('access_token') ?? '');
}

import { TokenSigner } from '../../src/livekit/signer.js';
import type { Answer, Json, TestApp } from './test-app.js';

export function stagePath(room: string): string {
  return `/api/v1/rooms/${encodeURIComponent(room)}/stage`;
}

/** In the room as far as Postgres knows, with a token that was issued here. */
export async function sitDown(app: TestApp, room: string, ...identities: string[]): Promise<void> {
  for (const identity of identities) {
    await app.sql(
      `INSERT INTO seat (room, identity, is_present, sid, state, kind, last_issued_at, joined_at)
       VALUES ($1, $2, true, $3, 'active', 'standard', now(), now())
       ON CONFLICT (room, identity) DO UPDATE SET is_present = true, left_at = NULL`,
      [room, identity, `PA_${identity}`],
    );
  }
}

/** A LiveKit token as participants hold them, made past Rolecall. */
export function participantToken(
  app: TestApp,
  room: string,
  identity: string,
  claims: Record<string, unknown> = {},
): string {
  const now = Math.floor(Date.now() / 1000);
  return new TokenSigner(app.config.livekit).sign({
    sub: identity,
    nbf: now - 5,
    exp: now + 600,
    jti: `jti-${identity}`,
    video: { roomJoin: true, room, canPublish: true },
    ...claims,
  });
}

/** What a participant does for themselves, or without an action how they stand. */
export function asParticipant(
  app: TestApp,
  room: string,
  token: string,
  action?: string,
  body: unknown = {},
  headers: Record<string, string> = {},
): Promise<Answer<Json>> {
  return app.inject(action ? 'POST' : 'GET', `${stagePath(room)}/me${action ? `/${action}` : ''}`, {
    ...(action ? { body } : {}),
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
}

import { expect } from '@jest/globals';
import { TokenSigner } from '../../src/livekit/signer.js';
import { type Answer, type Credential, type Json, startTestApp, type TestApp } from './test-app.js';

export function stagePath(room: string): string {
  return `/api/v1/rooms/${encodeURIComponent(room)}/stage`;
}

/**
 * A Rolecall and somebody who moderates. Everybody is in the room as far as Postgres knows: LiveKit
 * is not there, nor needed.
 */
export async function startStageApp(): Promise<{ app: TestApp; moderator: Credential }> {
  const app = await startTestApp();
  return { app, moderator: await app.newOperator([{ role: 'moderator' }]) };
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

/** What the specs of the stage do again and again; asked for its app only once a test runs. */
export function stageTools(world: () => { app: TestApp; moderator: Credential }) {
  const inRoom = (room: string, ...identities: string[]) =>
    sitDown(world().app, room, ...identities);

  /** As the participant; answers with status and body. */
  const me = (room: string, identity: string, action?: string, body: unknown = {}) =>
    asParticipant(world().app, room, participantToken(world().app, room, identity), action, body);

  const raised = async (room: string, ...identities: string[]): Promise<void> => {
    for (const identity of identities) {
      await inRoom(room, identity);
      expect((await me(room, identity, 'raise')).status).toBe(200);
    }
  };

  const newRoom = (fields: Record<string, unknown> = {}): Promise<string> =>
    world().app.newRoom({ default_template: 'viewer', ...fields });

  const stage = async (room: string) => {
    const { app, moderator } = world();
    return (await app.inject('GET', stagePath(room), { as: moderator })).body;
  };

  const act = (
    room: string,
    path: string,
    body: unknown = {},
    as: Credential = world().moderator,
  ) =>
    world().app.inject('POST', `/api/v1/rooms/${encodeURIComponent(room)}/${path}`, { as, body });

  const limit = (
    room: string,
    key: string,
    slots: number | null,
    as: Credential = world().app.admin,
  ) => world().app.inject('PUT', `${stagePath(room)}/limits/${key}`, { as, body: { slots } });

  const speakers = async (room: string): Promise<string[]> => {
    const rows = await world().app.sql<{ identity: string }>(
      `SELECT identity FROM seat WHERE room = $1 AND override_template = 'speaker' ORDER BY identity`,
      [room],
    );
    return rows.map(({ identity }) => identity);
  };

  return { inRoom, me, raised, newRoom, stage, act, limit, speakers };
}

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../../test/support/test-app.js';
import { ParticipantProofs } from '../proofs/participant-proofs.js';
import { TokenSigner } from '../livekit/signer.js';

let app: TestApp;
let room: string;
beforeAll(async () => {
  app = await startTestApp({
    environment: {
      LIVEKIT_API_KEY: 'APIreserved',
      LIVEKIT_API_SECRET: 'a-secret-that-is-long-enough-to-use',
    },
  });
  room = await app.newRoom({ default_template: 'viewer' });
});
afterAll(() => app.stop());

const identity = 'rolecall-peek:00000000-0000-4000-8000-000000000000';
const post = (url: string, body: object) => app.inject('POST', url, { as: app.admin, body });

describe('an identity that Rolecall keeps to itself', () => {
  it.each<[string, string, () => object]>([
    ['identity', '/api/v1/users', () => ({ identity })],
    ['identity', '/api/v1/tokens', () => ({ room, identity })],
    ['identity', '/api/v1/tokens', () => ({ room, identity, createUser: true })],
    ['identity', '/api/v1/tokens/preview', () => ({ room, identity })],
    [
      'participant_identity',
      '/livekit/token',
      () => ({ room_name: room, participant_identity: identity }),
    ],
    ['userId', '/livekit/token', () => ({ room, userId: identity })],
    ['user_id', '/livekit/token', () => ({ room, user_id: identity })],
  ])('is refused as %s of %s', async (field, url, body) => {
    const answer = await post(url, body());
    expect([answer.status, Object.keys(answer.body.errors ?? {})]).toEqual([400, [field]]);
  });

  it('is refused as a seat, whatever is asked for it', async () => {
    const seat = `/api/v1/rooms/${room}/seats/${encodeURIComponent(identity)}`;
    await app.sql('INSERT INTO seat (room, identity) VALUES ($1, $2)', [room, identity]);
    for (const action of ['promote', 'demote', 'block', 'hold', 'mute', 'remove']) {
      const body = action === 'promote' || action === 'demote' ? { template: 'viewer' } : {};
      const answer = await post(`${seat}/${action}`, body);
      expect([action, answer.status, answer.body.errors]).toEqual([
        action,
        400,
        { identity: expect.stringContaining('rolecall-peek:') },
      ]);
    }
  });

  it('is nobody’s, even if a user has it from before', async () => {
    const user = await app.newUser({ identity });
    for (const [field, url, body] of [
      ['user', '/api/v1/tokens', { room, user: user.id }],
      ['subject', '/api/v1/assignments', assignment(user.id)],
    ] as const) {
      const answer = await post(url, body);
      expect([answer.status, Object.keys(answer.body.errors ?? {})]).toEqual([400, [field]]);
    }
    const exp = Math.floor(Date.now() / 1_000) + 60;
    const token = new TokenSigner(app.config.livekit).sign({
      sub: identity,
      exp,
      video: { roomJoin: true, room },
    });
    const proof = await app.app.get(ParticipantProofs, { strict: false }).check(token);
    expect(proof).toMatchObject({ kind: 'refused', code: 'gate.identity_reserved' });
  });

  // The address of such a seat or room is that of something else.
  it.each(['.', '..'])('nor is %j anybody’s, nor a room’s', async (name) => {
    for (const [field, url, body] of [
      ['identity', '/api/v1/users', { identity: name }],
      ['identity', '/api/v1/tokens', { room, identity: name, createUser: true }],
      ['participant_identity', '/livekit/token', { room_name: room, participant_identity: name }],
      ['name', '/api/v1/rooms', { name }],
      ['room', '/api/v1/tokens', { room: name, identity: 'ana', createRoom: true }],
      ['room_name', '/livekit/token', { room_name: name, participant_identity: 'ana' }],
    ] as const) {
      const answer = await post(url, body);
      expect([url, answer.status, answer.body.errors]).toEqual([
        url,
        400,
        { [field]: expect.stringContaining('no address') },
      ]);
    }
    const exp = Math.floor(Date.now() / 1_000) + 60;
    const claims = { sub: name, exp, video: { roomJoin: true, room } };
    const token = new TokenSigner(app.config.livekit).sign(claims);
    const proof = await app.app.get(ParticipantProofs, { strict: false }).check(token);
    expect(proof).toMatchObject({ kind: 'refused', code: 'gate.identity_reserved' });
  });

  const assignment = (user: string) => ({
    subject: { user },
    scope: { room },
    template: 'viewer',
    reason: 'x',
  });
});

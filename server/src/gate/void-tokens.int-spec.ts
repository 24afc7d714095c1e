import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Credential, startTestApp, type TestApp } from '../../test/support/test-app.js';
import { type TokenClaims, TokenSigner } from '../livekit/signer.js';
import { newTokenId } from '../common/token-id.js';

const SECRET = 'a-secret-of-the-proxy';
let app: TestApp;

beforeAll(async () => {
  app = await startTestApp({
    overrides: { rateOperator: { points: 100_000, seconds: 10 } },
    environment: {
      ROLECALL_GATE: 'off',
      ROLECALL_GATE_SECRET: SECRET,
      LIVEKIT_API_KEY: 'APIvoid',
      LIVEKIT_API_SECRET: 'a-secret-that-is-long-enough-to-use',
    },
  });
});
afterAll(() => app.stop());

const seconds = (ms: number) => Math.floor(ms / 1_000);

/** A token as we issue it, as it would have been made at `at`. */
function made(room: string, identity: string, at: number): string {
  const times = { iat: seconds(at), nbf: seconds(at), exp: seconds(at) + 600 };
  return sign({ ...times, jti: newTokenId(new Date(at)), sub: identity, video: joins(room) });
}
/** As LiveKit refreshes them: with a time, without an id. */
function refreshed(room: string, identity: string, at: number): string {
  const times = { iat: seconds(at), nbf: seconds(at), exp: seconds(at) + 600 };
  return sign({ ...times, sub: identity, identity, video: joins(room) });
}
const joins = (room: string) => ({ roomJoin: true, room, canPublish: true });
const sign = (claims: TokenClaims) => new TokenSigner(app.config.livekit).sign(claims);

function knock(token: string, path = '/rtc') {
  const uri = `${path}?access_token=${token}`;
  const headers = { 'x-original-uri': uri, 'x-rolecall-gate-secret': SECRET };
  return app.inject('GET', '/livekit/gate', { headers });
}
const statusOf = async (token: string) => (await knock(token)).status;

async function voided(url: string, as: Credential = app.admin, body: object = {}) {
  const answer = await app.inject('POST', `/api/v1${url}`, { as, body });
  expect(answer.status).toBe(200);
  return new Date(answer.body.voidBefore).getTime();
}
const seatUrl = (room: string, identity: string) => `/rooms/${room}/seats/${identity}/void-tokens`;
const newRoom = () => app.newRoom({ default_template: 'viewer' });

describe('tokens that are void', () => {
  it('are those of the seat, and of no other', async () => {
    const room = await newRoom();
    const other = await newRoom();
    const { identity } = await app.newUser();
    const at = Date.now();
    await voided(seatUrl(room, identity));
    const answer = await knock(made(room, identity, at));
    expect([answer.status, answer.headers['x-rolecall-code'], answer.text]).toEqual([
      403,
      'token.voided',
      'This link is no longer valid. Ask for a new one.',
    ]);
    expect(await statusOf(made(other, identity, at))).toBe(200);
    expect(await statusOf(made(room, 'somebody-else', at))).toBe(200);
  });

  it('are those of the user in every room', async () => {
    const [room, other] = [await newRoom(), await newRoom()];
    const user = await app.newUser();
    const at = Date.now();
    await voided(`/users/${user.id}/void-tokens`);
    expect(await statusOf(made(room, user.identity, at))).toBe(403);
    expect(await statusOf(made(other, user.identity, at))).toBe(403);
    expect(await statusOf(made(room, 'somebody-else', at))).toBe(200);
  });

  it('are those of everybody in the room', async () => {
    const [room, other] = [await newRoom(), await newRoom()];
    const { identity } = await app.newUser();
    const at = Date.now();
    await voided(`/rooms/${room}/void-tokens`);
    expect(await statusOf(made(room, identity, at))).toBe(403);
    expect(await statusOf(made(room, 'somebody-else', at))).toBe(403);
    expect(await statusOf(made(other, identity, at))).toBe(200);
  });

  it('are told apart from new ones to the millisecond', async () => {
    const room = await newRoom();
    const { identity } = await app.newUser();
    const at = await voided(seatUrl(room, identity));
    expect(await statusOf(made(room, identity, at))).toBe(403);
    expect(await statusOf(made(room, identity, at + 1))).toBe(200);
    const { body } = await app.inject('POST', '/api/v1/tokens', {
      as: app.admin,
      body: { room, identity },
    });
    expect(await statusOf(body.token)).toBe(200);
  });

  const admissionOf = async (room: string, identity: string) => {
    const [seat] = await app.sql<{ proof_at: Date; admitted_at: Date }>(
      'SELECT proof_at, admitted_at FROM seat WHERE room = $1 AND identity = $2',
      [room, identity],
    );
    return { proofAt: seat?.proof_at.getTime(), admittedAt: seat?.admitted_at.getTime() as number };
  };

  it('do not come back in the tokens that LiveKit refreshes', async () => {
    const room = await newRoom();
    const { identity } = await app.newUser();
    const at = await voided(seatUrl(room, identity));
    expect(await statusOf(refreshed(room, identity, at + 3_000))).toBe(403);
    expect(await statusOf(made(room, identity, at + 1))).toBe(200);
    const { admittedAt } = await admissionOf(room, identity);
    expect(await statusOf(refreshed(room, identity, admittedAt - 1))).toBe(403);
    expect(await statusOf(refreshed(room, identity, admittedAt))).toBe(200);
    const second = await voided(seatUrl(room, identity));
    expect(await statusOf(refreshed(room, identity, second + 3_000))).toBe(403);
  });

  it('keep the first one after them waiting for the next second, and nobody else', async () => {
    const room = await newRoom();
    const { identity } = await app.newUser();
    const at = await voided(seatUrl(room, identity));
    // As a page that connects twice at once does.
    const twice = [at + 1, at + 2].map((time) => knock(made(room, identity, time)));
    expect((await Promise.all(twice)).map(({ status }) => status)).toEqual([200, 200]);
    const first = await admissionOf(room, identity);
    expect(first.admittedAt % 1_000).toBe(0);
    expect(first.admittedAt).toBeGreaterThan(at);
    expect(Date.now()).toBeGreaterThanOrEqual(first.admittedAt);
    expect(await statusOf(made(room, identity, at + 3))).toBe(200);
    expect(await admissionOf(room, identity)).toEqual(first);
  });

  it('do not come back from somebody who came in by an older token than the next one', async () => {
    const room = await newRoom();
    const { identity } = await app.newUser();
    const at = await voided(seatUrl(room, identity));
    expect(await statusOf(made(room, identity, at + 9))).toBe(200);
    expect(await statusOf(made(room, identity, at + 5))).toBe(200);
    expect((await admissionOf(room, identity)).proofAt).toBe(at + 5);
    await app.sql('UPDATE seat SET tokens_void_before = $2 WHERE room = $1', [
      room,
      new Date(at + 7),
    ]);
    expect(await statusOf(refreshed(room, identity, at + 20_000))).toBe(403);
  });

  it('cost nobody a write whose tokens are good, and a probe never does', async () => {
    const room = await newRoom();
    const { identity } = await app.newUser();
    const seats = () => app.sql('SELECT proof_at FROM seat WHERE room = $1', [room]);
    expect(await statusOf(made(room, identity, Date.now()))).toBe(200);
    expect(await seats()).toEqual([]);
    const at = await voided(`/rooms/${room}/void-tokens`);
    // Let in, but for the LiveKit server that there is none of here.
    expect((await knock(made(room, identity, at + 1), '/rtc/validate')).status).not.toBe(403);
    expect(await seats()).toEqual([]);
    expect(await statusOf(made(room, identity, at + 1))).toBe(200);
    expect(await seats()).toEqual([{ proof_at: new Date(at + 1) }]);
  });

  it('and their voiding are in the ledger', async () => {
    const room = await newRoom();
    const user = await app.newUser();
    const voidBefore = new Date(
      await voided(seatUrl(room, user.identity), app.admin, { reason: 'the link leaked' }),
    ).toISOString();
    await voided(`/users/${user.id}/void-tokens`);
    await voided(`/rooms/${room}/void-tokens`);
    expect((await app.ledger('token.voided')).slice(-3)).toMatchObject([
      {
        outcome: 'ok',
        actor_label: app.admin.label,
        room,
        identity: user.identity,
        reason: 'the link leaked',
        payload: { scope: 'seat', voidBefore },
      },
      { room: null, identity: user.identity, payload: { scope: 'user' } },
      { room, identity: null, payload: { scope: 'room' } },
    ]);
    await knock(made(room, user.identity, Date.now() - 5_000));
    expect((await app.ledger('gate.refused')).at(-1)).toMatchObject({
      room,
      identity: user.identity,
      outcome: 'refused',
      payload: { refusal: 'token.voided' },
    });
  });

  it('exist for rooms and users that exist', async () => {
    const as = app.admin;
    const nobody = '00000000-0000-4000-8000-000000000000';
    for (const url of [
      '/rooms/nowhere/void-tokens',
      '/rooms/nowhere/seats/x/void-tokens',
      `/users/${nobody}/void-tokens`,
    ]) {
      expect((await app.inject('POST', `/api/v1${url}`, { as, body: {} })).status).toBe(404);
    }
    const body = { before: '2026-01-01' };
    expect((await app.inject('POST', '/api/v1/void-tokens', { as, body })).status).toBe(400);
  });

  it('a moderator of some rooms voids there, and neither elsewhere nor everywhere', async () => {
    const [room, other] = [await newRoom(), await newRoom()];
    const user = await app.newUser();
    const as = await app.newOperator([{ role: 'moderator', rooms: [room] }]);
    await voided(seatUrl(room, user.identity), as);
    await voided(`/rooms/${room}/void-tokens`, as);
    const statuses = [];
    for (const url of [
      `/rooms/${other}/void-tokens`,
      seatUrl(other, 'x'),
      `/users/${user.id}/void-tokens`,
      '/void-tokens',
    ]) {
      statuses.push((await app.inject('POST', `/api/v1${url}`, { as, body: {} })).status);
    }
    expect(statuses).toEqual([404, 404, 403, 403]);
    const auditor = await app.newOperator([{ role: 'auditor' }]);
    const refused = await app.inject('POST', '/api/v1/void-tokens', { as: auditor, body: {} });
    expect(refused.status).toBe(403);
  });

  it('are everybody’s, when everybody’s are voided', async () => {
    const room = await newRoom();
    const { identity } = await app.newUser();
    const at = await voided('/void-tokens', app.admin, { reason: 'the key leaked' });
    expect(await statusOf(made(room, identity, at))).toBe(403);
    expect(await statusOf(made(room, identity, at + 1))).toBe(200);
    expect((await app.ledger('token.voided')).at(-1)).toMatchObject({
      room: null,
      identity: null,
      payload: { scope: 'everybody' },
    });
  });
});

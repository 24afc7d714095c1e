import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { type DoubleWorld, startDoubleWorld } from '../../test/support/double-world.js';
import type { Caller, LiveApp } from '../../test/support/live-app.js';
import type { LiveScene } from '../../test/support/live-scene.js';
import type { LiveKitDouble } from '../../test/support/livekit-double/livekit-double.js';
import { until } from '../../test/support/until.js';

const MINUTE = 60_000;

const SECRET = 'a-secret-of-the-proxy';

describe('a moderator who peeks at a participant', () => {
  let world: DoubleWorld;
  let livekit: LiveKitDouble;
  let app: LiveApp;
  let scene: LiveScene;
  let kim: Caller;
  let room: string;
  let count = 0;

  beforeAll(async () => {
    world = await startDoubleWorld({
      ROLECALL_SWEEP: '1s',
      ROLECALL_GATE: 'off',
      ROLECALL_GATE_SECRET: SECRET,
    });
    ({ livekit, app, scene } = world);
    kim = await app.operator('moderator');
  });

  afterAll(() => world?.stop());

  beforeEach(async () => {
    room = await scene.room(`peek-${count++}`);
    await sits('ana');
  });

  const sits = async (identity: string) => {
    livekit.join(await scene.issued(room, identity));
    await scene.untilSeat(room, identity, 'is here', ({ isPresent }) => isPresent);
  };
  const path = (identity: string) => `/api/v1/rooms/${room}/seats/${identity}/peek`;
  const look = async (identity = 'ana', body: object = {}, who: Caller = kim) => {
    const { status, body: peek } = await who.post(path(identity), body);
    expect({ status, peek }).toMatchObject({ status: 201 });
    return peek as { token: string; identity: string; jti: string; until: string };
  };
  /** Looks, and comes into the room with it. */
  const watch = async (identity = 'ana') => {
    const peek = await look(identity);
    const person = livekit.join(peek.token);
    await scene.untilSeat(room, peek.identity, 'is here', ({ isPresent }) => isPresent);
    return { ...peek, person };
  };
  const claimsOf = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  /** What the gate would make of the token. */
  const knock = async (token: string) => {
    const response = await fetch(`${app.url}/livekit/gate`, {
      headers: {
        'x-original-uri': `/rtc?access_token=${token}`,
        'x-rolecall-gate-secret': SECRET,
      },
    });
    const passed = response.headers.get('authorization')?.slice('Bearer '.length);
    return { status: response.status, video: passed ? claimsOf(passed).video : null };
  };
  const isOut = (peek: { person: { isHere: boolean } }) =>
    until('the moderator is out', () => !peek.person.isHere);

  it('is a token to hear and see with, hidden, for a minute, and nothing else', async () => {
    const asked = Date.now();
    const { token, identity, until: end } = await look();
    const { iat, exp, ...claims } = claimsOf(token);
    expect(claims).toMatchObject({
      sub: identity,
      name: 'moderator@example.com',
      video: {
        room,
        roomJoin: true,
        hidden: true,
        canSubscribe: true,
        canPublish: false,
        canPublishData: false,
      },
    });
    expect(Object.keys(claims.video)).toHaveLength(6);
    expect(exp - iat).toBe(60);
    const length = Date.parse(end) - asked;
    expect(length).toBeGreaterThan(4.9 * MINUTE);
    expect(length).toBeLessThan(5.5 * MINUTE);
    expect(await knock(token)).toEqual({ status: 200, video: claims.video });
  });

  it('is in the ledger before the token leaves: as the token, and as an act on the person', async () => {
    const { token, identity, jti } = await look('ana', { reason: 'complaint' });
    const [issued, peeked] = (await scene.ledger(room)).slice(-2);
    expect(issued).toMatchObject({
      kind: 'token.issued',
      identity,
      actor_label: 'moderator@example.com',
      payload: { jti, peeksAt: 'ana', ttl: 60, template: 'hidden-observer' },
    });
    expect(peeked).toMatchObject({
      kind: 'seat.peeked',
      identity: 'ana',
      actor_label: 'moderator@example.com',
      payload: { as: identity, jti },
    });
    expect(JSON.stringify([issued, peeked])).not.toContain(token.split('.')[2]);
    const log = await app.get(`/api/v1/issuances?filter={"room":"${room}"}`);
    expect(log.body.data[0]).toMatchObject({ jti, identity, reason: 'complaint' });
  });

  it('gives no token when the ledger cannot be written, and leaves no seat behind', async () => {
    const owner = new pg.Client(app.database.ownerUrl);
    await owner.connect();
    try {
      await owner.query(
        `ALTER TABLE ledger_entry ADD CONSTRAINT no_peeks CHECK (kind <> 'seat.peeked') NOT VALID`,
      );
      const { status, body } = await kim.post(path('ana'));
      expect(status).toBeGreaterThanOrEqual(500);
      expect(body.token).toBeUndefined();
      const peeks = await app.sql('SELECT FROM seat WHERE room = $1 AND peeks_at IS NOT NULL', [
        room,
      ]);
      expect(peeks).toEqual([]);
      expect(await scene.ledger(room, 'token.issued')).toEqual([]);
    } finally {
      await owner.query('ALTER TABLE ledger_entry DROP CONSTRAINT IF EXISTS no_peeks');
      await owner.end();
    }
  });

  it('shows to the other moderators as what it is', async () => {
    const { identity } = await watch();
    expect(await scene.seat(room, identity)).toMatchObject({
      peeksAt: 'ana',
      isSilent: true,
      silentWhy: 'hidden',
      isUnlisted: false,
      inSync: true,
      override: { template: 'hidden-observer', by: 'moderator@example.com' },
    });
    expect(await scene.seat(room, 'ana')).toMatchObject({ peeksAt: null });
  });

  it('ends when the moderator stops, and the token lets nobody in again', async () => {
    const peek = await watch();
    expect((await kim.send('DELETE', path('ana'))).status).toBe(204);
    await isOut(peek);
    expect(await knock(peek.token)).toMatchObject({ status: 403 });
    const again = livekit.join(peek.token);
    await until('the moderator is out again', () => !again.isHere);
    const ends = await scene.ledger(room, 'seat.peek_ended');
    expect(ends.map(({ outcome, identity }) => [outcome, identity])).toEqual([
      ['intent', peek.identity],
      ['applied', peek.identity],
    ]);
    expect(await kim.send('DELETE', path('ana'))).toMatchObject({ status: 204 });
    expect(await scene.ledger(room, 'seat.peek_ended')).toHaveLength(2);
  });

  it('ends by itself, once, also with everyone assigned a role', async () => {
    const peek = await watch();
    await app.sql('UPDATE seat SET override_until = now() WHERE room = $1 AND identity = $2', [
      room,
      peek.identity,
    ]);
    await isOut(peek);
    await until('it is written down', async () =>
      (await scene.ledger(room, 'seat.lease_ended')).some(({ outcome }) => outcome === 'applied'),
    );
    expect(await scene.ledger(room, 'seat.lease_ended')).toHaveLength(2);
    expect(await knock(peek.token)).toMatchObject({ status: 403 });
  });

  it('is one at a time in a room: a second one is the same seat, and its end is not the first one’s', async () => {
    await sits('bo');
    const first = await watch('ana');
    const second = await look('bo');
    expect(second.identity).toBe(first.identity);
    expect((await kim.send('DELETE', path('ana'))).status).toBe(204);
    expect(await knock(second.token)).toMatchObject({ status: 200 });
    expect(await scene.seat(room, second.identity)).toMatchObject({ peeksAt: 'bo' });
    const other = await look('bo', {}, app);
    expect(other.identity).not.toBe(second.identity);
  });

  it('is made nobody of: no role, no part in the stage, no other token', async () => {
    const { identity, token } = await watch();
    const seat = encodeURIComponent(identity);
    for (const action of ['promote', 'demote', 'hold', 'mute', 'invite']) {
      const body = action === 'demote' ? { template: 'viewer' } : {};
      const { status, body: answer } = await scene.act(room, identity, action, body);
      expect({ action, status, code: answer.code }).toEqual({
        action,
        status: 409,
        code: 'seat.is_peek',
      });
    }
    expect(await app.post(`/api/v1/rooms/${room}/seats/${seat}/peek`)).toMatchObject({
      status: 409,
      body: { code: 'seat.is_peek' },
    });
    const raised = await fetch(`${app.url}/api/v1/rooms/${room}/stage/me/raise`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{}',
    });
    expect(raised.status).toBe(403);
    for (const body of [{}, { template: 'host' }]) {
      const asked = await app.post('/api/v1/tokens', { room, identity, createUser: true, ...body });
      expect(asked).toMatchObject({
        status: 400,
        body: { errors: { identity: expect.stringContaining('rolecall-peek:') } },
      });
    }
    expect(await scene.seat(room, identity)).toMatchObject({
      role: { template: 'hidden-observer' },
    });
  });

  it('stays hidden through scenes and bulk operations on everybody', async () => {
    const { identity, person } = await watch();
    const rules = [{ from: '*', to: 'presenter' }];
    const saved = await app.post('/api/v1/scenes', { room, name: 'All up', rules });
    const entered = await app.post(`/api/v1/rooms/${room}/scene`, { scene: saved.body.id });
    expect(entered.status).toBe(202);
    const bulk = await app.post(`/api/v1/rooms/${room}/seats/bulk`, {
      action: 'promote',
      template: 'speaker',
      identities: [identity, 'ana'],
    });
    await until('both are done', async () => {
      const { body } = await app.get(`/api/v1/operations/${bulk.body.operationId}`);
      return body.status === 'done';
    });
    await scene.untilSeat(room, 'ana', 'is up', ({ observed }) => observed?.canPublish === true);
    expect(person.isHere).toBe(true);
    expect(livekit.find(room, identity)?.permission).toMatchObject({
      hidden: true,
      canPublish: false,
      canPublishData: false,
    });
    const everyone = { action: 'promote', filter: {} };
    const { body } = await app.post(`/api/v1/rooms/${room}/seats/bulk`, everyone);
    expect(body.total).toBe(1);
  });

  it('ends with a block of the moderator, who cannot begin again', async () => {
    const peek = await watch();
    expect((await scene.act(room, peek.identity, 'block')).status).toBe(200);
    await isOut(peek);
    expect(await kim.post(path('ana'))).toMatchObject({
      status: 409,
      body: { code: 'seat.blocked' },
    });
  });

  it('ends with the session or the key that it was begun with', async () => {
    const sam = await app.operator('admin');
    const look1 = livekit.join((await look('ana', {}, sam)).token);
    await sam.send('DELETE', '/api/v1/session');
    await until('who signed out is out', () => !look1.isHere);
    const permissions = ['seat.peek', 'seat.read'];
    const { body: key } = await app.post('/api/v1/api-keys', { name: 'eye', permissions });
    const response = await fetch(app.url + path('ana'), {
      method: 'POST',
      headers: { authorization: `Bearer ${key.key}`, 'content-type': 'application/json' },
      body: '{}',
    });
    const look2 = livekit.join(((await response.json()) as { token: string }).token);
    expect((await app.send('DELETE', `/api/v1/api-keys/${key.id}`)).status).toBeLessThan(300);
    await until('the key is out', () => !look2.isHere);
    const ends = await app.sql<{ reason: string; actor_label: string }>(
      `SELECT DISTINCT reason, actor_label FROM ledger_entry
       WHERE room = $1 AND kind = 'seat.peek_ended' AND outcome = 'intent'`,
      [room],
    );
    expect(ends).toEqual([{ reason: 'their access or session changed', actor_label: 'Rolecall' }]);
  });

  it('is refused for who is not there, in a closed room, without the right, with a changed template', async () => {
    const refused = async (code: string, who: Caller = kim, identity = 'ana') => {
      const { status, body } = await who.post(path(identity));
      expect({ status: status >= 400 && status < 500, code: body.code }).toEqual({
        status: true,
        code,
      });
    };
    await refused('seat.not_present', kim, 'nobody');
    await refused('access.denied', await app.operator('auditor'));
    expect(await kim.post(path('ana'), { ttl: 600 })).toMatchObject({
      status: 400,
      body: { errors: { ttl: expect.any(String) } },
    });
    expect((await kim.post(`/api/v1/rooms/no-such/seats/ana/peek`)).status).toBe(404);
    await app.sql('UPDATE room SET is_closed = true WHERE name = $1', [room]);
    await refused('room.closed');
    await app.sql('UPDATE room SET is_closed = false WHERE name = $1', [room]);
    const template = '/api/v1/role-templates/hidden-observer';
    const grants = { roomJoin: true, canSubscribe: true, canPublishData: true };
    await sits('ana');
    await app.send('PUT', `${template}/draft`, { grants });
    expect((await app.post(`${template}/publish`, { message: 'seen' })).status).toBe(201);
    await refused('peek.template_changed');
    const asItCame = { roomJoin: true, canSubscribe: true, hidden: true };
    await app.send('PUT', `${template}/draft`, { grants: asItCame });
    expect((await app.post(`${template}/publish`, { message: 'hidden' })).status).toBe(201);
    await look();
  });
});

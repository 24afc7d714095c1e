import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { timeOfTokenId } from '../../src/common/token-id.js';
import { EventStreamClient } from '../support/event-stream.js';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { describeLive } from '../support/livekit-server.js';
import { signalJoin } from '../support/livekit-signal.js';
import { type RolecallProcess, startRolecallProcess } from '../support/rolecall-process.js';
import { until } from '../support/until.js';

const DAY_MS = 86_400_000;
const SHIFT = fileURLToPath(new URL('../support/shifted-clock.mjs', import.meta.url));

describeLive('a server whose clock is a day ahead', () => {
  let world: LiveWorld;
  let livekit: LiveWorld['livekit'];
  let right: LiveWorld['app'];
  let ahead: RolecallProcess;
  let scene: LiveWorld['scene'];

  beforeAll(async () => {
    const env = { ROLECALL_GATE: 'on', ROLECALL_SWEEP: '10m' };
    world = await startLiveWorld(env, { webhookUrl: null });
    ({ livekit, app: right, scene } = world);
    ahead = await startRolecallProcess({
      livekit,
      database: right.database,
      env: {
        NODE_OPTIONS: `--import ${SHIFT}`,
        TEST_CLOCK_SHIFT_MS: String(DAY_MS),
        ROLECALL_LURKERS: 'off',
        ROLECALL_SWEEP: '1s',
      },
    });
  });

  afterAll(async () => {
    await ahead?.stop();
    await world?.stop();
  });

  const ask = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(ahead.url + path, {
      method,
      headers: {
        cookie: right.cookie,
        origin: ahead.url,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text.startsWith('{') ? JSON.parse(text) : null,
    };
  };
  const claimsOf = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString());
  /** Within a minute of now, however slow the machine is. */
  const isNow = (ms: number) => Math.abs(ms - Date.now()) < 60_000;

  it('says so, and is not believed', async () => {
    const { clocks, startedAt } = (await ask('GET', '/api/v1/status')).body;
    expect(isNow(Date.parse(startedAt) - DAY_MS)).toBe(true);
    expect(Math.abs(clocks.serverSkewMs - DAY_MS)).toBeLessThan(60_000);
    expect(Math.abs(clocks.livekitSkewMs)).toBeLessThan(60_000);
    expect(clocks.isOff).toBe(true);
    expect((await right.get('/api/v1/status')).body.clocks.isOff).toBe(false);
  });

  it('issues tokens of today, lets people in with them, and voids none of tomorrow', async () => {
    const room = await scene.room('ahead');
    const identity = await scene.user('ana');
    const issued = await ask('POST', '/api/v1/tokens', { room, identity });
    expect(issued.status).toBe(201);
    const { jti, nbf } = claimsOf(issued.body.token);
    expect([isNow(nbf * 1_000), isNow(timeOfTokenId(jti) as number)]).toEqual([true, true]);
    const gate = ahead.url.replace('http', 'ws');
    (await signalJoin(gate, issued.body.token)).close();

    const seat = `/api/v1/rooms/${room}/seats/${identity}`;
    const { body } = await ask('POST', `${seat}/void-tokens`, {});
    expect(isNow(Date.parse(body.voidBefore))).toBe(true);
    await expect(signalJoin(gate, issued.body.token)).rejects.toMatchObject({ status: 403 });
    const next = await ask('POST', '/api/v1/tokens', { room, identity });
    const joined = await signalJoin(gate, next.body.token);
    expect(joined.isClosed).toBe(false);
    joined.close();
    // And so does the other server, whose clock is right.
    (await signalJoin(right.url.replace('http', 'ws'), next.body.token)).close();
  });

  it('ends nothing before its time, and what it gives ends when it should', async () => {
    const room = await scene.room('leases');
    const ben = await signalJoin(livekit.url, await scene.issued(room, 'ben'));
    const seat = `/api/v1/rooms/${room}/seats/ben`;
    const given = await ask('POST', `${seat}/promote`, { template: 'speaker', for: '1h' });
    expect(given.status).toBe(200);
    await until('ben may publish', () => ben.permission?.['canPublish'] === true);
    const held = (await ask('GET', seat)).body;
    expect(held).toMatchObject({
      role: { template: 'speaker' },
      override: { template: 'speaker' },
    });
    expect(isNow(Date.parse(held.override.until) - 3_600_000)).toBe(true);
    const undone = await ask('POST', `/api/v1/operations/${given.body.operationId}/undo`, {});
    expect(undone.status).toBe(200);
    await ask('POST', `${seat}/promote`, { template: 'speaker', for: '1s' });
    await until('the lease is over', async () => {
      const { role } = (await ask('GET', seat)).body;
      return role.template === 'viewer';
    });
    ben.close();
  });

  it('tells the other server who is about to act, and hears it from there', async () => {
    const room = await scene.room('acting');
    const identity = await scene.user('dan');
    const other = await right.operator('moderator');
    const query = new URLSearchParams({ topics: `room:${room}` });
    const acting = `/api/v1/rooms/${room}/seats/${identity}/acting`;
    for (const [at, act] of [
      [right, () => ask('POST', acting, { action: 'block' })],
      [ahead, () => right.post(acting, { action: 'block' })],
    ] as const) {
      const client = await EventStreamClient.open(`${at.url}/api/v1/events?${query}`, {
        cookie: other.cookie,
      });
      await client.next('hello', ({ event }) => event === 'hello');
      expect((await act()).status).toBe(204);
      const { data } = await client.next('who is acting', ({ event }) => event === 'acting');
      expect(data).toMatchObject({ identity, action: 'block' });
      expect(isNow(Date.parse(data.until))).toBe(true);
      client.close();
    }
  });

  it('changes a user as of now, and refuses a key that has expired', async () => {
    const { body: user } = await ask('POST', '/api/v1/users', { identity: 'cleo' });
    await ask('PUT', `/api/v1/users/${user.id}`, { name: 'Cleo' });
    const [row] = await right.sql<{ updated_at: Date }>(
      'SELECT updated_at FROM app_user WHERE id = $1',
      [user.id],
    );
    expect(isNow(row?.updated_at.getTime() as number)).toBe(true);
    const soon = new Date(Date.now() + 3_600_000).toISOString();
    const key = { name: 'k', permissions: ['room.read'], expiresAt: soon };
    expect((await ask('POST', '/api/v1/api-keys', key)).status).toBe(201);
    const past = { ...key, expiresAt: new Date(Date.now() - 1_000).toISOString() };
    expect((await ask('POST', '/api/v1/api-keys', past)).body.errors).toHaveProperty('expiresAt');
  });
});

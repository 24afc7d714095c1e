import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../../test/support/test-app.js';

describe('a voiding', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp();
  });
  afterAll(() => app.stop());

  it('cannot lie in the future, which Postgres refuses, and never moves back', async () => {
    const room = await app.newRoom();
    const user = await app.newUser();
    await app.sql('INSERT INTO seat (room, identity) VALUES ($1, $2)', [room, user.identity]);
    for (const [table, where] of [
      ['room', `name = '${room}'`],
      ['seat', `room = '${room}'`],
      ['app_user', `id = '${user.id}'`],
      ['installation', 'true'],
    ]) {
      const set = (value: string) =>
        app.sql(`UPDATE ${table} SET tokens_void_before = ${value} WHERE ${where}`);
      await expect(set(`now() + interval '1 day'`)).rejects.toThrow('is in the future');
      await set(`now() - interval '1 hour'`);
      await expect(set('NULL')).rejects.toThrow('never moves back');
      await expect(set(`now() - interval '2 hours'`)).rejects.toThrow('never moves back');
    }
    await expect(
      app.sql(
        `INSERT INTO seat (room, identity, tokens_void_before)
         VALUES ($1, 'x', now() + interval '1 minute')`,
        [room],
      ),
    ).rejects.toThrow('is in the future');
  });

  it('that is later than now all the same keeps tokens from being issued that it voids', async () => {
    const room = await app.newRoom({ default_template: 'viewer' });
    const { identity } = await app.newUser();
    await app.sql('ALTER TABLE room DISABLE TRIGGER refuse_wrong_voiding');
    await app.sql(
      `UPDATE room SET tokens_void_before = now() + interval '1 hour' WHERE name = $1`,
      [room],
    );
    await app.sql('ALTER TABLE room ENABLE TRIGGER refuse_wrong_voiding');
    const before = (await app.ledger('token.issued')).length;
    const body = { room, identity };
    const answer = await app.inject('POST', '/api/v1/tokens', { as: app.admin, body });
    expect([answer.status, answer.body.code]).toEqual([503, 'token.void_at_once']);
    expect(answer.headers['retry-after']).toBe('1');
    expect((await app.ledger('token.issued')).length).toBe(before);
  });
});

describe('a LiveKit server whose clock is wrong', () => {
  let livekit: Server;
  let app: TestApp;
  const aheadMs = 300_000;

  beforeAll(async () => {
    livekit = createServer((_request, response) => {
      response.setHeader('Date', new Date(Date.now() + aheadMs).toUTCString());
      response.end('OK');
    });
    await new Promise<void>((resolve) => livekit.listen(0, '127.0.0.1', resolve));
    const { port } = livekit.address() as AddressInfo;
    app = await startTestApp({
      environment: {
        LIVEKIT_URL: `ws://127.0.0.1:${port}`,
        LIVEKIT_API_KEY: 'APIskewed',
        LIVEKIT_API_SECRET: 'a-secret-that-is-long-enough-to-use',
      },
    });
  });
  afterAll(async () => {
    await app?.stop();
    livekit?.closeAllConnections();
    livekit?.close();
  });

  it('is seen in status and metrics, and no token is issued with times that it would refuse', async () => {
    const room = await app.newRoom({ default_template: 'viewer' });
    const { identity } = await app.newUser();
    const status = await app.inject('GET', '/api/v1/status', { as: app.admin });
    const { clocks } = status.body;
    expect(clocks.isOff).toBe(true);
    expect(Math.abs(clocks.livekitSkewMs - aheadMs)).toBeLessThan(60_000);
    expect(Math.abs(clocks.serverSkewMs)).toBeLessThan(60_000);
    const metrics = (await app.inject('GET', '/metrics', { as: app.admin })).text;
    const gauge = /rolecall_clock_skew_seconds\{clock="livekit"\} (\S+)/.exec(metrics)?.[1];
    expect(Math.abs(Number(gauge) - aheadMs / 1_000)).toBeLessThan(60);

    const body = { room, identity, createRoom: false };
    const answer = await app.inject('POST', '/api/v1/tokens', { as: app.admin, body });
    expect([answer.status, answer.body.code]).toEqual([503, 'clock.skewed']);
    expect(answer.body.detail).toMatch(/LiveKit's clock is \d+ s ahead/);
    expect(await app.ledger('token.issued')).toEqual([]);
  });
});

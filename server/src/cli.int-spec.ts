import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TokenVerifier } from 'livekit-server-sdk';
import { startTestApp, type TestApp } from '../test/support/test-app.js';

const KEY = {
  LIVEKIT_API_KEY: 'APIcli',
  LIVEKIT_API_SECRET: 'a-secret-for-the-tests-of-the-cli-1',
};

describe('the command line', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(() => app.stop());

  /** As `npm run rolecall --` does: another process, the same environment. */
  function rolecall(...args: string[]) {
    const cli = join(import.meta.dirname, '../dist/cli.js');
    const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
      encoding: 'utf8',
      env: {
        ...KEY,
        DATABASE_URL: app.database.appUrl,
        DATABASE_MIGRATION_URL: app.database.ownerUrl,
      },
    });
    return { status, out: stdout.trim(), err: stderr.trim() };
  }

  it('issues a token that LiveKit takes, and the ledger says who did', async () => {
    const made = rolecall(
      ...['token', 'create', '--room', 'hall/1', '--identity', 'ana', '--template', 'speaker'],
      ...['--ttl', '5m', '--create-user', '--create-room', '--reason', 'by hand'],
    );
    // There is no LiveKit server here, and --create-room promises a running room.
    expect(made).toMatchObject({ status: 1, out: '' });
    const again = rolecall(
      ...['token', 'create', '--room', 'hall/1', '--identity', 'ana', '--template', 'speaker'],
      ...['--ttl', '5m', '--reason', 'by hand'],
    );
    expect(again).toMatchObject({ status: 0 });
    const claims = await new TokenVerifier(KEY.LIVEKIT_API_KEY, KEY.LIVEKIT_API_SECRET).verify(
      again.out,
    );
    expect(claims).toMatchObject({ sub: 'ana', video: { room: 'hall/1', canPublish: true } });
    const [entry] = await app.ledger('token.issued');
    expect(entry).toMatchObject({ identity: 'ana', reason: 'by hand', actor_kind: 'system' });
    expect(entry?.actor_label).toMatch(/^command line/);
  });

  it('adds an operator, whose first password it prints once', async () => {
    const added = rolecall(
      ...['operators', 'add', '--email', 'kim@example.com', '--name', 'Kim'],
      ...['--role', 'moderator', '--rooms', 'hall*'],
    );
    expect(added.status).toBe(0);
    const { status, body } = await app.inject('POST', '/api/v1/session', {
      body: { email: 'kim@example.com', password: added.out },
    });
    expect([status, body.accessRoles, body.rooms]).toEqual([200, ['moderator'], ['hall*']]);
  });

  it('names the field that is wrong, and explains itself', () => {
    const wrong = rolecall('token', 'create', '--room', 'hall', '--identity', 'x', '--ttl', '-1');
    expect(wrong).toMatchObject({ status: 1, out: '' });
    expect(wrong.err).toContain('ttl');
    expect(rolecall('--help').err).toContain('ledger verify');
  });

  it('verifies that no entry of the ledger is missing', () => {
    expect(rolecall('ledger', 'verify')).toMatchObject({
      status: 0,
      out: expect.stringMatching(/shard 0: \d+ entries, complete/),
    });
  });
});

import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TokenVerifier } from 'livekit-server-sdk';
import { startTestApp, type TestApp } from '../test/support/test-app.js';
import { checkpointIn, LedgerWorld } from '../test/support/ledger-world.js';
import { openCheckpoint } from './ledger/tree/checkpoint.js';
import { verifiersOf } from './ledger/tree/note-keys.js';

const KEY = {
  LIVEKIT_API_KEY: 'APIcli',
  LIVEKIT_API_SECRET: 'a-secret-for-the-tests-of-the-cli-1',
};

describe('the command line', () => {
  let app: TestApp;
  let url: string;

  beforeAll(async () => {
    app = await startTestApp({ environment: KEY });
    await app.app.listen({ host: '127.0.0.1', port: 0 });
    url = await app.app.getUrl();
  });

  afterAll(() => app.stop());

  /** As `npm run rolecall --` does: another process, the same environment. */
  const rolecall = (...args: string[]) =>
    run(args, {
      ...KEY,
      DATABASE_URL: app.database.appUrl,
      DATABASE_MIGRATION_URL: app.database.ownerUrl,
      ROLECALL_HOME: app.database.home,
    });

  /** On another machine: nothing but an address and a key. This process has to answer meanwhile. */
  const elsewhere = (key: string, ...args: string[]) =>
    run(args, { ROLECALL_URL: url, ROLECALL_API_KEY: key });

  function run(args: string[], env: Record<string, string>) {
    const cli = join(import.meta.dirname, '../dist/cli.js');
    const child = spawn(process.execPath, [cli, ...args], { env });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    return new Promise<{ status: number | null; out: string; err: string }>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status) => resolve({ status, out: out.trim(), err: err.trim() }));
    });
  }

  const claimsOf = (token: string) =>
    new TokenVerifier(KEY.LIVEKIT_API_KEY, KEY.LIVEKIT_API_SECRET).verify(token);

  it('issues a token that LiveKit takes, and the ledger says who did', async () => {
    const made = await rolecall(
      ...['token', 'create', '--room', 'hall/1', '--identity', 'ana', '--template', 'speaker'],
      ...['--ttl', '5m', '--create-user', '--create-room', '--reason', 'by hand'],
    );
    // There is no LiveKit server here, and --create-room promises a running room.
    expect(made).toMatchObject({ status: 1, out: '' });
    const again = await rolecall(
      ...['token', 'create', '--room', 'hall/1', '--identity', 'ana', '--template', 'speaker'],
      ...['--ttl', '5m', '--reason', 'by hand', '--token-only'],
    );
    expect(again).toMatchObject({ status: 0, err: '' });
    expect(await claimsOf(again.out)).toMatchObject({
      sub: 'ana',
      video: { room: 'hall/1', canPublish: true },
    });
    const [entry] = await app.ledger('token.issued');
    expect(entry).toMatchObject({ identity: 'ana', reason: 'by hand', actor_kind: 'system' });
    expect(entry?.actor_label).toMatch(/^command line/);
  });

  describe('with the flags of lk token create', () => {
    let room: string;
    let identity: string;
    beforeEach(async () => {
      room = await app.newRoom({ default_template: 'speaker' });
      ({ identity } = await app.newUser({ name: 'Ana' }));
    });
    const who = () => ['token', 'create', '-r', room, '-i', identity];

    it('says everything that lk says, in its form', async () => {
      const file = join(mkdtempSync(join(tmpdir(), 'rolecall-cli-')), 'attributes.json');
      writeFileSync(file, '{"b":"from the file","c":"3"}');
      const made = await rolecall(
        ...[...who(), '--join', '--name', 'Bea', '--metadata', '{"x":1}', '--valid-for', '1h'],
        ...['--attribute', 'a=1,b=2', '--attribute', 'd=x, y', '--attribute-file', file],
        ...['--allow-source', 'camera', '--grant', '{"canPublishData":false}'],
        ...['--agent', 'helper', '--deployment', 'blue', '--job-metadata', 'job', '--json'],
      );
      expect([made.status, made.err]).toEqual([0, '']);
      const printed = JSON.parse(made.out);
      expect(Object.keys(printed)).toEqual([
        ...['access_token', 'project_url', 'identity', 'name', 'room', 'grants'],
      ]);
      expect(printed).toMatchObject({ identity, name: 'Bea', room });
      const claims = await claimsOf(printed.access_token);
      expect(claims).toMatchObject({
        name: 'Bea',
        metadata: '{"x":1}',
        attributes: { a: '1', b: 'from the file', c: '3', d: 'x, y' },
        video: {
          room,
          roomJoin: true,
          canPublishSources: ['camera'],
          canPublishData: false,
          canSubscribe: true,
        },
      });
      const { roomConfig } = claims as unknown as { roomConfig: { agents: object[] } };
      expect(roomConfig.agents).toEqual([
        { agentName: 'helper', metadata: 'job', deployment: 'blue' },
      ]);
      expect(Number(claims.exp) - Number(claims.nbf)).toBe(3_600);
      expect(printed.grants).toMatchObject({ identity, name: 'Bea', video: claims.video });
    });

    it('prints lines for people, with the token in one of them', async () => {
      const { status, out, err } = await rolecall(...who(), '--deny', 'canPublishData');
      expect(status).toBe(0);
      expect(err).toContain('speaker version 1');
      const token = /^Access token: (\S+)$/m.exec(out)?.[1];
      expect(await claimsOf(token ?? '')).toMatchObject({ video: { canPublishData: false } });
      expect(out).toMatch(/^Token grants:\n\{/);
    });

    it('is refused with the rule that refused, and exits otherwise than with 0', async () => {
      const beyond = await rolecall(...who(), '--admin', '--allow', 'sip.call', '--token-only');
      expect([beyond.status, beyond.out]).toEqual([1, '']);
      expect(beyond.err).toMatch(/The role speaker does not give: roomAdmin, sip\.call/);
      expect(beyond.err).toMatch(/default: /);
      await app.sql('UPDATE room SET is_closed = true WHERE name = $1', [room]);
      const closed = await rolecall(...who(), '--join');
      expect([closed.status, closed.out]).toEqual([1, '']);
      expect(closed.err).toMatch(/closed/);
    });

    it.each([
      [['--allow', 'canFly'], '--allow'],
      [['--allow-source', 'camera,hologram'], '--allow-source'],
      [['--grant', '{'], '--grant'],
      [['--grant', '{"roomName":"x"}'], 'grants.roomName'],
      [['--attribute', 'novalue'], '--attribute'],
      [['--attribute-file', '/no/such/file'], '--attribute-file'],
      [['--job-metadata', 'x'], '--agent'],
      [['--json', '--token-only'], '--json'],
      [['--api-key', 'rck_x'], '--url'],
    ])('names the flag that is wrong: %j', async (flags, named) => {
      const { status, out, err } = await rolecall(...who(), ...flags);
      expect([status, out]).toEqual([1, '']);
      expect(err).toContain(named);
    });

    it('asks a Rolecall that runs elsewhere, with an API key and its rights', async () => {
      const key = await app.newApiKey(['token.issue']);
      const secret = String(key.headers.authorization).slice('Bearer '.length);
      const made = await elsewhere(secret, ...who(), '--join', '--token-only');
      expect(made).toMatchObject({ status: 0, err: '' });
      expect(await claimsOf(made.out)).toMatchObject({ sub: identity });
      expect((await app.ledger('token.issued')).at(-1)).toMatchObject({
        actor_kind: 'api_key',
        identity,
      });
      const beyond = await elsewhere(secret, ...who(), '--admin', '--token-only');
      expect([beyond.status, beyond.out]).toEqual([1, '']);
      expect(beyond.err).toMatch(/does not give: roomAdmin/);
      const away = await run([...who(), '--url', 'http://127.0.0.1:9', '--api-key', secret], {});
      expect(away).toMatchObject({ status: 1, out: '' });
      expect(away.err).toContain('cannot be reached');
      expect([made.err, beyond.err, away.err].join()).not.toContain(secret);
    });
  });

  it('adds an operator, whose first password it prints once', async () => {
    const added = await rolecall(
      ...['operators', 'add', '--email', 'kim@example.com', '--name', 'Kim'],
      ...['--role', 'moderator', '--rooms', 'hall*'],
    );
    expect(added.status).toBe(0);
    const { status, body } = await app.inject('POST', '/api/v1/session', {
      body: { email: 'kim@example.com', password: added.out },
    });
    expect([status, body.accessRoles, body.rooms]).toEqual([200, ['moderator'], ['hall*']]);
  });

  it('names the field that is wrong, and explains itself', async () => {
    const wrong = await rolecall(
      'token',
      'create',
      '--room',
      'hall',
      '--identity',
      'x',
      '--ttl',
      '-1',
    );
    expect(wrong).toMatchObject({ status: 1, out: '' });
    expect(wrong.err).toContain('ttl');
    expect((await rolecall('--help')).err).toContain('ledger verify');
  });

  it('gives the ledger new keys, which the running server signs with', async () => {
    const world = new LedgerWorld(app);
    await world.sealed();
    const { status, out } = await rolecall('ledger', 'rotate-key');
    expect([status, out.split('\n')[0]]).toEqual([
      0,
      expect.stringMatching(/^[^+]+\+[0-9a-f]{8}\+/),
    ]);
    const { note } = await world.sealed(); // the rotation is an entry as well
    const { origin } = checkpointIn(note);
    expect(openCheckpoint(note, origin, verifiersOf(out.split('\n'))).size).toBeGreaterThan(0);
  });

  it('verifies that no entry of the ledger is missing', async () => {
    expect(await rolecall('ledger', 'verify')).toMatchObject({
      status: 0,
      out: expect.stringMatching(/shard 0: \d+ entries, complete/),
    });
  });

  it('erases what the ledger says of a person, as the owner', async () => {
    const { identity } = await app.newUser();
    const room = await app.newRoom({ name: 'erased', default_template: 'viewer' });
    const issue = (whom: string) =>
      app.inject('POST', '/api/v1/tokens', {
        as: app.admin,
        body: { room, identity: whom },
        headers: { 'idempotency-key': `for-${whom}` },
      });
    const { identity: other } = await app.newUser({ identity: `${identity}by` });
    expect([(await issue(identity)).status, (await issue(other)).status]).toEqual([201, 201]);
    // What they brought to a room that was deleted since.
    await app.sql(
      `INSERT INTO seat_brought (room, identity, brought, kept_at)
       SELECT 'gone', unnest($1::text[]), '{}', now()`,
      [[identity, other]],
    );
    const erased = await rolecall('ledger', 'erase', '--identity', identity);
    // The token, and that the test itself added rows by SQL.
    expect(erased).toMatchObject({ status: 0, out: expect.stringMatching(/^Erased 3 times/) });
    const sql = `SELECT FROM ledger_entry e WHERE e::text ~ $1
      UNION ALL SELECT FROM alarm a WHERE a::text ~ $1
      UNION ALL SELECT FROM idempotency_key k WHERE k::text ~ $1
      UNION ALL SELECT FROM seat_brought b WHERE b::text ~ $1`;
    expect(await app.sql(sql, [`${identity}([^b]|$)`])).toEqual([]);
    expect(await app.sql(sql, [other])).not.toEqual([]);
    const { status, err } = await rolecall('ledger', 'erase', '--before', 'soon');
    expect([status, err]).toEqual([1, expect.stringContaining('--identity')]);
  });

  it('takes an operator out of saved views and of answers that are kept for repetitions', async () => {
    const kim = await app.newOperator([{ role: 'admin' }]);
    const view = { name: 'Refused', query: 'outcome:refused' };
    const saved = await app.inject('POST', '/api/v1/ledger-views', { as: kim, body: view });
    const renamed = await app.inject('PATCH', `/api/v1/ledger-views/${saved.body.id}`, {
      as: app.admin,
      body: { note: 'for the team' },
      headers: { 'idempotency-key': 'names-them' },
    });
    const email = renamed.body.createdBy as string;
    const [row] = await app.sql<{ id: string }>('SELECT id FROM operator WHERE email = $1', [
      email,
    ]);
    const about = () =>
      app.sql(
        `SELECT FROM ledger_view v WHERE strpos(v::text, $1) > 0 OR strpos(v::text, $2) > 0
         UNION ALL SELECT FROM idempotency_key k WHERE strpos(k::text, $1) > 0 OR strpos(k::text, $2) > 0`,
        [email, row?.id],
      );
    expect(await about()).toHaveLength(2);
    expect(await rolecall('ledger', 'erase', '--operator', row?.id ?? '')).toMatchObject({
      status: 0,
    });
    expect(await about()).toEqual([]);
    const { body } = await app.inject('GET', '/api/v1/ledger-views', { as: app.admin });
    expect(body.data).toMatchObject([{ ...view, createdBy: 'erased' }]);
  });
});

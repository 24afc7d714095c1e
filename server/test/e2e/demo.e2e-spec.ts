import { afterEach, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freeTcpPort } from '../../../tools/lib/ports.mjs';
import { isRunning } from '../../../tools/lib/processes.mjs';
import { SAMPLE_PEOPLE, SAMPLE_ROOMS, SAMPLE_TEMPLATE } from '../../src/demo/sample-data.js';
import { LedgerVerifier } from '../../src/ledger/ledger-verifier.js';
import { childrenOf } from '../support/children.js';
import { Launcher, START_MS } from '../support/launcher.js';
import type { Caller, LiveApp } from '../support/live-app.js';
import type { LiveScene } from '../support/live-scene.js';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { describeLive } from '../support/livekit-server.js';
import { type RolecallProcess, startRolecallProcess } from '../support/rolecall-process.js';
import type { TestDatabase } from '../support/test-database.js';
import { until } from '../support/until.js';

const ROOMS = SAMPLE_ROOMS.map(({ name }) => name).sort();
const IN_TOWN_HALL = SAMPLE_PEOPLE.filter(({ room }) => room === 'demo-town-hall').length;
const JOINED_MS = 40_000;

interface DemoStatus {
  isPresent: boolean;
  participants: number;
}

/** What the application's own role may not do. */
async function asOwner({ ownerUrl }: TestDatabase, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** A server with the demo, that can be killed, and one without, that looks on. */
class Demo {
  private constructor(
    private readonly world: LiveWorld,
    private process: RolecallProcess | null = null,
  ) {}

  static async prepare(): Promise<Demo> {
    return new Demo(await startLiveWorld({ ROLECALL_SWEEP: '1s' }));
  }

  get app(): LiveApp {
    return this.world.app;
  }

  get scene(): LiveScene {
    return this.world.scene;
  }

  get server(): RolecallProcess {
    if (!this.process) throw new Error('the demo was not started');
    return this.process;
  }

  async start(demo: 'on' | 'off' = 'on'): Promise<void> {
    this.process = await startRolecallProcess({
      livekit: this.world.livekit,
      database: this.app.database,
      env: { ROLECALL_DEMO: demo, ROLECALL_SWEEP: '1s' },
    });
  }

  /** Asks the server with the demo, as somebody who is signed in. */
  async ask(method: string, path: string, { cookie }: Caller = this.app): Promise<Response> {
    const { url } = this.server;
    return fetch(url + path, { method, headers: { cookie, origin: url } });
  }

  /** What the server says of its own. */
  async status(): Promise<DemoStatus> {
    return (await (await this.ask('GET', '/api/v1/demo')).json()) as DemoStatus;
  }

  async remove(): Promise<void> {
    expect((await this.ask('DELETE', '/api/v1/demo')).status).toBe(204);
  }

  /** Who LiveKit says is in the sample rooms. */
  async present(): Promise<string[]> {
    const rooms = await Promise.all(ROOMS.map((room) => this.scene.participants(room)));
    return rooms.flat().flatMap(({ identity, state }) => (state === 'ACTIVE' ? [identity] : []));
  }

  async untilAllJoined(): Promise<string[]> {
    return until(
      'all sample people have joined',
      async () => {
        const present = await this.present();
        return present.length === SAMPLE_PEOPLE.length ? present.sort() : null;
      },
      JOINED_MS,
    );
  }

  participantProcesses() {
    const { pid } = this.server;
    return pid === null ? [] : childrenOf(pid);
  }

  async isSaidToBePresent(): Promise<boolean> {
    return (await this.app.get('/api/v1/status')).body.demo.isPresent;
  }

  async names(path: string, key = 'name'): Promise<string[]> {
    const { body } = await this.app.get(path);
    return body.map((record: Record<string, string>) => record[key]);
  }

  async stop(): Promise<void> {
    await this.process?.stop();
    await this.world.stop();
  }
}

describeLive('sample data', () => {
  let demo: Demo;

  afterEach(() => demo?.stop());

  it('are people who really join, and publish what their role lets them', async () => {
    demo = await Demo.prepare();
    await demo.start();
    const present = await demo.untilAllJoined();

    await until('they are seen on their seats', async () => {
      const seats = (await Promise.all(ROOMS.map((room) => demo.scene.seats(room)))).flat();
      const seen = seats.filter(({ isPresent }) => isPresent).map(({ identity }) => identity);
      return seen.sort().join() === present.join();
    });
    const [host] = present.filter((identity) => identity.startsWith('demo-ana-'));
    const [viewer] = present.filter((identity) => identity.startsWith('demo-cy-'));
    const seat = await demo.scene.untilSeat(
      'demo-town-hall',
      host!,
      'publishes',
      ({ tracks }) => tracks.length === 2,
      JOINED_MS,
    );
    expect(seat).toMatchObject({ isPresent: true, inSync: true, role: { template: 'host' } });
    expect(await demo.scene.seat('demo-town-hall', viewer!)).toMatchObject({
      isPresent: true,
      role: { template: 'viewer' },
      tracks: [],
    });
    expect(await demo.isSaidToBePresent()).toBe(true);
    // LiveKit shows them before their own clients say that they are connected.
    await until('all are counted', async () => {
      const { isPresent, participants } = await demo.status();
      return isPresent && participants === SAMPLE_PEOPLE.length;
    });
  });

  it('go with one request, out of LiveKit too, and leave what others made and the ledger', async () => {
    demo = await Demo.prepare();
    const { app } = demo;
    await demo.start();
    await demo.untilAllJoined();
    const processes = demo.participantProcesses();
    expect(processes).toHaveLength(1);
    await app.post('/api/v1/rooms', { name: 'board', defaultTemplate: 'speaker' });
    await app.post('/api/v1/users', { identity: 'kim', name: 'Kim' });
    const kim = (await app.get('/api/v1/users?filter={"identity":"kim"}')).body[0].id;
    await app.post('/api/v1/assignments', {
      subject: { user: kim },
      scope: { room: 'board' },
      template: 'host',
    });
    const before = await app.sql<{ id: string }>('SELECT shard, seq FROM ledger_entry');

    await demo.remove();

    expect(await demo.present()).toEqual([]);
    await until('their process has ended', () => !processes.some(isRunning));
    expect(await demo.isSaidToBePresent()).toBe(false);
    expect(await demo.names('/api/v1/rooms')).toEqual(['board']);
    expect(await demo.names('/api/v1/users')).toEqual(['Kim']);
    expect(await demo.names('/api/v1/assignments', 'template')).toEqual(['host']);
    expect((await app.get(`/api/v1/role-templates/${SAMPLE_TEMPLATE.key}`)).body).toMatchObject({
      isArchived: true,
    });
    const after = await app.sql<{ id: string }>('SELECT shard, seq FROM ledger_entry');
    expect(after).toEqual(expect.arrayContaining(before));
    const { shards } = await app.app.get(LedgerVerifier).verify();
    expect(shards.flatMap(({ problems }) => problems)).toEqual([]);
    const [entry] = (await app.get('/api/v1/ledger?filter={"kind":"demo.removed"}')).body.data;
    expect(entry).toMatchObject({ actor: { label: 'admin@localhost' }, payload: { rooms: ROOMS } });
  });

  it('go also while they are still joining, and nothing of them comes after', async () => {
    demo = await Demo.prepare();
    await demo.start();
    await until('somebody has a token', async () => {
      const [row] = await demo.app.sql<{ n: number }>(
        `SELECT count(*)::int AS n FROM ledger_entry WHERE kind = 'token.issued'`,
      );
      return (row?.n ?? 0) > 0;
    });

    await demo.remove();

    expect(await demo.names('/api/v1/rooms')).toEqual([]);
    expect(await demo.names('/api/v1/users')).toEqual([]);
    expect(await demo.present()).toEqual([]);
    await until('no process of theirs is left', () => demo.participantProcesses().length === 0);
    expect((await demo.ask('GET', '/readyz')).status).toBe(200);
  });

  it('are not for a moderator to remove', async () => {
    demo = await Demo.prepare();
    await demo.start();
    const moderator = await demo.app.operator('moderator');
    await until('the sample data are loaded', () => demo.isSaidToBePresent());

    const { status } = await demo.ask('DELETE', '/api/v1/demo', moderator);

    expect(status).toBe(403);
    expect(await demo.isSaidToBePresent()).toBe(true);
  });

  it('take nothing over that somebody made under the same name', async () => {
    demo = await Demo.prepare();
    const { app } = demo;
    await app.post('/api/v1/rooms', {
      name: 'demo-stand-up',
      title: 'Ours',
      defaultTemplate: 'viewer',
    });
    const { key } = SAMPLE_TEMPLATE;
    const { grants } = (await app.get('/api/v1/role-templates/viewer')).body;
    await app.post('/api/v1/role-templates', { key, name: 'Ours', grants });
    await app.post(`/api/v1/role-templates/${key}/publish`, { message: 'Ours' });
    await demo.start();
    await until(
      'those of the other room have joined',
      async () => {
        return (await demo.status()).participants === IN_TOWN_HALL;
      },
      JOINED_MS,
    );
    expect(await demo.scene.participants('demo-stand-up')).toEqual([]);

    await demo.remove();

    expect(await demo.names('/api/v1/rooms', 'title')).toEqual(['Ours']);
    expect((await app.get(`/api/v1/role-templates/${key}`)).body).toMatchObject({
      name: 'Ours',
      published: 1,
      isArchived: false,
    });
  });

  it('are neither doubled nor left incomplete by a server that was killed', async () => {
    demo = await Demo.prepare();
    await demo.start();
    const first = await demo.untilAllJoined();
    const processes = demo.participantProcesses();
    await demo.server.kill9();
    await until('their process went with it', () => !processes.some(isRunning));
    // As if it had been killed before it had made these two.
    await asOwner(
      demo.app.database,
      `DELETE FROM app_user WHERE identity LIKE 'demo-cy-%' OR identity LIKE 'demo-hana-%'`,
    );

    await demo.server.start();
    await until(
      'they are back',
      async () => {
        return (await demo.status()).participants === SAMPLE_PEOPLE.length;
      },
      JOINED_MS,
    );

    expect(await demo.untilAllJoined()).toEqual(first);
    expect(await demo.names('/api/v1/users', 'identity')).toEqual(first);
    expect(demo.participantProcesses()).toHaveLength(1);
  });
});

describeLive('npm start -- --demo', () => {
  const home = mkdtempSync(join(tmpdir(), 'rolecall-demo-'));
  let launcher: Launcher;

  afterEach(async () => {
    await launcher?.stop();
    rmSync(home, { recursive: true, force: true });
  }, 20_000);

  it(
    'brings sample people back with its server, until they are removed',
    async () => {
      const password = 'correct horse battery';
      launcher = new Launcher(home, await freeTcpPort(), { ROLECALL_ADMIN_PASSWORD: password });
      const { url } = launcher;
      let cookie = '';
      const ask = (method: string, path: string, body?: unknown) =>
        fetch(url + path, {
          method,
          headers: {
            cookie,
            origin: url,
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
      const demo = async () => (await (await ask('GET', '/api/v1/demo')).json()) as DemoStatus;
      const untilAllThere = () =>
        launcher.until(
          'all participants have joined',
          async () => (await demo()).participants === SAMPLE_PEOPLE.length,
          JOINED_MS,
        );
      const killServer = async () => {
        const before = launcher.run();
        process.kill(before.server.pid, 'SIGKILL');
        await launcher.untilBack('server', before);
      };
      const peopleThere = async () => {
        const seats = await Promise.all(
          ROOMS.map(async (room) => {
            const answer = await ask('GET', `/api/v1/rooms/${room}/seats`);
            return (await answer.json()) as { identity: string; isPresent: boolean }[];
          }),
        );
        return seats.flat().filter(({ isPresent }) => isPresent);
      };

      launcher.start('--demo');
      await launcher.untilReady();
      const signedIn = await ask('POST', '/api/v1/session', { email: 'admin@localhost', password });
      cookie = signedIn.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
      await untilAllThere();
      await killServer();
      await untilAllThere();
      // Their old connections end when LiveKit misses them, or when the new ones come.
      await launcher.until(
        'everybody is in the rooms again',
        async () => (await peopleThere()).length === SAMPLE_PEOPLE.length,
        JOINED_MS,
      );

      expect((await ask('DELETE', '/api/v1/demo')).status).toBe(204);
      await killServer();
      expect(await demo()).toEqual({ isPresent: false, participants: 0 });
      await launcher.stop();
      launcher.start();
      await launcher.untilReady();
      expect(await demo()).toEqual({ isPresent: false, participants: 0 });
    },
    START_MS + 120_000,
  );
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeTcpPort } from '../../../tools/lib/ports.mjs';
import { Launcher, START_MS } from '../support/launcher.js';

const PASSWORD = 'a password of the first admin';

describe('npm start', () => {
  let launcher: Launcher;

  beforeAll(async () => {
    const home = mkdtempSync(join(tmpdir(), 'rolecall-launcher-'));
    launcher = new Launcher(home, await freeTcpPort(), { ROLECALL_ADMIN_PASSWORD: PASSWORD });
  });

  beforeEach(async () => {
    launcher.start();
    await launcher.untilReady();
  }, START_MS + 15_000);

  afterEach(() => launcher.stop(), 20_000);

  afterAll(() => rmSync(launcher.home, { recursive: true, force: true }));

  it('keeps its secrets for the owner of the folder and prints none of them', () => {
    const file = join(launcher.home, 'secrets.json');
    const secrets = JSON.parse(readFileSync(file, 'utf8')) as Record<
      string,
      Record<string, string>
    >;
    const values = Object.values(secrets).flatMap((group) => Object.values(group));

    expect(values.length).toBeGreaterThanOrEqual(5);
    expect(values.filter((value) => launcher.output.includes(value))).toEqual([]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(launcher.home).mode & 0o777).toBe(0o700);
  });

  it('lets nothing that serves know the owner of the database or the admin password', async () => {
    const secrets = JSON.parse(readFileSync(join(launcher.home, 'secrets.json'), 'utf8')) as {
      postgres: Record<'superuser' | 'owner' | 'app', string>;
    };
    const { server, livekit, postgres } = launcher.run();
    const environ = (pid: number) => readFileSync(`/proc/${pid}/environ`, 'utf8');
    expect(environ(server.pid)).toContain(secrets.postgres.app);
    for (const pid of [server, livekit, postgres].flatMap((record) =>
      record ? [record.pid, ...childrenOf(record.pid)] : [],
    )) {
      for (const secret of [secrets.postgres.owner, secrets.postgres.superuser, PASSWORD]) {
        expect(environ(pid).includes(secret)).toBe(false);
      }
    }
    const { status } = await fetch(`${launcher.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: launcher.url },
      body: JSON.stringify({ email: 'admin@localhost', password: PASSWORD }),
    });
    expect(status).toBe(200);
  });

  it('ends everything within 10 seconds of a SIGTERM to npm', async () => {
    const run = launcher.run();
    const since = Date.now();

    await launcher.stop();
    await launcher.until('nothing is left', () => launcher.left(run).length === 0);

    expect(Date.now() - since).toBeLessThan(10_000);
    expect(await launcher.isReady()).toBe(false);
  });

  it('brings back a Postgres and a server that were killed', async () => {
    const before = launcher.run();

    process.kill(before.postgres.pid, 'SIGKILL');
    await launcher.untilBack('postgres', before);
    expect(launcher.run().server).toEqual(before.server);
    process.kill(before.server.pid, 'SIGKILL');
    await launcher.untilBack('server', before);

    expect(launcher.run().supervisor).toEqual(before.supervisor);
  });

  it(
    'leaves nothing when its supervisor is killed, and starts again by itself',
    async () => {
      const run = launcher.run();

      process.kill(run.supervisor.pid, 'SIGKILL');
      await launcher.until('nothing is left', () => launcher.left(run).length === 0);
      launcher.start();
      await launcher.untilReady();

      expect(launcher.run().server.pid).not.toBe(run.server.pid);
    },
    START_MS + 30_000,
  );

  it('says so when the same data are already in use', async () => {
    const second = new Launcher(launcher.home, await freeTcpPort());

    await new Promise((resolve) => second.start().once('close', resolve));

    expect(second.output).toContain(`Rolecall already runs with the data in ${launcher.home}`);
    expect(await launcher.isReady()).toBe(true);
  });
});

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && parentIn(pid) === parent);
}

function parentIn(pid: number): number | null {
  try {
    return Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return null; // it has just ended
  }
}

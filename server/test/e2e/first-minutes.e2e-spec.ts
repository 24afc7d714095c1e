import { afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { findOnPath, LIVEKIT_VERSION } from '../../../tools/lib/livekit.mjs';
import { freeTcpPort } from '../../../tools/lib/ports.mjs';
import { type Archive, archiveOf, ArchiveServer } from '../support/archive-server.js';
import { Launcher, START_MS } from '../support/launcher.js';
import { describeLive } from '../support/livekit-server.js';
import { screenAfter } from '../support/terminal-screen.js';

jest.setTimeout(START_MS + 60_000);

const PASSWORD = 'a password of the first admin';

interface Status {
  livekit: {
    state: string;
    version: string | null;
    knownHoles: { id: string }[] | null;
    install: { state: string; text: string; percent?: number; hint?: string } | null;
  };
}

describeLive('the first minutes on a machine without LiveKit', () => {
  let archive: Archive;
  let folder: string;
  let mirror: ArchiveServer;
  let launcher: Launcher;
  let cookie: string;

  beforeAll(() => {
    const program = readFileSync(realpathSync(findOnPath('livekit-server') ?? ''));
    archive = archiveOf({ 'livekit-server': program });
  });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rolecall-first-minutes-'));
    mirror = await new ArchiveServer(archive).start();
  });

  afterEach(async () => {
    await launcher.stop();
    await mirror.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const prepare = async (env: Record<string, string> = {}) => {
    launcher = new Launcher(join(folder, 'home'), await freeTcpPort(), {
      PATH: pathWithout(['livekit-server', 'go', 'docker'], join(folder, 'programs')),
      ROLECALL_LIVEKIT_ARCHIVE: mirror.url,
      ROLECALL_LIVEKIT_SHA256: mirror.archive.sha256,
      ROLECALL_ADMIN_PASSWORD: PASSWORD,
      ...env,
    });
  };

  const signIn = async () => {
    const response = await fetch(`${launcher.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: launcher.url },
      body: JSON.stringify({ email: 'admin@localhost', password: PASSWORD }),
    });
    cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    expect(response.status).toBe(200);
  };

  const ask = async <T>(path: string, init: RequestInit = {}) => {
    const response = await fetch(`${launcher.url}/api/v1${path}`, {
      ...init,
      headers: { cookie, origin: launcher.url, 'content-type': 'application/json' },
    });
    return { status: response.status, body: (await response.json()) as T };
  };
  const liveKit = async () => (await ask<Status>('/status')).body.livekit;

  it('serves while LiveKit comes, tells how far it is, and goes live by itself', async () => {
    const finish = mirror.holdHalf();
    await prepare();
    launcher.start('--demo');
    await launcher.untilReady();
    await signIn();

    expect(launcher.output).toContain('participants join when LiveKit is installed.');
    expect(launcher.output).not.toContain('in a moment');
    await launcher.until('half of it is there', async () => {
      const { state, install } = await liveKit();
      return state === 'down' && install?.state === 'installing' && (install.percent ?? 0) >= 45;
    });
    const room = `room-${randomUUID()}`;
    await ask('/rooms', {
      method: 'POST',
      body: JSON.stringify({ name: room, defaultTemplate: 'viewer' }),
    });
    const token = { room, identity: 'ana', createUser: true };
    expect((await ask('/tokens', { method: 'POST', body: JSON.stringify(token) })).status).toBe(
      201,
    );

    finish();
    await launcher.until('LiveKit runs', async () => (await liveKit()).state === 'up', 20_000);
    expect(await liveKit()).toMatchObject({ version: LIVEKIT_VERSION.slice(1), install: null });
    expect((await liveKit()).knownHoles?.map(({ id }) => id)).toContain('GHSA-gfh2-98qv-ggmw');
    await launcher.until(
      'the demo participants are in their rooms',
      async () => {
        const { body } = await ask<{ numParticipants: number }[]>('/rooms');
        return body.reduce((sum, { numParticipants }) => sum + numParticipants, 0) >= 8;
      },
      40_000,
    );
    expect(existsSync(join(launcher.home, 'bin', 'livekit-server'))).toBe(true);
  });

  it('tells why LiveKit cannot be installed and what to do, and serves all the same', async () => {
    await prepare({ ROLECALL_LIVEKIT_SHA256: 'f'.repeat(64), ROLECALL_LOG: 'info' });
    launcher.startOnTerminal('--verbose');
    await launcher.untilReady();
    await signIn();

    await launcher.until('the failure is told', async () => {
      const { install } = await liveKit();
      return install?.state === 'failed' && install.text.includes(mirror.archive.sha256);
    });
    expect((await liveKit()).install?.text).toMatch(/Docker: not installed\. Go: not installed/);
    expect((await liveKit()).install?.hint).toContain('LIVEKIT_URL');
    expect(launcher.output).toContain('Everything works but live rooms.');
    expect(existsSync(join(launcher.home, 'bin', 'livekit-server'))).toBe(false);

    await launcher.until('requests are told when asked to', () =>
      /request.*method=GET route=\/api\/v1\/status status=200/.test(launcher.output),
    );
  });

  it('on a terminal speaks to people, keeps the sign-in at the end, and opens the browser', async () => {
    const finish = mirror.holdHalf();
    const opened = join(folder, 'opened');
    await prepare({ ROLECALL_ADMIN_PASSWORD: '', ROLECALL_LOG: 'info' });
    program('xdg-open', `printf '%s' "$1" > '${opened}.new' && mv '${opened}.new' '${opened}'`);
    launcher.startOnTerminal('--open');
    await launcher.untilReady();
    await launcher.until('the browser is opened', () => existsSync(opened));
    expect(readFileSync(opened, 'utf8')).toBe(launcher.url);

    await fetch(`${launcher.url}/api/v1/me`);
    finish();
    await launcher.until('LiveKit is told', () => /✓.* LiveKit server/.test(launcher.output));
    process.kill(launcher.run().livekit?.pid ?? 0, 'SIGKILL');
    await launcher.until('LiveKit is back', () =>
      launcher.output.includes('LiveKit server is back'),
    );
    await launcher.until('the log tells it', () => launcher.output.includes('LiveKit cannot be'));

    const lines = screenAfter(launcher.output).filter((line) => line.trim() !== '');
    expect(lines.slice(-3)).toEqual([
      'First sign-in: admin@localhost',
      expect.stringMatching(/^Password: \S+ {3}\(shown once/),
      `Rolecall is ready at ${launcher.url}`,
    ]);
    expect(plain(lines)).toMatch(/^\d\d:\d\d:\d\d warn: LiveKit cannot be reached/m);
    expect(plain(lines)).not.toMatch(/"level"|request/);

    launcher.interrupt();
    await launcher.until('all has ended', () => launcher.output.includes('Rolecall has stopped'));
  });

  /** A program for the start to find. */
  function program(name: string, script: string): void {
    const file = join(folder, 'programs', name);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  }
});

const plain = (lines: readonly string[]) => lines.join('\n');

/** A PATH without `names`; `folder` gets what npm start needs of the folders that hold them. */
function pathWithout(names: readonly string[], folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const needed of ['node', 'npm', 'sh', 'ps', 'script']) {
    const found = findOnPath(needed);
    if (found && !existsSync(join(folder, needed))) symlinkSync(found, join(folder, needed));
  }
  const kept = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((one) => !names.some((name) => findOnPath(name, one)));
  return [folder, ...kept].join(delimiter);
}

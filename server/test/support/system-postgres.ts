import { execFileSync, spawn } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from '@jest/globals';
import pg from 'pg';
import { freeTcpPort } from '../../../tools/lib/ports.mjs';
import { until } from './until.js';

/** Where Debian has a folder for each version. */
const DEBIAN = '/usr/lib/postgresql';

/** A Postgres of the machine's distribution, older than the embedded one. */
export interface SystemPostgres {
  readonly version: number;
  readonly port: number;
  readonly superuserUrl: string;
  /** The folder of its socket. */
  readonly folder: string;
  stop(): Promise<void>;
}

export interface PgBouncer {
  readonly port: number;
  stop(): Promise<void>;
}

/** Reported as skipped, by name, on a machine without the programs. */
export function describeWithPoolers(name: string, suite: () => void): void {
  const missing = [
    ...(binaries() ? [] : ['Postgres of the system']),
    ...(hasPgBouncer() ? [] : ['PgBouncer']),
  ];
  if (missing.length === 0) describe(name, suite);
  else if (process.env['REQUIRE_POSTGRES']) {
    throw new Error(`REQUIRE_POSTGRES is set and there is no ${missing.join(', and no ')}`);
  } else describe.skip(`${name} (skipped: there is no ${missing.join(', and no ')})`, suite);
}

function binaries(): string | null {
  // To try another version: the folder that has its `initdb` and `postgres`.
  const asked = process.env['POSTGRES_BIN'];
  if (asked) return asked;
  if (!existsSync(DEBIAN)) return null;
  const [newest] = readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a));
  const folder = join(DEBIAN, newest ?? '', 'bin');
  return existsSync(join(folder, 'initdb')) ? folder : null;
}

const PATH = `${process.env['PATH']}:/usr/sbin`;

function hasPgBouncer(): boolean {
  try {
    execFileSync('pgbouncer', ['--version'], { stdio: 'ignore', env: { PATH } });
    return true;
  } catch {
    return false;
  }
}

/** Neither program runs as root; Debian's packages bring an account for them. */
function account(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith('postgres:'));
  const [, , uid, gid] = (line ?? '').split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

function ownFolder(prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  const owner = account();
  if (owner) chownSync(folder, owner.uid, owner.gid);
  return folder;
}

function run(program: string, args: string[], folder: string) {
  const child = spawn(program, args, {
    ...account(),
    cwd: folder,
    env: { PATH, LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (log += chunk));
  let isRunning = true;
  const ended = new Promise<void>((resolve) =>
    child.once('exit', () => {
      isRunning = false;
      resolve();
    }),
  );
  return {
    get isRunning() {
      return isRunning;
    },
    get log() {
      return log;
    },
    async stop(signal: NodeJS.Signals) {
      child.kill(signal);
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function untilReady(url: string, server: ReturnType<typeof run>): Promise<void> {
  await until('the server answers', async () => {
    if (!server.isRunning) throw new Error(`It ended:\n${server.log}`);
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  });
}

export async function startSystemPostgres(tls?: {
  certificate: string;
  key: string;
}): Promise<SystemPostgres> {
  const bin = binaries() as string;
  const folder = ownFolder('rolecall-system-postgres-');
  const data = join(folder, 'data');
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
    { ...account(), cwd: folder, stdio: 'ignore', env: { PATH, LC_ALL: 'C' } },
  );
  const port = await freeTcpPort();
  const settings: Record<string, string | number> = {
    port,
    unix_socket_directories: folder,
    fsync: 'off',
    max_connections: 100,
  };
  if (tls) {
    // Postgres takes only a key that is its own.
    const key = join(folder, 'server.key');
    writeFileSync(key, readFileSync(tls.key), { mode: 0o600 });
    const owner = account();
    if (owner) chownSync(key, owner.uid, owner.gid);
    Object.assign(settings, { ssl: 'on', ssl_cert_file: tls.certificate, ssl_key_file: key });
  }
  const server = run(
    join(bin, 'postgres'),
    [
      '-D',
      data,
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    folder,
  );
  const superuserUrl = `postgres://postgres@127.0.0.1:${port}/postgres`;
  await untilReady(superuserUrl, server);
  const version = Number(readFileSync(join(data, 'PG_VERSION'), 'utf8'));
  return { version, port, folder, superuserUrl, stop: () => server.stop('SIGINT') };
}

/** PgBouncer as its package configures it, apart from where it is and who may use it. */
export async function startPgBouncer(
  mode: 'session' | 'transaction' | 'statement',
  postgresPort: number,
  users: Readonly<Record<string, string>>,
): Promise<PgBouncer> {
  const folder = ownFolder('rolecall-pgbouncer-');
  const port = await freeTcpPort();
  const list = Object.entries(users).map(([user, password]) => `"${user}" "${password}"`);
  writeFileSync(join(folder, 'users'), `${list.join('\n')}\n`);
  writeFileSync(
    join(folder, 'pgbouncer.ini'),
    `[databases]
* = host=127.0.0.1 port=${postgresPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = plain
auth_file = ${join(folder, 'users')}
pool_mode = ${mode}
default_pool_size = ${mode === 'session' ? 50 : 6}
`,
  );
  const server = run('pgbouncer', [join(folder, 'pgbouncer.ini')], folder);
  const [user, password] = Object.entries(users)[0] ?? ['', ''];
  await untilReady(
    `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`,
    server,
  );
  return { port, stop: () => server.stop('SIGINT') };
}

// What benchmarks share: processes that end with us, a load generator, medians.
import { fork, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, homedir, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { findLiveKitServer, startLiveKit } from '../tools/lib/livekit.mjs';
import { freeTcpPort } from '../tools/lib/ports.mjs';
import { startPostgres } from '../tools/lib/postgres.mjs';

const started = new Set();
/** What outlives us unless it is ended: process ids, with what to end them by. */
const outliving = new Map();
const folders = new Set();
process.on('exit', () => {
  for (const child of started) child.kill('SIGKILL');
  for (const [pid, signal] of outliving) endNow(pid, signal);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

/** A process that is ended when we end, however that is. */
export function endsWithUs(child) {
  started.add(child);
  child.once('exit', () => started.delete(child));
}

function endNow(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended
  }
}

/** Starts a Node program and resolves when it prints a line that matches `ready`. */
export function startServer(file, env, ready) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file], {
      env: {
        PATH: process.env.PATH,
        NODE_ENV: 'production',
        // For a look inside: BENCH_NODE_OPTIONS=--cpu-prof
        NODE_OPTIONS: process.env.BENCH_NODE_OPTIONS ?? '',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    started.add(child);
    let out = '';
    const listen = (chunk) => {
      if (out === null) return;
      out += chunk;
      if (!ready.test(out)) return;
      out = null;
      resolve(child);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', (chunk) => out !== null && (out += chunk));
    child.on('exit', (code) => {
      started.delete(child);
      if (out !== null) reject(new Error(`${file} ended with ${code}:\n${out}`));
    });
  });
}

export function stop(child) {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', resolve);
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), 5_000).unref();
  });
}

/** Loads in a process of its own. Answers with requests per second and latency in milliseconds. */
export function load(options) {
  return new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'load.mjs'), { stdio: 'inherit' });
    started.add(child);
    child.once('message', (result) => {
      started.delete(child);
      child.kill();
      if (result.error) reject(new Error(result.error));
      else resolve(result);
    });
    child.once('error', reject);
    child.send(options);
  });
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The smallest of the numbers that `share` (0…1) of them do not exceed. */
export function percentile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

export function describeMachine() {
  const busy = loadavg()[0].toFixed(1);
  return `Node ${process.version}, ${cpus().length} cores (load ${busy} before), load generator and Postgres on the same machine`;
}

/** A Postgres of the benchmark's own, durable, with the two roles; gone after `stop`. */
export async function startOwnPostgres() {
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-bench-'));
  const passwords = { superuser: 'bench', owner: 'bench-owner', app: 'bench-app' };
  folders.add(folder);
  const postgres = await startPostgres({ dataDir: join(folder, 'pg'), passwords, durable: true });
  const { pid } = postgres;
  outliving.set(pid, 'SIGQUIT');
  return {
    postgres,
    folder,
    home: join(folder, 'home'),
    ownerUrl: postgres.url('rolecall_owner', passwords.owner),
    appUrl: postgres.url('rolecall_app', passwords.app),
    stop: async () => {
      await postgres.stop();
      outliving.delete(pid);
      rmSync(folder, { recursive: true, force: true });
      folders.delete(folder);
    },
  };
}

/** The built server as `npm start` runs it, on the database given, with an admin signed in. */
export async function startRolecall({ ownerUrl, appUrl, home }, env) {
  const port = await freeTcpPort();
  const all = {
    PORT: String(port),
    DATABASE_URL: appUrl,
    DATABASE_MIGRATION_URL: ownerUrl,
    ROLECALL_HOME: home,
    ROLECALL_ADMIN_PASSWORD: randomBytes(16).toString('hex'),
    ROLECALL_LOG: 'warn',
    ...env,
  };
  const root = join(import.meta.dirname, '..');
  const migrated = spawnSync(process.execPath, [join(root, 'server/dist/migrate.js')], {
    env: all,
  });
  if (migrated.status !== 0) throw new Error(String(migrated.stderr));
  const child = await startServer(join(root, 'server/dist/main.js'), all, /is ready at/);
  const url = `http://127.0.0.1:${all.PORT}`;
  const signIn = await fetch(`${url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'admin@localhost', password: all.ROLECALL_ADMIN_PASSWORD }),
  });
  const cookie = signIn.headers.get('set-cookie').split(';')[0];
  const call = async (method, path, body) => {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        cookie,
        origin: url,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  };
  return {
    url,
    child,
    cookie,
    env: all,
    get: (path) => call('GET', path),
    post: (path, body = {}) => call('POST', path, body),
    delete: (path) => call('DELETE', path),
    stop: () => stop(child),
  };
}

/**
 * Rolecall in front of a real LiveKit server; null, and a word why, where there is no such server.
 * `env` may follow from what there is by then, such as the folder.
 */
export async function startRolecallWithLiveKit(env = {}) {
  const home = process.env.ROLECALL_HOME ?? join(import.meta.dirname, '../.rolecall');
  const bin = await findLiveKitServer({ home, build: true });
  if (!bin) {
    const shown = home.replace(homedir(), '~');
    console.log(`not measured: no livekit-server on the PATH, in ${shown}, nor Go to build one`);
    return null;
  }
  const database = await startOwnPostgres();
  const port = await freeTcpPort();
  const livekit = await startLiveKit({
    bin,
    dir: join(database.folder, 'livekit'),
    key: 'bench',
    secret: randomBytes(32).toString('hex'),
    webhookUrl: `http://127.0.0.1:${port}/livekit/webhook`,
    logLevel: 'error',
  });
  const { pid } = livekit;
  outliving.set(pid, 'SIGKILL');
  const rolecall = await startRolecall(database, {
    PORT: String(port),
    LIVEKIT_URL: livekit.wsUrl,
    LIVEKIT_API_KEY: livekit.key,
    LIVEKIT_API_SECRET: livekit.secret,
    ...(typeof env === 'function' ? env(database) : env),
  });
  const end = async () => {
    await rolecall.stop();
    await livekit.stop();
    outliving.delete(pid);
    await database.stop();
  };
  return { database, livekit, rolecall, stop: end };
}

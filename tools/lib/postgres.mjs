import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fchownSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { PlainError, tail } from './errors.mjs';
import { APP, DATABASE, OWNER, postgresUrl } from './settings.mjs';
import { postgresFolder } from './postgres-binaries.mjs';
import { giveTo, postgresUser } from './postgres-user.mjs';
import { freeTcpPort } from './ports.mjs';
import {
  asWorker,
  describeProcess,
  endProcess,
  isRunning,
  parentOf,
  processesIn,
  signalProcess,
} from './processes.mjs';

const HOST = '127.0.0.1';
const SUPERUSER = 'postgres';

const LOG_LIMIT_BYTES = 10 * 1024 * 1024;

const SETTINGS = {
  listen_addresses: HOST,
  unix_socket_directories: '',
  max_connections: 100,
  shared_buffers: '128MB',
  log_min_messages: 'warning',
  log_line_prefix: '%m [%p] %q%u@%d ',
};

/** For data that is thrown away: nothing waits for the disk. */
const THROW_AWAY_SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: 300,
  autovacuum_naptime: '10s',
};

/**
 * Starts the Postgres of the npm package on 127.0.0.1 over `dataDir`, which it makes when it is not
 * there. Whatever a killed predecessor left of it is ended first. With `passwords.owner` and
 * `passwords.app` it also has the two roles and the database `rolecall` of the owner.
 *
 * `onExit` is called when the server ends without having been asked to; `restart()` then brings it
 * back on the same port.
 */
export async function startPostgres({
  dataDir,
  port,
  passwords = {},
  durable = true,
  environment = {},
  log = () => {},
  logFile = `${resolve(dataDir)}.log`,
  onSpawn = () => {},
  onExit = () => {},
}) {
  mkdirSync(dirname(resolve(dataDir)), { recursive: true, mode: 0o700 });
  const folder = join(realpathSync(dirname(resolve(dataDir))), basename(dataDir));
  const user = postgresUser(postgresFolder());
  const superuserPassword = passwords.superuser ?? randomBytes(24).toString('base64url');
  const settings = { ...SETTINGS, ...(durable ? {} : THROW_AWAY_SETTINGS) };

  let child = null;
  /** Only the end of a server that was up is news; before that, launch() itself fails. */
  let isWanted = false;

  const handle = {
    port: await freeTcpPort(port),
    get pid() {
      return child?.pid ?? null;
    },
    get isRunning() {
      return child !== null;
    },
    url: (name, password, database) => postgresUrl(handle.port, name, password, database),
    get superuserUrl() {
      return handle.url(SUPERUSER, superuserPassword, 'postgres');
    },
    /** Fast shutdown: sessions are cut off, what was committed stays. */
    async stop({ graceMs = 5000 } = {}) {
      isWanted = false;
      if (child) {
        await endProcess(describeProcess(child.pid), [
          ['SIGINT', graceMs],
          ['SIGQUIT', 1500],
          ['SIGKILL', 1500],
        ]);
      }
    },
    /** What a crash of the machine's memory would do: the postmaster is gone at once. */
    async kill9() {
      isWanted = false;
      if (child) await endProcess(describeProcess(child.pid), [['SIGKILL', 5000]]);
    },
    async restart() {
      await handle.stop();
      await launch();
    },
  };

  if (!existsSync(join(folder, 'PG_VERSION'))) {
    log('creating the database');
    await createCluster(user, folder, superuserPassword, durable);
  }
  refuseOtherVersion(folder);
  await launch();
  if (passwords.owner && passwords.app) await ensureRoles(handle.superuserUrl, passwords);
  return handle;

  async function launch() {
    await endLeftovers(folder);
    giveTo(user.owner, folder);
    const output = openLog(logFile);
    try {
      const flags = Object.entries({ ...settings, port: handle.port });
      const [command, args] = user.command(join(user.native, 'bin', 'postgres'), [
        '-D',
        user.kind === 'account' ? '/proc/self/cwd' : folder,
        ...flags.flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ]);
      const started = spawn(command, args, {
        ...user.spawnOptions,
        cwd: folder,
        env: { ...postgresEnvironment(), ...environment },
        stdio: ['ignore', output, output],
        // Its own session: Ctrl-C in the terminal is for whoever started us, who ends it in order.
        detached: true,
      });
      child = started;
      started.once('error', () => {
        if (child === started) child = null;
      });
      started.once('exit', (code, signal) => {
        if (child === started) child = null;
        if (isWanted) onExit({ code, signal });
      });
      onSpawn(started.pid);
    } finally {
      closeSync(output);
    }
    await untilReady(child);
    isWanted = true;
  }

  /** Recovery after a crash may take a while, so it is the process that decides, not a clock. */
  async function untilReady(started) {
    const deadline = Date.now() + 120_000;
    for (;;) {
      if (child !== started || started.pid === undefined) {
        throw new PlainError(`Postgres did not start:\n${logTail(logFile)}`, `Its log: ${logFile}`);
      }
      const client = new pg.Client({ connectionString: handle.superuserUrl });
      client.on('error', () => {});
      try {
        await client.connect();
        await client.end();
        return;
      } catch (error) {
        if (error.code === '28P01') {
          await handle.stop();
          throw new PlainError(
            `The Postgres data in ${folder} belong to other passwords than those remembered beside it.`,
            'Put the secrets file back, or move that folder away to begin with an empty database.',
          );
        }
        if (Date.now() > deadline) {
          await handle.stop();
          throw new PlainError(
            `Postgres did not get ready within two minutes: ${error.message}`,
            `Its log: ${logFile}`,
          );
        }
        await delay(30);
      }
    }
  }
}

/** Made beside its place and moved there when it is whole, so a start cut short leaves no half. */
async function createCluster(user, folder, password, durable) {
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true, mode: 0o700 });
  giveTo(user.owner, unfinished);
  const passwordFile = `${folder}.password`;
  const input = openSync(passwordFile, 'w+', 0o600);
  unlinkSync(passwordFile);
  try {
    writeSync(input, `${password}\n`, 0);
    if (user.owner) fchownSync(input, user.owner.uid, user.owner.gid);
    const [command, args] = user.command(join(user.native, 'bin', 'initdb'), [
      `--pgdata=${user.kind === 'account' ? '/proc/self/cwd' : unfinished}`,
      `--username=${SUPERUSER}`,
      '--auth=scram-sha-256',
      '--pwfile=/dev/stdin',
      '--encoding=UTF8',
      '--locale=C',
      // The same order of text on every machine and with every version of its libraries.
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      ...(durable ? [] : ['--no-sync']),
    ]);
    await run(command, args, {
      ...user.spawnOptions,
      cwd: unfinished,
      env: postgresEnvironment(),
      stdio: [input, 'pipe', 'pipe'],
    });
  } finally {
    closeSync(input);
  }
  chmodSync(unfinished, 0o700);
  renameSync(unfinished, folder);
}

function run(command, args, options) {
  return new Promise((done, fail) => {
    const child = asWorker(spawn(command, args, { ...options, detached: true }));
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.once('error', fail);
    child.once('close', (code) => {
      if (code === 0) return done(output);
      fail(new PlainError(`The database could not be created:\n${tail(output)}`));
    });
  });
}

function refuseOtherVersion(folder) {
  const version = readFileSync(join(folder, 'PG_VERSION'), 'utf8').trim();
  if (version === '18') return;
  throw new PlainError(
    `The data in ${folder} were made by Postgres ${version}; this Rolecall brings Postgres 18.`,
    'Move them over with pg_dump and pg_restore, or set DATABASE_URL to the Postgres that reads them.',
  );
}

/**
 * Ends what a killed launcher left running over `folder`: every process of Postgres works in its
 * data folder. Then takes away a lock file that would keep Postgres from starting although nobody
 * holds it: its process number belongs to something else by now, or to a zombie that nobody reaps.
 */
export async function endLeftovers(folder) {
  const lockFile = join(folder, 'postmaster.pid');
  const pid = existsSync(lockFile) ? Number(readFileSync(lockFile, 'utf8').split('\n')[0]) : 0;
  const postmaster = pid > 0 ? describeProcess(pid) : null;
  const isOurs = () =>
    processesIn(folder).some((record) => record.pid === pid) ||
    (process.platform !== 'linux' && /postgres/.test(parentOf(pid)?.command ?? ''));
  if (isRunning(postmaster) && isOurs()) {
    await endProcess(postmaster, [
      ['SIGINT', 5000],
      ['SIGQUIT', 2000],
      ['SIGKILL', 2000],
    ]);
  }
  // Without their postmaster they end by themselves, unless one is busy with a long statement.
  const deadline = Date.now() + 1500;
  for (let left = processesIn(folder); left.length > 0; left = processesIn(folder)) {
    if (Date.now() > deadline)
      for (const { pid: leftPid } of left) signalProcess(leftPid, 'SIGKILL');
    await delay(20);
  }
  // With a process number that is free, Postgres sees for itself that the file is stale.
  if (postmaster && signalProcess(pid, 0)) rmSync(lockFile, { force: true });
}

/** The roles and the database that the application works with; a role that is there keeps its data. */
async function ensureRoles(superuserUrl, passwords) {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    // A statement that fails is written to the log as it is, and these hold passwords.
    await client.query(`SET log_min_error_statement = 'panic'`);
    for (const [role, password] of [
      [OWNER, passwords.owner],
      [APP, passwords.app],
    ]) {
      const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
      await client.query(
        `${rowCount ? 'ALTER' : 'CREATE'} ROLE ${role} LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB
           PASSWORD ${client.escapeLiteral(password)}`,
      );
    }
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [
      DATABASE,
    ]);
    if (!rowCount) await client.query(`CREATE DATABASE ${DATABASE} OWNER ${OWNER}`);
    await client.query(`REVOKE ALL ON DATABASE ${DATABASE} FROM PUBLIC, ${APP}`);
    await client.query(`GRANT CONNECT ON DATABASE ${DATABASE} TO ${APP}`);
  } finally {
    await client.end();
  }
}

/** The caller's PG* variables would be taken for settings of this server. */
function postgresEnvironment() {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(PG|LC_|LANG|DATABASE_|LIVEKIT_|ROLECALL_)/.test(name),
  );
  return { ...Object.fromEntries(kept), LC_ALL: 'C' };
}

function openLog(file) {
  const descriptor = openSync(file, 'a', 0o600);
  if (statSync(file).size > LOG_LIMIT_BYTES) ftruncateSync(descriptor, 0);
  return descriptor;
}

function logTail(file) {
  try {
    return tail(readFileSync(file, 'utf8'));
  } catch {
    return '';
  }
}

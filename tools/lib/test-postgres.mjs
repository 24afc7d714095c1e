import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { buildIfStale } from './build.mjs';
import { PlainError, tail } from './errors.mjs';
import { ROOT } from './paths.mjs';
import { endLeftovers, startPostgres } from './postgres.mjs';
import { describeProcess, isRunning, signalProcess } from './processes.mjs';

const PREFIX = 'rolecall-test-postgres-';
const SIGNALS = ['SIGINT', 'SIGTERM'];
export const TEMPLATE = 'rolecall_template';

/**
 * A Postgres for one run of the tests, with an owner's role, an application's role and a migrated
 * template database that each test file copies. `databaseUrl` is that of a superuser of a Postgres
 * to use instead. Resolves to `{ facts, stop() }`; `facts` are plain values. Whoever sees to signals
 * itself says so, and exits; then it is ended as well.
 */
export async function startTestPostgres({
  databaseUrl,
  log = () => {},
  seesToSignals = false,
} = {}) {
  // Every mistake in the sources is the type check's to tell; what is emitted runs all the same.
  await buildIfStale('server').catch((error) => log(error.message));
  const own = databaseUrl ? null : await startThrowAway(seesToSignals ? [] : SIGNALS);
  const superuserUrl = databaseUrl ?? own.superuserUrl;
  // Roles belong to a whole server, so in a borrowed one each run has its own.
  const suffix = databaseUrl ? `_${randomBytes(4).toString('hex')}` : '';
  const facts = {
    superuserUrl,
    template: `${TEMPLATE}${suffix}`,
    owner: { role: `rolecall_owner${suffix}`, password: randomBytes(12).toString('hex') },
    app: { role: `rolecall_app${suffix}`, password: randomBytes(12).toString('hex') },
  };
  const stop = async () => {
    if (own) return own.stop();
    await asSuperuser(superuserUrl, [
      `DROP DATABASE IF EXISTS ${facts.template} WITH (FORCE)`,
      `DROP ROLE IF EXISTS ${facts.owner.role}`,
      `DROP ROLE IF EXISTS ${facts.app.role}`,
    ]);
  };
  try {
    await asSuperuser(superuserUrl, [
      `CREATE ROLE ${facts.owner.role} LOGIN PASSWORD '${facts.owner.password}'`,
      `CREATE ROLE ${facts.app.role} LOGIN PASSWORD '${facts.app.password}'`,
      `CREATE DATABASE ${facts.template} OWNER ${facts.owner.role}`,
    ]);
    await migrate(facts);
  } catch (error) {
    await stop();
    throw error;
  }
  return { facts, stop };
}

/** The URL of one database of the server for one of the two roles. */
export function testDatabaseUrl(facts, { role, password }, database) {
  const url = new URL(facts.superuserUrl);
  url.username = role;
  url.password = password;
  url.pathname = `/${database}`;
  return url.href;
}

export async function asSuperuser(superuserUrl, statements) {
  const client = new pg.Client({ connectionString: superuserUrl });
  // A lost connection also fails the statement.
  client.on('error', () => {});
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

async function migrate(facts) {
  const script = join(ROOT, 'server/dist/migrate.js');
  await new Promise((done, fail) => {
    const child = spawn(process.execPath, [script], {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH,
        DATABASE_URL: testDatabaseUrl(facts, facts.app, facts.template),
        DATABASE_MIGRATION_URL: testDatabaseUrl(facts, facts.owner, facts.template),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.once('error', fail);
    child.once('close', (code) => {
      if (code === 0) done();
      else fail(new PlainError(`The migrations failed:\n${tail(output, 30)}`));
    });
  });
}

async function startThrowAway(signals) {
  await removeAbandoned();
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  writeFileSync(join(folder, 'owner.json'), JSON.stringify(describeProcess(process.pid)));
  const server = await startPostgres({ dataDir: join(folder, 'data'), durable: false });
  // A test run that is interrupted has no time to wait for anything.
  const endAtOnce = () => signalProcess(server.pid, 'SIGQUIT');
  process.once('exit', endAtOnce);
  for (const signal of signals) process.once(signal, exit);
  return {
    superuserUrl: server.superuserUrl,
    stop: async () => {
      process.removeListener('exit', endAtOnce);
      for (const signal of signals) process.removeListener(signal, exit);
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Unlike a death by the signal itself, this runs the handlers of `exit`. */
function exit() {
  process.exit(130);
}

/** What test runs that were killed have left. */
async function removeAbandoned() {
  for (const entry of readdirSync(tmpdir()).filter((name) => name.startsWith(PREFIX))) {
    const folder = join(tmpdir(), entry);
    try {
      if (isRunning(JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8')))) continue;
      await endLeftovers(join(folder, 'data'));
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // just being made, or another user's
    }
  }
}

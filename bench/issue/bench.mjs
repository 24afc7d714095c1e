// Tokens per second of POST /api/v1/tokens, authenticated and logged, against two baselines, taken in
// turns in one run. Then the check that makes the figure worth something: every token has its entry.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import { freeTcpPort } from '../../tools/lib/ports.mjs';
import { cpuSeconds, cpuSecondsOfFamily } from '../processes.mjs';
import {
  describeMachine,
  load,
  median,
  startOwnPostgres,
  startRolecall,
  startServer,
  stop,
} from '../lib.mjs';

const seconds = Number(process.env.BENCH_SECONDS ?? 6);
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const connections = Number(process.env.BENCH_CONNECTIONS ?? 128);
const livekit = { LIVEKIT_API_KEY: 'bench', LIVEKIT_API_SECRET: randomBytes(32).toString('hex') };
const rooms = Array.from({ length: 10 }, (_, i) => `room-${i}`);
const identities = Array.from({ length: 200 }, (_, i) => `person-${i}`);
const bodies = identities.map((identity, i) => ({ room: rooms[i % rooms.length], identity }));

/** Processor seconds so far of a server, and of Postgres. */
function cpuOf(child) {
  return { node: cpuSeconds([child.pid]), postgres: cpuSecondsOfFamily(postgres.pid) };
}

/** Microseconds for each token. */
function perToken(cpu, { ok }) {
  return (cpu * 1e6) / ok;
}

const database = await startOwnPostgres();
const { postgres, ownerUrl } = database;

/** As the product runs, with a line of log for each request. */
async function startOurs() {
  const ours = await startRolecall(database, { ...livekit, ROLECALL_LOG: 'info' });
  for (const name of rooms) await ours.post('/rooms', { name, defaultTemplate: 'viewer' });
  for (const identity of identities) await ours.post('/users', { identity, name: identity });
  const { key } = await ours.post('/api-keys', { name: 'bench', permissions: ['token.issue'] });
  const { child, url, env } = ours;
  return { child, env, url: `${url}/api/v1/tokens`, headers: { authorization: `Bearer ${key}` } };
}

/** A second server on the same database that logs warnings only. */
async function startQuiet({ headers, env }) {
  const { ROLECALL_ADMIN_PASSWORD } = env;
  const { child, url } = await startRolecall(database, { ...livekit, ROLECALL_ADMIN_PASSWORD });
  return { child, url: `${url}/api/v1/tokens`, headers };
}

async function startBaseline(file) {
  const port = await freeTcpPort();
  const key = randomBytes(24).toString('hex');
  const child = await startServer(
    join(import.meta.dirname, file),
    {
      ...livekit,
      PORT: String(port),
      DATABASE_URL: ownerUrl.replace(/[^/]*$/, 'obvious'),
      BENCH_KEY: key,
      BENCH_ROOMS: JSON.stringify(rooms),
      BENCH_IDENTITIES: JSON.stringify(identities),
    },
    /ready/,
  );
  const url = `http://127.0.0.1:${port}/api/v1/tokens`;
  return { child, url, headers: { authorization: `Bearer ${key}` } };
}

const superuser = new pg.Client({ connectionString: postgres.superuserUrl });
await superuser.connect();
await superuser.query('CREATE DATABASE obvious OWNER rolecall_owner');
const { rows: settings } = await superuser.query(
  `SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'server_version')`,
);
await superuser.end();

const ours = await startOurs();
const servers = {
  rolecall: ours,
  quiet: await startQuiet(ours),
  obvious: await startBaseline('obvious-server.mjs'),
  bare: await startBaseline('bare-server.mjs'),
};
const results = { rolecall: [], quiet: [], obvious: [], bare: [] };
for (const { url, headers } of Object.values(servers)) {
  await load({ url, headers, bodies, connections, seconds: 2 }); // warm up
}
let issued = 0;
for (let round = 0; round < rounds; round++) {
  for (const [name, { url, headers, child }] of Object.entries(servers)) {
    const before = cpuOf(child);
    const result = await load({ url, headers, bodies, connections, seconds });
    if (result.wrong > 0) throw new Error(`${name}: ${result.wrong} requests failed`);
    const after = cpuOf(child);
    result.node = perToken(after.node - before.node, result);
    result.postgres = name === 'bare' ? 0 : perToken(after.postgres - before.postgres, result);
    results[name].push(result);
    if (name === 'rolecall' || name === 'quiet') issued += result.ok;
    console.log(
      `round ${round + 1}  ${name.padEnd(9)} ${result.perSecond.toFixed(0).padStart(7)} tokens/s   p50 ${result.p50} ms   p99 ${result.p99} ms   µs of processor a token: Node ${result.node.toFixed(0)}, Postgres ${result.postgres.toFixed(0)}`,
    );
  }
}
const alone = await load({
  url: ours.url,
  headers: ours.headers,
  bodies,
  connections: 1,
  seconds: 3,
});

const client = new pg.Client({ connectionString: ownerUrl });
await client.connect();
const { rows } = await client.query(
  `SELECT count(*)::int AS entries, count(DISTINCT payload->>'jti')::int AS jtis,
     count(DISTINCT payload->>'tokenHash')::int AS hashes
   FROM ledger_entry WHERE kind = 'token.issued'`,
);
await client.end();
await Promise.all(Object.values(servers).map(({ child }) => stop(child)));
await database.stop();

const rate = (name) => median(results[name].map((r) => r.perSecond));
const ratio = (name, of = 'rolecall') =>
  median(results[of].map((r, i) => r.perSecond / results[name][i].perSecond)).toFixed(2);
const cpu = (name) => {
  const [node, sql] = ['node', 'postgres'].map((of) => median(results[name].map((r) => r[of])));
  const whole = `${(node + sql).toFixed(0)} µs`;
  return sql === 0 ? whole : `${node.toFixed(0)} + ${sql.toFixed(0)} = ${whole} (Node + Postgres)`;
};
const cpuRatio = (name) =>
  median(results[name].map((r, i) => (r.node + r.postgres) / results.bare[i].node)).toFixed(2);
console.log(`
${describeMachine()}; ${settings.map((s) => `${s.name} ${s.setting}`).join(', ')}
${connections} connections, ${rounds} rounds of ${seconds} s in turns, medians

rolecall  ${rate('rolecall').toFixed(0)} tokens/s, authenticated, decided, logged and committed (p99 ${median(results.rolecall.map((r) => r.p99))} ms; one at a time: p50 ${alone.p50} ms)
quiet     ${rate('quiet').toFixed(0)} tokens/s  (the same without the request log)
obvious   ${rate('obvious').toFixed(0)} tokens/s  (Express, TypeORM save(), SDK)
bare      ${rate('bare').toFixed(0)} tokens/s  (Express, SDK, nothing asked, nothing logged)

rolecall / obvious = ${ratio('obvious')}
rolecall / bare    = ${ratio('bare')} (quiet / bare = ${ratio('bare', 'quiet')})

processor a token: rolecall ${cpu('rolecall')}; quiet ${cpu('quiet')}; obvious ${cpu('obvious')}; bare ${cpu('bare')}
processor of rolecall / bare = ${cpuRatio('rolecall')} (quiet / bare = ${cpuRatio('quiet')})
tokens handed out in the timed rounds: ${issued}; entries of issued tokens: ${rows[0].entries}, with ${rows[0].jtis} different jti`);
if (rows[0].entries < issued || rows[0].jtis !== rows[0].entries) {
  console.error('A token without its own entry: the figures above are worth nothing.');
  process.exit(1);
}

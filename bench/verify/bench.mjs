// ledger verify: how many entries a second it proves, whole and since a checkpoint. Entries are
// written by the append function alone, with an actor, a person and a payload of about 300 bytes.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { loadavg } from 'node:os';
import { cpuSecondsOfEnded, cpuSecondsOfFamily } from '../processes.mjs';
import { describeMachine, median, startOwnPostgres, startRolecall, stop } from '../lib.mjs';

const entries = Number(process.env.BENCH_ENTRIES ?? 300_000);
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const CLI = join(import.meta.dirname, '../../server/dist/cli.js');

const livekit = { LIVEKIT_API_KEY: 'bench', LIVEKIT_API_SECRET: randomBytes(32).toString('hex') };
const database = await startOwnPostgres();
const ours = await startRolecall(database, livekit);
const app = new pg.Client({ connectionString: database.appUrl });
await app.connect();

async function append(count) {
  const { rows } = await app.query(
    `SELECT claimed_shard AS shard, claimed_epoch AS epoch FROM ledger_claim_shard('bench')`,
  );
  const { shard, epoch } = rows[0];
  const all = (value) => `ARRAY(SELECT ${value} FROM generate_series(1, $3) n)`;
  const payload = `('{"jti":"' || md5(n::text) || '","text":"' || repeat('x', 240) || '"}')::json`;
  const personal = `('{"because":["default"],"claims":{"sub":"person ' || n || '"}}')::json`;
  await app.query(
    `SELECT ledger_append($1, $2, ${all(`'token.issued'`)}, ${all(`'ok'`)}, ${all(`'api_key'`)},
       ${all(`'3f1c'`)}, ${all(`'bench'`)}, ${all(`'room ' || n`)}, ${all(`'person ' || n`)},
       ${all('md5(n::text)')}, ${all(`'203.0.113.9'`)}, ${all('NULL::text')}, ${all(payload)},
       ${all(personal)})`,
    [shard, epoch, count],
  );
}

async function checkpoint() {
  const answer = await fetch(`${ours.url}/ledger/checkpoint`);
  return answer.ok ? answer.text() : '\n0\n';
}

async function untilMirrored() {
  const { rows } = await app.query('SELECT sum(seq) AS n FROM ledger_head');
  for (;;) {
    const { ledger } = await ours.get('/status');
    if ((ledger.mirror.size ?? 0) >= Number(rows[0].n)) return;
    await delay(200);
  }
}

/** Seconds of the verification itself; of the processors, with the start of the command. */
function verify(...args) {
  return new Promise((resolve, reject) => {
    const before = cpuSecondsOfFamily(database.postgres.pid);
    const ended = cpuSecondsOfEnded(process.pid);
    const child = spawn(process.execPath, [CLI, 'ledger', 'verify', ...args], {
      env: { DATABASE_URL: database.appUrl, ROLECALL_HOME: database.home, ...livekit },
    });
    let out = '';
    child.stdout.on('data', (chunk) => (out += chunk));
    child.stderr.on('data', (chunk) => (out += chunk));
    child.once('exit', (code) => {
      const seconds = Number(/proved in ([\d.]+) s/.exec(out)?.[1]);
      if (code !== 0) return reject(new Error(out));
      const postgres = cpuSecondsOfFamily(database.postgres.pid) - before;
      resolve({ seconds, postgres, node: cpuSecondsOfEnded(process.pid) - ended });
    });
  });
}

try {
  console.log(describeMachine());
  for (let done = 0; done < entries; done += 500) await append(Math.min(500, entries - done));
  await untilMirrored();
  const kept = join(database.folder, 'checkpoint');
  writeFileSync(kept, await checkpoint());
  const [runs, starts] = [[], []];
  for (let round = 0; round < rounds; round++) {
    runs.push(await verify());
    starts.push(await verify('--since', kept)); // reads the leaves of none
  }
  const of = (what, all = runs) => median(all.map((run) => run[what]));
  const micros = (seconds) => ((seconds * 1e6) / entries).toFixed(1);
  console.log(
    `${entries} entries: proved in ${of('seconds').toFixed(1)} s ` +
      `(${Math.round(entries / of('seconds'))}/s), with numbers, tiles, checkpoints, mirror and ` +
      `bundles, at a load of ${loadavg()[0].toFixed(1)}`,
  );
  console.log(
    `processor for an entry: Node ${micros(of('node') - of('node', starts))} µs beside its start, ` +
      `Postgres ${micros(of('postgres'))} µs`,
  );
  await append(10_000);
  await untilMirrored();
  const since = await verify('--since', kept);
  console.log(`10000 more since a checkpoint: ${since.seconds.toFixed(1)} s`);
} finally {
  await app.end();
  await stop(ours.child);
  await database.stop();
}

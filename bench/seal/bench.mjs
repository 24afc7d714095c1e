// The tree over the ledger: how fast entries are sealed that come all at once, how long an entry waits
// under load, and what a proof takes. Entries are written by the append function alone.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { cpuSeconds, cpuSecondsOfFamily } from '../processes.mjs';
import {
  describeMachine,
  load,
  median,
  percentile,
  startOwnPostgres,
  startRolecall,
  stop,
} from '../lib.mjs';

const before = Number(process.env.BENCH_ENTRIES ?? 200_000);
const burst = Number(process.env.BENCH_BURST ?? 10_000);
const seconds = Number(process.env.BENCH_SECONDS ?? 6);
const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const PROOFS = 300;

const livekit = { LIVEKIT_API_KEY: 'bench', LIVEKIT_API_SECRET: randomBytes(32).toString('hex') };
const database = await startOwnPostgres();
const ours = await startRolecall(database, livekit);
const app = new pg.Client({ connectionString: database.appUrl });
await app.connect();

const { rows } = await app.query(
  `SELECT claimed_shard AS shard, claimed_epoch AS epoch FROM ledger_claim_shard('bench')`,
);
const { shard, epoch } = rows[0];

/** Entries with a payload of about 300 bytes, in one transaction. */
async function append(count) {
  const all = (value) => `ARRAY(SELECT ${value} FROM generate_series(1, $3) n)`;
  const payload = `('{"jti":"' || md5(n::text) || '","text":"' || repeat('x', 240) || '"}')::json`;
  await app.query(
    `SELECT ledger_append($1, $2, ${all(`'token.issued'`)}, ${all(`'ok'`)}, ${all(`'system'`)},
       ${all('NULL::text')}, ${all(`'bench'`)}, ${all(`'room ' || n`)}, ${all(`'person ' || n`)},
       ${all('NULL::text')}, ${all('NULL::text')}, ${all('NULL::text')}, ${all(payload)},
       ${all('NULL::json')})`,
    [shard, epoch, count],
  );
}

async function written() {
  const { rows: heads } = await app.query('SELECT sum(seq - leaves_after) AS n FROM ledger_head');
  return Number(heads[0].n);
}

async function sealedSize() {
  const answer = await fetch(`${ours.url}/ledger/checkpoint`);
  return answer.ok ? Number((await answer.text()).split('\n')[1]) : 0;
}

async function untilSealed() {
  const wanted = await written();
  while ((await sealedSize()) < wanted) await delay(10);
}

async function timeOf(work) {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1_000;
}

const cpu = () => cpuSeconds([ours.child.pid]);
const cpuOfPostgres = () => cpuSecondsOfFamily(database.postgres.pid);

try {
  console.log(describeMachine());
  for (let done = 0; done < before; done += 20_000) await append(Math.min(20_000, before - done));
  const cpuBefore = [cpu(), cpuOfPostgres()];
  const filled = await timeOf(untilSealed);
  const spent = [cpu() - cpuBefore[0], cpuOfPostgres() - cpuBefore[1]];
  console.log(
    `${before} entries that were there: sealed in ${filled.toFixed(1)} s ` +
      `(${Math.round(before / filled)}/s; node ${((spent[0] * 1e6) / before).toFixed(1)} µs, ` +
      `postgres ${((spent[1] * 1e6) / before).toFixed(1)} µs of processor an entry, mirror included)`,
  );

  const bursts = [];
  for (let round = 0; round < rounds; round++) {
    await append(burst);
    bursts.push(await timeOf(untilSealed));
  }
  console.log(
    `${burst} entries at once: in a checkpoint ${median(bursts).toFixed(2)} s after their commit ` +
      `(slowest of ${rounds}: ${Math.max(...bursts).toFixed(2)} s; an entry waits 0.5 s at most for the next pass)`,
  );

  const { data } = await ours.get('/ledger?limit=200');
  const proofs = [];
  for (let i = 0; i < PROOFS; i++) {
    const { id } = data[i % data.length];
    proofs.push(await timeOf(() => ours.get(`/ledger/${id}/proof`)));
  }
  const entry = [];
  for (let i = 0; i < PROOFS; i++) {
    const { id } = data[i % data.length];
    entry.push(await timeOf(() => ours.get(`/ledger/${id}`)));
  }
  const [p50, p99, alone] = [
    percentile(proofs, 0.5),
    percentile(proofs, 0.99),
    percentile(entry, 0.5),
  ].map((value) => value * 1_000);
  console.log(
    `a proof: ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms in a tree of ${await sealedSize()} ` +
      `(reading the entry alone: ${alone.toFixed(1)} ms)`,
  );

  await ours.post('/rooms', { name: 'room', defaultTemplate: 'viewer' });
  await ours.post('/users', { identity: 'ana', name: 'Ana' });
  const { key } = await ours.post('/api-keys', { name: 'bench', permissions: ['token.issue'] });
  await untilSealed();
  const { ok } = await load({
    url: `${ours.url}/api/v1/tokens`,
    headers: { authorization: `Bearer ${key}` },
    bodies: [{ room: 'room', identity: 'ana' }],
    seconds,
    connections: 64,
  });
  await untilSealed();
  const { rows: waits } = await app.query(
    `SELECT percentile_cont(ARRAY[0.5, 0.99, 1]) WITHIN GROUP (
       ORDER BY extract(epoch FROM c.at - r.first_at)) AS waits
     FROM ledger_range r CROSS JOIN LATERAL (
       SELECT at FROM ledger_checkpoint WHERE size > r.first_index ORDER BY size LIMIT 1) c
     WHERE c.at > now() - interval '${seconds + 5} seconds' AND r.shard <> ${shard}`,
  );
  const [half, most, all] = waits[0].waits.map((value) => value.toFixed(2));
  console.log(
    `under load (${Math.round(ok / seconds)} tokens/s): an entry is sealed ${half} s after it was ` +
      `written, p99 ${most} s, slowest ${all} s`,
  );
} finally {
  await app.end();
  await stop(ours.child);
  await database.stop();
}

// People, rooms and operators over ninety days of a large ledger, and which indexes are read for it.
// `npm run bench -- timelines 1000000`. BENCH_FOLDER keeps the database.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startPostgres } from '../../tools/lib/postgres.mjs';
import { DAYS, fillLedger } from '../ledger/generate.mjs';
import { describeMachine, median, percentile, startRolecall } from '../lib.mjs';

const count = Number(process.argv[3] ?? 1_000_000);
const rounds = Number(process.env.BENCH_ROUNDS ?? 9);
const kept = process.env.BENCH_FOLDER;
const folder = kept ?? mkdtempSync(join(tmpdir(), 'rolecall-bench-timelines-'));
const passwords = { superuser: 'bench', owner: 'bench-owner', app: 'bench-app' };
const postgres = await startPostgres({ dataDir: join(folder, 'pg'), passwords });
const database = {
  postgres,
  home: join(folder, 'home'),
  ownerUrl: postgres.url('rolecall_owner', passwords.owner),
  appUrl: postgres.url('rolecall_app', passwords.app),
};
const owner = new pg.Client({ connectionString: database.ownerUrl });

/** The one that has most entries, one in the middle of all, and how many they have. */
async function chosen(column, where = 'true') {
  const { rows } = await owner.query(
    `SELECT ${column} AS name, count(*)::int AS n FROM ledger_entry
     WHERE ${column} IS NOT NULL AND ${where} GROUP BY 1 ORDER BY 2 DESC`,
  );
  return { busiest: rows[0], middle: rows[Math.floor(rows.length / 2)] };
}

/** The indexes that the statement reads, without the names of partitions. */
async function explained(condition, value) {
  const { rows } = await owner.query(
    `EXPLAIN (ANALYZE, FORMAT JSON) SELECT at, payload FROM ledger_entry
     WHERE ${condition} AND at >= now() - interval '${DAYS} days' AND at < now()
     ORDER BY at DESC, shard DESC, seq DESC LIMIT 10001`,
    [value],
  );
  const [plan] = rows[0]['QUERY PLAN'];
  const nodes = (node) => [node, ...(node.Plans ?? []).flatMap(nodes)];
  const scans = nodes(plan.Plan).filter((node) => node['Node Type'].includes('Scan'));
  const kinds = new Set(
    scans.map(
      (node) =>
        `${node['Node Type']} of (${(node['Index Cond'] ?? '').match(/\b(identity|room|actor_id)\b/)?.[0] ?? 'all'})`,
    ),
  );
  return `${[...kinds].join(', ')}; ${plan['Execution Time'].toFixed(1)} ms`;
}

try {
  const env = {
    LIVEKIT_API_KEY: 'bench',
    LIVEKIT_API_SECRET: randomBytes(32).toString('hex'),
    ROLECALL_ADMIN_PASSWORD: 'bench-admin-password-that-is-long',
  };
  const rolecall = await startRolecall(database, env);
  await owner.connect();
  const { rows: filled } = await owner.query(
    'SELECT count(*)::int AS n FROM (SELECT FROM ledger_entry LIMIT 1000) e',
  );
  if (filled[0].n < 1_000) {
    const operators = [];
    for (let i = 0; i < 12; i++) {
      const email = `operator-${i}@example.com`;
      operators.push((await rolecall.post('/operators', { email, name: email, access: [] })).id);
    }
    await fillLedger(owner, { count, operators, log: (text) => console.log(`  ${text}`) });
  }
  console.log(describeMachine());
  const people = await chosen('identity');
  const rooms = await chosen('room');
  const operators = await chosen('actor_id', `actor_kind = 'operator'`);
  const from = new Date(Date.now() - DAYS * 86_400_000).toISOString();
  const byOperator = `actor_kind = 'operator' AND actor_id = $1`;
  const asked = [
    { what: 'a person', path: 'people', names: people, condition: 'identity = $1' },
    { what: 'a room', path: 'rooms', names: rooms, condition: 'room = $1' },
    { what: 'an operator', path: 'operators', names: operators, condition: byOperator },
  ];
  for (const { what, path, names, condition } of asked) {
    for (const which of ['busiest', 'middle']) {
      const { name, n } = names[which];
      const route = `/${path}/${encodeURIComponent(name)}/timeline?${new URLSearchParams({ from })}`;
      const times = [];
      let answer = await rolecall.get(route);
      for (let round = 0; round < rounds; round++) {
        const began = performance.now();
        answer = await rolecall.get(route);
        times.push(performance.now() - began);
      }
      console.log(
        `${what}, ${which}, ${n} entries of ${count}: ${median(times).toFixed(0)} ms ` +
          `(${percentile(times, 1).toFixed(0)} at most), ${answer.lanes.length} lanes` +
          `${answer.isPartial ? ', in part' : ''}; ${await explained(condition, name)}`,
      );
    }
  }
  await rolecall.stop();
} finally {
  await owner.end();
  await postgres.stop();
  if (!kept) rmSync(folder, { recursive: true, force: true });
}
process.exit(0);

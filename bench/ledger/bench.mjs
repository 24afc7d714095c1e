// The auditor's log over few and over many entries: first page, facets and histogram of the same
// searches, in one run. `npm run bench -- ledger 1000000 20000000`. BENCH_FOLDER keeps the databases.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startPostgres } from '../../tools/lib/postgres.mjs';
import { cpuSeconds, cpuSecondsOfFamily } from '../processes.mjs';
import { describeMachine, median, percentile, startRolecall } from '../lib.mjs';
import { measureAppend } from './append.mjs';
import { fillLedger } from './generate.mjs';

const given = process.argv.slice(3).map(Number);
const sizes = given.length > 0 ? given : [100_000, 1_000_000];
const rounds = Number(process.env.BENCH_ROUNDS ?? 7);
const kept = process.env.BENCH_FOLDER;
const folder = kept ?? mkdtempSync(join(tmpdir(), 'rolecall-bench-ledger-'));
const passwords = { superuser: 'bench', owner: 'bench-owner', app: 'bench-app' };
const livekit = { LIVEKIT_API_KEY: 'bench', LIVEKIT_API_SECRET: randomBytes(32).toString('hex') };
const ADMIN = 'bench-admin-password-that-is-long';
const OPERATORS = 12;

/** What auditors ask: what it is → the search. */
const SEARCHES = {
  everything: '',
  refused: 'outcome:refused',
  'a busy room': 'room:room-0',
  'a quiet room': 'room:room-1500',
  'a person': 'identity:person-77',
  'an operator': 'actor:operator-3',
  'promoted, in a room': 'room:room-12 kind:seat.promoted',
  'a role': 'template:host',
  'long tokens': 'ttl>1h',
  text: '"next question"',
  'all but tokens': '-kind:tokens,presence,admissions',
  'last day': 'since:1d',
  'last day, refused': 'since:1d outcome:refused',
};

const KINDS_OF_ANSWER = {
  page: (query) => `/ledger/acts?limit=100&query=${encodeURIComponent(query)}`,
  facets: (query) => `/ledger/facets?query=${encodeURIComponent(query)}`,
  histogram: (query) => `/ledger/histogram?zone=Europe/Berlin&query=${encodeURIComponent(query)}`,
};

async function openDatabase(size) {
  const dataDir = join(folder, String(size), 'pg');
  const mark = join(folder, String(size), 'filled');
  const postgres = await startPostgres({ dataDir, passwords, durable: existsSync(mark) });
  const database = {
    postgres,
    home: join(folder, String(size), 'home'),
    ownerUrl: postgres.url('rolecall_owner', passwords.owner),
    appUrl: postgres.url('rolecall_app', passwords.app),
  };
  return { database, mark };
}

async function fill(size) {
  const { database, mark } = await openDatabase(size);
  try {
    if (existsSync(mark)) return;
    const rolecall = await startRolecall(database, { ...livekit, ROLECALL_ADMIN_PASSWORD: ADMIN });
    const operators = [];
    for (let i = 0; i < OPERATORS; i++) {
      const email = `operator-${i}@example.com`;
      const { id } = await rolecall.post('/operators', {
        email,
        name: `Operator ${i}`,
        access: [],
      });
      operators.push(id);
    }
    await rolecall.stop();
    const owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    const began = performance.now();
    const log = (text) =>
      console.log(`  ${((performance.now() - began) / 1_000).toFixed(0)} s: ${text}`);
    await fillLedger(owner, { count: size, operators, log });
    const { rows } = await owner.query(
      `SELECT pg_size_pretty(sum(pg_total_relation_size(inhrelid))) AS all,
         pg_size_pretty(sum(pg_relation_size(inhrelid))) AS rows,
         pg_size_pretty(pg_total_relation_size('ledger_count')) AS counts
       FROM pg_inherits WHERE inhparent = 'ledger_entry'::regclass`,
    );
    console.log(
      `${size} entries: ${rows[0].all}, of it rows ${rows[0].rows}; counts ${rows[0].counts}`,
    );
    await owner.end();
    writeFileSync(mark, '');
  } finally {
    await database.postgres.stop();
  }
}

/** Milliseconds of each answer, and of processor for one, after a first one that is not counted. */
async function measure(size) {
  const { database } = await openDatabase(size);
  const found = {};
  try {
    const rolecall = await startRolecall(database, { ...livekit, ROLECALL_ADMIN_PASSWORD: ADMIN });
    for (const [name, query] of Object.entries(SEARCHES)) {
      for (const [kind, pathOf] of Object.entries(KINDS_OF_ANSWER)) {
        const times = [];
        let answer = await rolecall.get(pathOf(query));
        const cpu = () =>
          cpuSeconds([rolecall.child.pid]) + cpuSecondsOfFamily(database.postgres.pid);
        const before = cpu();
        for (let round = 0; round < rounds; round++) {
          const began = performance.now();
          answer = await rolecall.get(pathOf(query));
          times.push(performance.now() - began);
        }
        const cpuMs = ((cpu() - before) * 1_000) / rounds;
        const says =
          kind === 'page'
            ? `${answer.data.length} acts${answer.searched.isWhole ? '' : ', goes on'}`
            : `${answer.total} ${answer.basis}`;
        found[`${name} · ${kind}`] = {
          cpuMs,
          ms: median(times),
          worst: percentile(times, 1),
          says,
        };
      }
    }
    await rolecall.stop();
  } finally {
    await database.postgres.stop();
  }
  return found;
}

try {
  for (const size of sizes) await fill(size);
  if (process.env.BENCH_ONLY_FILL) process.exit(0);
  console.log(describeMachine());
  const append = await measureAppend(livekit);
  console.log(
    `a token appended: ${append.with.toFixed(1)} µs of Postgres' processor with the indexes for searches, ` +
      `${append.without.toFixed(1)} µs without (${(append.with / append.without).toFixed(3)}×); ` +
      `counted afterwards: ${append.counting.toFixed(1)} µs`,
  );
  const all = [];
  for (const size of sizes) all.push(await measure(size));
  const shown = ({ ms, worst, cpuMs }) =>
    `${ms.toFixed(0)} ms (${worst.toFixed(0)} at most, ${cpuMs.toFixed(0)} of processor)`;
  for (const name of Object.keys(all[0])) {
    const cells = all.map((found) => shown(found[name]));
    const times = (of) => (all.at(-1)[name][of] / all[0][name][of]).toFixed(2);
    const ratioText = sizes.length > 1 ? `, ${times('ms')}× (${times('cpuMs')}× of processor)` : '';
    console.log(
      `${name}: ${cells.join(' → ')}${ratioText}; ${all.map((found) => found[name].says).join(' → ')}`,
    );
  }
} finally {
  if (!kept) rmSync(folder, { recursive: true, force: true });
}
process.exit(0);

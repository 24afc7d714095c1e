// What moderators see live: 1,000 open event streams on one room in which 50 seats change every
// second, from the moment before a change is committed until each client has read it. Then what the
// feed costs those who write.
//
// The changes are written as another server of the same installation writes them: the seat in one
// statement, and at most every 10 ms a hint for each in `event`, with one NOTIFY.
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { startDouble } from '../double.mjs';
import { cpuSeconds, familyOf } from '../processes.mjs';
import { load, median, startOwnPostgres, startRolecall } from '../lib.mjs';

const CLIENTS = Number(process.env.BENCH_STREAMS ?? 1_000);
const PER_SECOND = 50;
const seconds = Number(process.env.BENCH_SECONDS ?? 15);
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const WRITE_SECONDS = 4;
const WRITERS = 16;
/** One operator or key may hold 20 streams open. */
const PER_KEY = 20;
const SEATS = 1_000;
const HINTS_EVERY_MS = 10;
const P99_TARGET_MS = 100;
const RATIO_TARGET = 0.95;

export async function run() {
  const database = await startOwnPostgres();
  const livekit = await startDouble();
  const env = { ...livekit.env, ROLECALL_RATE_OPERATOR: '1000000/1s' };
  const rolecall = await startRolecall(database, env);
  const without = await startRolecall(database, {
    ...env,
    ROLECALL_ADMIN_PASSWORD: rolecall.env.ROLECALL_ADMIN_PASSWORD,
    NODE_OPTIONS: `--import=${new URL('no-feed.mjs', import.meta.url).href}`,
  });
  const writer = new pg.Pool({ connectionString: database.appUrl, max: 2 });
  const clients = fork(join(import.meta.dirname, 'live-clients.mjs'));
  try {
    for (const room of ['hall', 'cellar']) await seed(database, rolecall, room);
    const keys = await makeKeys(rolecall);
    const actor = await makeKey(rolecall, 'acts', ['seat.block', 'seat.read', 'room.read']);
    const url = `${rolecall.url}/api/v1/events?topics=room:hall`;
    const { opened } = await ask(clients, { open: { url, keys, perKey: PER_KEY } });
    console.log(`${opened} event streams are open on one room of one server`);
    await measureDelay({ rolecall, database, writer, clients });
    await measureWrites({ rolecall, without, writer, actor });
  } finally {
    clients.kill();
    await writer.end();
    await rolecall.stop();
    await without.stop();
    livekit.stop();
    await database.stop();
  }
}

async function measureDelay({ rolecall, database, writer, clients }) {
  const sample = () => ({
    Rolecall: cpuSeconds([rolecall.child.pid]),
    Postgres: cpuSeconds(familyOf(database.postgres.pid)),
    'the clients': cpuSeconds([clients.pid]),
  });
  await change(writer, 2); // the first statements are planned, the code is compiled
  await settle(clients);
  await ask(clients, { reset: true });
  const [before, started] = [sample(), performance.now()];
  const changed = await change(writer, seconds);
  const after = sample();
  const took = (performance.now() - started) / 1000;
  const cores = Object.keys(after).map(
    (name) => `${name} ${((after[name] - before[name]) / took).toFixed(2)}`,
  );
  await settle(clients);
  const { open, missing, deliveries, p50, p99, most } = await ask(clients, {
    report: changed,
  });
  const wanted = changed.length * CLIENTS;
  console.log(
    `${changed.length} changes in ${seconds} s, each to ${open} clients: ${deliveries} of ${wanted} shown, ${missing} lost`,
  );
  console.log(
    `change → client: p50 ${p50} ms, p99 ${p99} ms, longest ${most} ms; ` +
      `target p99 ≤ ${P99_TARGET_MS} ms: ${p99 <= P99_TARGET_MS ? 'reached' : 'NOT reached'}`,
  );
  console.log(`cores in use: ${cores.join(', ')}`);
}

/** So many changes a second, evenly. Answers with the states that came of them. */
async function change(writer, forSeconds) {
  const count = forSeconds * PER_SECOND;
  const started = performance.now();
  const states = [];
  for (let i = 0; i < count; i += 1) {
    await delay(Math.max(0, started + (i * 1000) / PER_SECOND - performance.now()));
    const identity = `hall-${next++ % SEATS}`;
    const { rows } = await writer.query(
      `UPDATE seat SET epoch = epoch + 1, block_at = $2, block_by = 'bench', block_reason = ''
       WHERE room = 'hall' AND identity = $1 RETURNING epoch`,
      [identity, new Date()],
    );
    states.push(`${identity}@${rows[0].epoch}`);
    tell(writer, identity);
  }
  await telling;
  return states;
}
let next = 0;
let waiting = [];
let telling = null;

/** As EventFeed does it. */
function tell(writer, identity) {
  waiting.push(identity);
  telling ??= delay(HINTS_EVERY_MS).then(async () => {
    const identities = waiting;
    waiting = [];
    telling = null;
    const { rows } = await writer.query(
      `INSERT INTO event (topic, type, key) SELECT 'room:hall', 'seat', unnest($1::text[])
       RETURNING id`,
      [identities],
    );
    await writer.query(`SELECT pg_notify('rolecall_event', $1)`, [rows.at(-1).id]);
  });
}

/** Until nothing comes any more. */
async function settle(clients) {
  let last = -1;
  for (;;) {
    const { deliveries } = await ask(clients, { report: [] });
    if (deliveries === last) return;
    last = deliveries;
    await delay(500);
  }
}

async function measureWrites({ rolecall, without, writer, actor }) {
  const results = { without: [], quiet: [], watched: [] };
  const write = async (server) => {
    const result = await load({
      url: server.url,
      headers: { authorization: `Bearer ${actor}` },
      bodies: Array.from({ length: SEATS }, () => ({ for: '1h' })),
      paths: Array.from(
        { length: SEATS },
        (_, i) => `/api/v1/rooms/cellar/seats/cellar-${i}/block`,
      ),
      status: 200,
      connections: WRITERS,
      seconds: WRITE_SECONDS,
    });
    if (result.wrong > 0) throw new Error(`${result.wrong} writes failed`);
    return result.perSecond;
  };
  for (const server of [without, rolecall]) await write(server);
  for (let round = 0; round < rounds; round++) {
    results.without.push(await write(without));
    results.quiet.push(await write(rolecall));
    const changing = change(writer, WRITE_SECONDS);
    results.watched.push(await write(rolecall));
    await changing;
  }
  const rate = (name) => median(results[name]);
  const ratio = (name) => median(results[name].map((each, i) => each / results.without[i]));
  console.log(`
acts per second in another room, ${WRITERS} at once, ${rounds} rounds of ${WRITE_SECONDS} s in turns, medians:
  without the feed                                    ${rate('without').toFixed(0)}
  with the feed                                       ${rate('quiet').toFixed(0)}
  with it, and ${CLIENTS} clients being told of ${PER_SECOND} changes/s  ${rate('watched').toFixed(0)}
with the feed ÷ without = ${ratio('quiet').toFixed(2)}, target ≥ ${RATIO_TARGET}: ${ratio('quiet') >= RATIO_TARGET ? 'reached' : 'NOT reached'}
with it and ${CLIENTS} clients ÷ without = ${ratio('watched').toFixed(2)} (the clients run on the same cores)`);
}

async function seed(database, rolecall, room) {
  await rolecall.post('/rooms', { name: room, defaultTemplate: 'viewer' });
  const client = new pg.Client({ connectionString: database.ownerUrl });
  await client.connect();
  await client.query(
    `WITH people AS (
       INSERT INTO app_user (identity, name) SELECT $1 || '-' || i, 'Person ' || i
       FROM generate_series(0, $2 - 1) i RETURNING identity
     ) INSERT INTO seat (room, identity, last_issued_at) SELECT $1, identity, now() FROM people`,
    [room, SEATS],
  );
  await client.query('ANALYZE');
  await client.end();
}

async function makeKeys(rolecall) {
  const keys = [];
  for (let i = 0; i < CLIENTS / PER_KEY; i++) {
    keys.push(await makeKey(rolecall, `watches-${i}`, ['seat.read', 'room.read']));
  }
  return keys;
}

async function makeKey(rolecall, name, permissions) {
  return (await rolecall.post('/api-keys', { name, permissions })).key;
}

function ask(child, message) {
  return new Promise((resolve, reject) => {
    child.once('message', (answer) =>
      answer.error ? reject(new Error(answer.error)) : resolve(answer),
    );
    child.send(message);
  });
}

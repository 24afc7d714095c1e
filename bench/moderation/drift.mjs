// G8: how long LiveKit has something else than what is wished, after whatever fault, for 1,000 people in
// one room on a LiveKit double (3 ms a call, in a process of its own). And what a round of the sweep
// costs. Everybody is to be a viewer; what comes or drifts brings the right to publish.
import pg from 'pg';
import { startDouble } from '../double.mjs';
import { percentile, startOwnPostgres, startRolecall } from '../lib.mjs';
import { cpuSeconds } from '../processes.mjs';

const PEOPLE = Number(process.env.BENCH_PEOPLE ?? 1_000);
const ROOM = 'hall';
const LATENCY_MS = 3;
const VIEWER = {
  canSubscribe: true,
  canPublish: false,
  canPublishData: true,
  canPublishSources: [],
  hidden: false,
  recorder: false,
  canUpdateMetadata: false,
  agent: false,
  canSubscribeMetrics: false,
  canManageAgentSession: false,
};
const TOO_MUCH = { ...VIEWER, canPublish: true };
/** The sweep's own time between rounds, so that few of them are waited for. */
const COST_SWEEP = '1s';
const COST_ROUNDS = 10;
const GIVE_UP_MS = 60_000;

export async function run() {
  await measureDrift();
  await measureCost();
}

async function measureDrift() {
  await withWorld({ sweep: '5s', people: PEOPLE }, async (world) => {
    console.log(
      `${PEOPLE} people of one room, ${LATENCY_MS} ms a call, sweep 5 s; until each has what is wished:`,
    );
    await comeBack(world, 'come back past the gate, webhooks on', 10, 'normal');
    await comeBack(world, 'the same, every webhook lost', 30, 'lost');
    await behindOurBack(world);
    await afterRestart(world);
  });
}

/** Everybody leaves, and comes back with the rights of an old token. */
async function comeBack({ double }, name, target, webhooks) {
  await double.ask('webhooks', webhooks);
  await double.ask('resetCounters');
  await joinAgain(double);
  await report(double, name, target, await timesFrom(double, 'joined'));
  await double.ask('webhooks', 'normal');
}

/** Nothing tells of it at all: only the sweep can find it. */
async function behindOurBack({ double }) {
  await double.ask('resetCounters');
  const at = await double.ask('now');
  await double.ask('drift', ROOM, identities(), TOO_MUCH);
  await report(double, 'rights changed behind our back', 30, await timesFrom(double, at));
}

async function afterRestart({ double }) {
  await double.ask('resetCounters');
  const started = performance.now();
  await double.ask('restart');
  const deadline = started + GIVE_UP_MS;
  for (;;) {
    if (await double.ask('hasRoom', ROOM)) break;
    if (performance.now() > deadline) throw new Error('the room did not come back');
    await sleep(5);
  }
  const back = performance.now() - started;
  await joinAgain(double, { isThere: false });
  const times = await timesFrom(double, 'joined');
  await report(double, 'LiveKit restarts without its rooms', 10, times);
  console.log(`  its room was back ${back.toFixed(0)} ms after the restart began`);
}

async function joinAgain(double, { isThere = true } = {}) {
  const all = identities();
  for (let i = 0; i < all.length; i += 50) {
    const some = all.slice(i, i + 50);
    if (isThere) await double.ask('leave', ROOM, some);
    await double.ask(
      'join',
      some.map((identity) => ({ room: ROOM, identity, permission: TOO_MUCH })),
    );
  }
}

/** How long each had too much, by the double's own clock. */
async function timesFrom(double, since) {
  const started = performance.now();
  while ((await double.ask('differing', ROOM, false)) > 0) {
    if (performance.now() - started > GIVE_UP_MS) throw new Error('it does not come right');
    await sleep(20);
  }
  const began = new Map();
  const ended = new Map();
  for (const { identity, kind, at } of await double.ask('history')) {
    if (kind === 'joined') began.set(identity, at);
    if (kind === 'permission' && !ended.has(identity)) ended.set(identity, at);
  }
  return identities().map((identity) => {
    const from = typeof since === 'number' ? since : began.get(identity);
    return (ended.get(identity) ?? from) - from;
  });
}

async function report(double, name, target, times) {
  const calls = await double.ask('calls');
  const history = await double.ask('history');
  const changes = history.filter(({ kind }) => kind === 'permission').length;
  console.log(
    `G8  ${name.padEnd(38)} p50 ${ms(percentile(times, 0.5))}  p99 ${ms(percentile(times, 0.99))}  ` +
      `last ${ms(Math.max(...times))}  (target p99 ${target} s)  ` +
      `${calls.UpdateParticipant ?? 0} UpdateParticipant for ${changes} changes, ` +
      `${calls.ListParticipants ?? 0} ListParticipants`,
  );
}

async function measureCost() {
  console.log(
    '\nwhat a round of the sweep costs, once nothing happens any more (mean of some rounds):',
  );
  for (const [name, options] of [
    ['nothing runs', {}],
    ['100 rooms, nobody in them', { rooms: 100 }],
    ['100 rooms with 2 people each', { rooms: 100, each: 2 }],
    [`one room with ${PEOPLE} people`, { people: PEOPLE }],
  ]) {
    await withWorld({ sweep: COST_SWEEP, ...options }, async (world) => {
      await quiet(world);
      await costOf(name, world);
    });
  }
}

async function costOf(name, { double, rolecall, database }) {
  const before = await snapshot(double, rolecall, database);
  const rounds = [];
  let last = null;
  while (rounds.length < COST_ROUNDS) {
    const { sweep } = await rolecall.get('/status');
    if (sweep.lastAt !== last) {
      if (last !== null) rounds.push(sweep);
      last = sweep.lastAt;
    }
    await sleep(50);
  }
  const after = await snapshot(double, rolecall, database);
  const n = after.calls.ListRooms - before.calls.ListRooms;
  const of = (method) => ((after.calls[method] ?? 0) - (before.calls[method] ?? 0)) / n;
  const looks = rounds.filter(({ round }) => round.people > 0 || round.looked > 0);
  const took = (some) => (some.length > 0 ? Math.max(...some.map(({ ms: one }) => one)) : 0);
  // What the asking itself costs is about the same for all, and in the first line.
  console.log(
    `  ${name.padEnd(30)} ${(((after.cpu - before.cpu) * 1000) / n).toFixed(1).padStart(6)} ms of processor, ` +
      `longest ${took(looks.length > 0 ? looks : rounds)
        .toFixed(0)
        .padStart(4)} ms; ` +
      `calls: ListRooms ${of('ListRooms').toFixed(1)}, ListParticipants ${of('ListParticipants').toFixed(1)}, ` +
      `changes ${of('UpdateParticipant').toFixed(1)}; ` +
      `Postgres ${((after.transactions - before.transactions) / n).toFixed(1)} statements`,
  );
}

async function snapshot(double, { child }, { client }) {
  const { rows } = await client.query(
    `SELECT sum(xact_commit)::int AS n FROM pg_stat_database WHERE datname = current_database()`,
  );
  return {
    calls: await double.ask('calls'),
    cpu: cpuSeconds([child.pid]),
    transactions: rows[0].n,
  };
}

/** Until rooms are not looked at in every round any more. */
async function quiet({ rolecall }) {
  for (let still = 0; still < 4;) {
    const { sweep } = await rolecall.get('/status');
    const { rooms = 0, looked = 0, drifted = 1 } = sweep.round ?? {};
    still = drifted === 0 && (rooms === 0 || looked < rooms) ? still + 1 : 0;
    await sleep(300);
  }
}

/** A Rolecall on a database and a double of its own, with people who may come. */
async function withWorld({ sweep, rooms = 1, people = 0, each = 0 }, work) {
  const database = await startOwnPostgres();
  const double = await startDouble({ latencyMs: LATENCY_MS });
  const client = new pg.Client({ connectionString: database.ownerUrl });
  let rolecall;
  try {
    rolecall = await startRolecall(database, {
      ...double.env,
      ROLECALL_SWEEP: sweep,
      ROLECALL_LOG: 'error',
    });
    await client.connect();
    await double.ask('webhookUrl', `${rolecall.url}/livekit/webhook`);
    const names =
      rooms === 1 && people === 0 ? [] : Array.from({ length: rooms }, (_, i) => nameOf(i));
    for (const name of names) {
      await client.query(
        `INSERT INTO room (name, default_template, departure_timeout) VALUES ($1, 'viewer', 600)`,
        [name],
      );
      await double.ask('openRoom', name);
      if (each > 0) await double.ask('join', peopleOf(name, each));
    }
    if (people > 0) {
      await client.query(
        `INSERT INTO seat (room, identity, last_issued_at) SELECT $1, x, now() FROM unnest($2::text[]) AS x`,
        [ROOM, identities()],
      );
      await double.ask('join', peopleOf(ROOM, people));
      await untilPresent(client, people);
    }
    await work({ database: { ...database, client }, double, rolecall });
  } finally {
    await rolecall?.stop();
    await client.end();
    await double.stop();
    await database.stop();
  }
}

async function untilPresent(client, people) {
  for (;;) {
    const { rows } = await client.query('SELECT count(*)::int AS n FROM seat WHERE is_present');
    if (rows[0].n === people) return;
    await sleep(50);
  }
}

function nameOf(i) {
  return i === 0 ? ROOM : `hall-${i}`;
}

function identities() {
  return Array.from({ length: PEOPLE }, (_, i) => `person-${i}`);
}

function peopleOf(room, count) {
  return Array.from({ length: count }, (_, i) => {
    return { room, identity: `person-${i}`, permission: VIEWER };
  });
}

function ms(value) {
  return value < 1_000 ? `${value.toFixed(0)} ms` : `${(value / 1_000).toFixed(2)} s`;
}

function sleep(time) {
  return new Promise((resolve) => setTimeout(resolve, time));
}

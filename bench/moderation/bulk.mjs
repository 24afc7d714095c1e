// Changing many seats at once, against a LiveKit double that takes 5 ms for each call (in a process of
// its own), in turns with a plain loop over livekit-server-sdk that keeps as many calls in flight.
// And the panic lock: how long after the request the last publisher is silent. Then the same changes in a
// room of a real LiveKit, where each is told to everybody, by signalling alone and without media.
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { RoomServiceClient } from 'livekit-server-sdk';
import {
  endsWithUs,
  median,
  startOwnPostgres,
  startRolecall,
  startRolecallWithLiveKit,
} from '../lib.mjs';
import { cpuSeconds, familyOf } from '../processes.mjs';
import { makeHumble, startWorker } from './workers.mjs';

const PEOPLE = Number(process.env.BENCH_TARGETS ?? 1_000);
const LATENCY_MS = 5;
const IN_FLIGHT = 32;
const HOLD_BACK_MS = 500;
/** LiveKit tells of some changes seconds later, of several together. */
const SETTLE_MS = 3_500;
const FILLED_WITHIN_MS = 10_000;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const LOCK = { people: 500, publishers: 30, latencyMs: 3 };
/**
 * LiveKit throws out who has no media after 59 s: all rounds have to be over by then. On a busy machine
 * it also throws out one or another whose ping comes late.
 */
const REAL = { people: 200, atLeast: 150, rounds: 3, joinsPerSecond: 60 };
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
const SPEAKER = { ...VIEWER, canPublish: true, canPublishSources: ['CAMERA', 'MICROPHONE'] };

export async function run() {
  await measureBulk();
  await measureLock();
  await measureReal();
}

async function measureBulk() {
  await withRoom({ people: PEOPLE, latencyMs: LATENCY_MS }, async (all) => {
    const { database, double, rolecall, room } = all;
    const ideal = (PEOPLE * LATENCY_MS) / IN_FLIGHT;
    const ours = [];
    const loops = [];
    const sdk = new RoomServiceClient(
      double.ready.httpUrl,
      double.ready.apiKey,
      double.ready.apiSecret,
    );
    // One round of each is not counted: code is compiled and connections are opened in it.
    const livekit = () => [double.child.pid];
    const ourMeter = meter({
      Rolecall: () => [rolecall.child.pid],
      Postgres: () => familyOf(database.postgres.pid),
      'the double': livekit,
    });
    const loopMeter = meter({ 'the loop': () => [process.pid], 'the double': livekit });
    for (let round = 0; round <= ROUNDS; round++) {
      // Who has just been demoted is not promoted at once (LiveKit may lose the track), so wait.
      await new Promise((resolve) => setTimeout(resolve, HOLD_BACK_MS));
      const counted = round > 0;
      const both = async () => [
        await bulk(rolecall, room, { action: 'promote', template: 'speaker' }),
        await bulk(rolecall, room, { action: 'demote', template: 'viewer' }),
      ];
      const mine = counted ? await ourMeter.during(both) : await both();
      const there = () => loop(sdk, room);
      const theirs = counted ? await loopMeter.during(there) : await there();
      if (!counted) continue;
      ours.push(...mine);
      loops.push(theirs);
    }
    const changed = ROUNDS * 2 * PEOPLE;
    const mine = median(ours);
    const theirs = median(loops);
    const changes = await double.ask('history');
    const perPerson = new Map();
    for (const { identity, kind, by } of changes) {
      if (kind !== 'permission' || by !== 'UpdateParticipant') continue;
      perPerson.set(identity, (perPerson.get(identity) ?? 0) + 1);
    }
    console.log(
      `${PEOPLE} people, ${LATENCY_MS} ms a call, ${IN_FLIGHT} in flight; ideal ${ideal.toFixed(0)} ms`,
    );
    console.log(
      `Rolecall           ${mine.toFixed(0)} ms (${ours.map((ms) => ms.toFixed(0)).join(', ')})`,
    );
    console.log(
      `loop over the SDK  ${theirs.toFixed(0)} ms (${loops.map((ms) => ms.toFixed(0)).join(', ')})`,
    );
    console.log(`G9  ideal / Rolecall = ${(ideal / mine).toFixed(2)}   (target 0.70)`);
    console.log(`G9  loop / Rolecall  = ${(theirs / mine).toFixed(2)}   (target 1.8)`);
    console.log(`processor time for each change: ${ourMeter.each(changed)}`);
    console.log(`and of the loop: ${loopMeter.each(changed)}`);
    const expected = (ROUNDS + 1) * 4;
    const wrong = [...perPerson.values()].filter((n) => n !== expected).length;
    console.log(
      `G10 changes of state more or less than asked for: ${wrong} of ${perPerson.size} people (target 0)`,
    );
  });
}

/** Processor time of each process, added up over several stretches of work. */
function meter(pidsOf) {
  const used = Object.fromEntries(Object.keys(pidsOf).map((name) => [name, 0]));
  const now = () => Object.entries(pidsOf).map(([name, pids]) => [name, cpuSeconds(pids())]);
  return {
    async during(work) {
      const before = Object.fromEntries(now());
      const result = await work();
      for (const [name, seconds] of now()) used[name] += seconds - before[name];
      return result;
    },
    /** Microseconds for each of so many changes. */
    each(changes) {
      const parts = Object.entries(used).map(
        ([name, seconds]) => `${name} ${((seconds * 1e6) / changes).toFixed(0)}`,
      );
      const sum = Object.values(used).reduce((a, b) => a + b, 0);
      return `${parts.join(', ')}; together ${((sum * 1e6) / changes).toFixed(0)} µs`;
    },
  };
}

/** From the request to the end that the operation itself tells. */
async function bulk(rolecall, room, body, atLeast = PEOPLE) {
  const started = performance.now();
  const { operationId } = await rolecall.post(`/rooms/${room}/seats/bulk`, {
    ...body,
    filter: {},
  });
  for (;;) {
    const view = await rolecall.get(`/operations/${operationId}`);
    if (view.finishedAt) {
      if (view.applied < atLeast) throw new Error(`not all applied: ${JSON.stringify(view)}`);
      const waited = performance.now() - started;
      const own = Date.parse(view.finishedAt) - Date.parse(view.createdAt);
      // Its own clock has no part in how often it is asked; the request before it counts as well.
      return Math.min(waited, own + REQUEST_MS);
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
}
const REQUEST_MS = 25;
/** As often as the dashboard asks; oftener would be a load of its own. */
const ASK_MS = 250;

/** What a program without Rolecall does: promote everybody, and back, so that the room is as before. */
async function loop(sdk, room, people = PEOPLE) {
  const once = async (permission) => {
    let next = 0;
    const started = performance.now();
    await Promise.all(
      Array.from({ length: IN_FLIGHT }, async () => {
        while (next < people) {
          await sdk.updateParticipant(room, identityOf(next++), { permission }).catch(missed);
        }
      }),
    );
    return performance.now() - started;
  };
  const there = await once({ canSubscribe: true, canPublish: true, canPublishData: true });
  const back = await once({ canSubscribe: true, canPublish: false, canPublishData: true });
  return (there + back) / 2;
}

/** A busy LiveKit has thrown somebody out, or does not answer in time; a plain loop leaves it at that. */
function missed(error) {
  if (error.code !== 'not_found' && error.code !== 'unavailable') throw error;
  misses += 1;
}
let misses = 0;

async function measureLock() {
  const { people, publishers, latencyMs } = LOCK;
  await withRoom({ people, publishers, latencyMs }, async ({ double, rolecall, room }) => {
    const silent = [];
    const all = [];
    for (let round = 0; round < ROUNDS; round++) {
      await double.ask('resetCounters');
      // The double tells times by its own clock: somebody who joins elsewhere says what it shows.
      await double.ask('join', [{ room: 'clock', identity: `tick-${round}`, permission: VIEWER }]);
      const { operationId, total } = await rolecall.post(`/rooms/${room}/scene`, { lock: {} });
      if (total !== people) throw new Error(`${total} of ${people} have something to lose`);
      await ended(rolecall, operationId);
      const history = await double.ask('history');
      const { at } = history.find(({ room: where }) => where === 'clock');
      const since = (kind) =>
        Math.max(...history.filter((c) => c.kind === kind).map((c) => c.at)) - at;
      silent.push(since('unpublished'));
      all.push(since('permission'));
      const left = await rolecall.delete(`/rooms/${room}/scene`);
      await ended(rolecall, left.operationId);
      await double.ask('publish', room, identities(publishers), ['MICROPHONE']);
      await publishersSeen(rolecall, room, publishers);
    }
    console.log(
      `\npanic lock, ${people} people of whom ${publishers} publish, ${latencyMs} ms a call: the last of them ` +
        `silent ${median(silent).toFixed(0)} ms after the click (${silent.map((ms) => ms.toFixed(0)).join(', ')}; target 1000), ` +
        `everybody told ${median(all).toFixed(0)} ms`,
    );
  });
}

async function measureReal() {
  const stack = await startRolecallWithLiveKit({
    ROLECALL_RATE_OPERATOR: '100000/1s',
    ROLECALL_LURKERS: 'off',
  });
  if (!stack) return;
  const { database, livekit, rolecall } = stack;
  const lurkers = startWorker(join(import.meta.dirname, 'lurkers.mjs'));
  makeHumble(lurkers);
  try {
    const room = await fillReal(stack, lurkers);
    const sdk = new RoomServiceClient(livekit.httpUrl, livekit.key, livekit.secret);
    const pids = () => [livekit.pid];
    const ourMeter = meter({
      Rolecall: () => [rolecall.child.pid],
      Postgres: () => familyOf(database.postgres.pid),
      LiveKit: pids,
    });
    const loopMeter = meter({ 'the loop': () => [process.pid], LiveKit: pids });
    const ours = [];
    const loops = [];
    const { people, atLeast } = REAL;
    const settled = async (work) => {
      const times = await work();
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      return times;
    };
    const both = async () => [
      await bulk(rolecall, room, { action: 'promote', template: 'speaker' }, 1),
      await bulk(rolecall, room, { action: 'demote', template: 'viewer' }, 1),
    ];
    for (let round = 0; round < REAL.rounds; round++) {
      const left = await presentIn(rolecall, room);
      if (left < atLeast) {
        console.log(
          `\nnot measured: the machine is too busy, LiveKit has only ${left} of ${people} left`,
        );
        return;
      }
      ours.push(...(await ourMeter.during(() => settled(both))));
      loops.push(await loopMeter.during(() => settled(() => loop(sdk, room, people))));
    }
    const told = (times) => times.map((ms) => ms.toFixed(0)).join(', ');
    const changed = REAL.rounds * 2 * people;
    console.log(
      `\n${people} people of a real LiveKit, ${IN_FLIGHT} in flight at most: Rolecall ${told(ours)} ms, ` +
        `the loop ${told(loops)} ms (${misses} calls came to nothing); loop / Rolecall = ${(median(loops) / median(ours)).toFixed(2)}`,
    );
    console.log(`processor time for each change: ${ourMeter.each(changed)}`);
    console.log(`and of the loop: ${loopMeter.each(changed)}`);
  } finally {
    lurkers.child.kill('SIGKILL');
    await stack.stop();
  }
}

async function fillReal({ rolecall, livekit }, lurkers) {
  const room = 'hall';
  await rolecall.post('/rooms', { name: room, defaultTemplate: 'viewer' });
  const tokens = [];
  for (const identity of identities(REAL.people)) {
    const options = { room, identity, createUser: true, createRoom: true, ttl: '1h' };
    tokens.push((await rolecall.post('/tokens', options)).token);
  }
  const { joinsPerSecond: perSecond } = REAL;
  await lurkers.ask({ op: 'join', url: livekit.wsUrl, tokens, perSecond });
  const deadline = performance.now() + FILLED_WITHIN_MS;
  while ((await presentIn(rolecall, room)) < REAL.people && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
  // What so many joins set off is over by then.
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  return room;
}

async function presentIn(rolecall, room) {
  const seats = await rolecall.get(`/rooms/${room}/seats`);
  return seats.filter(({ isPresent, inSync }) => isPresent && inSync).length;
}

async function ended(rolecall, id) {
  for (;;) {
    const view = await rolecall.get(`/operations/${id}`);
    if (view.finishedAt) return view;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function publishersSeen(rolecall, room, count) {
  for (;;) {
    const seats = await rolecall.get(`/rooms/${room}/seats`);
    if (seats.filter(({ tracks }) => tracks.length > 0).length === count) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A room with that many people, all known to Rolecall, on a database and a double of its own. */
async function withRoom({ people, publishers = 0, latencyMs }, work) {
  const database = await startOwnPostgres();
  const double = await startDouble({ latencyMs });
  let rolecall;
  try {
    rolecall = await startRolecall(database, {
      LIVEKIT_URL: double.ready.url,
      LIVEKIT_API_KEY: double.ready.apiKey,
      LIVEKIT_API_SECRET: double.ready.apiSecret,
      ROLECALL_RATE_OPERATOR: '100000/1s',
    });
    await double.ask('webhookUrl', `${rolecall.url}/livekit/webhook`);
    const room = 'hall';
    await rolecall.post('/rooms', { name: room, defaultTemplate: 'viewer' });
    await double.ask('openRoom', room);
    await double.ask('openRoom', 'clock');
    for (let i = 0; i < people; i += 20) {
      const some = identities(people).slice(i, i + 20);
      await Promise.all(
        some.map((identity, n) =>
          rolecall.post('/tokens', {
            room,
            identity,
            createUser: true,
            ...(i + n < publishers ? { template: 'speaker' } : {}),
          }),
        ),
      );
    }
    await double.ask(
      'join',
      identities(people).map((identity, i) => ({
        room,
        identity,
        permission: i < publishers ? SPEAKER : VIEWER,
      })),
    );
    await double.ask('publish', room, identities(publishers), ['MICROPHONE']);
    for (;;) {
      const { numParticipants } = await rolecall.get(`/rooms/${room}`);
      if (numParticipants === people) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    // What tells of so many joins goes on for seconds, and is not to be measured with the rest.
    await double.ask('idle');
    if (publishers > 0) await publishersSeen(rolecall, room, publishers);
    await double.ask('resetCounters');
    await work({ database, double, rolecall, room });
  } finally {
    await rolecall?.stop();
    double.child.kill('SIGKILL');
    await database.stop();
  }
}

function startDouble(options) {
  const file = join(import.meta.dirname, '../../server/test/support/livekit-double/process.ts');
  const child = fork(file, [JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const waiting = new Map();
  let next = 0;
  endsWithUs(child);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.on('message', (message) => {
      if (message.ready) {
        const ask = (op, ...args) =>
          new Promise((done, fail) => {
            waiting.set(++next, { done, fail });
            child.send({ id: next, op, args });
          });
        resolve({ child, ready: message.ready, ask });
        return;
      }
      const { done, fail } = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.error) fail(new Error(message.error));
      else done(message.value);
    });
  });
}

function identities(count) {
  return Array.from({ length: count }, (_, i) => identityOf(i));
}

function identityOf(i) {
  return `person-${String(i).padStart(5, '0')}`;
}

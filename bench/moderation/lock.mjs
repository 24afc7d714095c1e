// The panic lock on a real LiveKit server: one room of 500, 30 of them with their microphone on. These
// and the host, who listens, are real participants (LiveKit's native SDK); the others have a permission
// and are told of everything, but connect no media. Each round: they come, the room is locked, the scene
// is left again; past the gate, or through it with BENCH_WAYS=past,through. Asked are those who can
// know: the host's client, when it hears nobody any more; LiveKit, what it answers about each publisher,
// and what everybody's permission is before, between and after; Rolecall's calls of LiveKit, whom they
// were about and in which order.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RoomServiceClient } from 'livekit-server-sdk';
import { median, startRolecallWithLiveKit } from '../lib.mjs';
import { cpuSeconds } from '../processes.mjs';
import { makeHumble, startPeople, startWorker } from './workers.mjs';

const ROOM = 'hall';
const PEOPLE = Number(process.env.BENCH_PEOPLE ?? 500);
const PUBLISHERS = 30;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const WAYS = (process.env.BENCH_WAYS ?? 'past').split(',');
const TARGET_MS = 1_000;
/** LiveKit throws out who has no media after 59 s: a round has to be over by then. */
const JOINS_PER_SECOND = 60;
const AT_ONCE = 4;
/** As often as the dashboard asks. */
const ASK_MS = 250;
const DEADLINE_MS = 60_000;
/** What was set off by the joins is over by then: nobody locks a room in the second that it fills. */
const SETTLE_MS = 2_000;

/** Who hears and may nothing else: has nothing to lose. */
const LISTENER = { roomJoin: true, canSubscribe: true };

export async function run() {
  const stack = await startRolecallWithLiveKit(({ folder }) => ({
    ROLECALL_RATE_OPERATOR: '100000/1s',
    ROLECALL_LURKERS: 'off',
    NODE_OPTIONS: `--import=${new URL('note-calls.mjs', import.meta.url).href}`,
    BENCH_CALLS: join(folder, 'calls'),
  }));
  if (!stack) return;
  try {
    const hall = await prepare(stack);
    for (const way of WAYS) await measure(hall, way);
  } finally {
    await stack.stop();
  }
}

/** The room, and a token of Rolecall's for each. */
async function prepare(stack) {
  const { rolecall, livekit } = stack;
  await rolecall.post('/rooms', { name: ROOM, defaultTemplate: 'viewer' });
  await rolecall.post('/role-templates', { key: 'listener', name: 'Listener', grants: LISTENER });
  await rolecall.post('/role-templates/listener/publish', { message: 'for the benchmark' });
  const crowd = crowdOf(PEOPLE);
  for (let i = 0; i < crowd.length; i += 20) {
    await Promise.all(
      crowd.slice(i, i + 20).map(async (person) => {
        const { identity, template } = person;
        const { token } = await rolecall.post('/tokens', {
          room: ROOM,
          identity,
          createUser: true,
          createRoom: true,
          ttl: '1h',
          ...(template === 'viewer' ? {} : { template }),
        });
        person.token = token;
      }),
    );
  }
  const sdk = new RoomServiceClient(livekit.httpUrl, livekit.key, livekit.secret);
  return { ...stack, crowd, sdk };
}

/** Most lose their chat, some what they might publish, and a fifth nothing at all. */
function crowdOf(count) {
  const few = ['host', ...repeat('speaker', PUBLISHERS), ...repeat('presenter', 20)];
  const more = [...few, ...repeat('camera-only', 10), ...repeat('listener', Math.round(count / 5))];
  const templates = [...more, ...repeat('viewer', Math.max(0, count - more.length))];
  return templates.slice(0, count).map((template, i) => ({
    template,
    identity: `${template}-${String(i).padStart(3, '0')}`,
    isReal: template === 'host' || template === 'speaker',
    losesNothing: template === 'host' || template === 'listener',
  }));
}

async function enterReal({ livekit, people, ear, crowd }) {
  const real = crowd.filter(({ isReal }) => isReal);
  await some(real, async ({ identity, token, template }) => {
    const [where, isDeaf] = template === 'host' ? [ear, false] : [people, true];
    await where.ask({ op: 'join', who: identity, url: livekit.wsUrl, token, isDeaf });
  });
}

/** Native participants do not take many things at once. */
async function some(list, work) {
  const waiting = [...list];
  const worker = async () => {
    for (let one = waiting.shift(); one; one = waiting.shift()) await work(one);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function measure(hall, way) {
  const url = way === 'through' ? hall.rolecall.url.replace('http', 'ws') : hall.livekit.wsUrl;
  const rounds = [];
  console.log(
    `${PEOPLE} people of whom ${PUBLISHERS} publish, ${way} the gate\n` +
      'round   publishers called   LiveKit answered   host hears nobody   everybody told   calls: all, twice, needless, early   left again     restored',
  );
  for (let n = 1; n <= ROUNDS; n++) {
    const round = await withClients((clients) => playRound({ ...hall, ...clients }, url));
    rounds.push(round);
    console.log(
      [
        String(n).padStart(5),
        ms(round.called).padStart(19),
        ms(round.cut).padStart(17),
        ms(round.silent).padStart(19),
        ms(round.told).padStart(16),
        [round.calls, round.doubled, round.needless, round.early].join(', ').padStart(35),
        ms(round.left).padStart(12),
        `${round.restored} of ${PEOPLE}`.padStart(12),
      ].join(' '),
    );
  }
  const of = (key) => rounds.map((round) => round[key]);
  const worst = (key) => Math.max(...of(key));
  const both = (key) => `median ${ms(median(of(key)))}, worst ${ms(worst(key))}`;
  const ratio = (key) => `1 s ÷ worst = ${(TARGET_MS / worst(key)).toFixed(2)} (target 1)`;
  console.log(`last publisher called by Rolecall:         ${both('called')}`);
  console.log(`last publisher without a track in LiveKit: ${both('cut')}; ${ratio('cut')}`);
  console.log(`last publisher silent at the host's:       ${both('silent')}; ${ratio('silent')}`);
  console.log(
    `everybody told: ${both('told')}, progress ${of('steps').join(', ')} times; left again: ${both('left')}`,
  );
  const cores = Object.keys(rounds[0].cpu).map(
    (name) => `${name} ${median(rounds.map(({ cpu }) => cpu[name])).toFixed(2)} s`,
  );
  console.log(`processor time of one lock: ${cores.join(', ')}`);
  console.log(
    `called twice ${worst('doubled')}, called for nothing ${worst('needless')}, called before the last ` +
      `publisher ${worst('early')}, not restored ${PEOPLE - Math.min(...of('restored'))} (targets 0)\n`,
  );
}

/** New ones for each round: the old have a backlog of what they were told, of minutes. */
async function withClients(work) {
  const [people, ear] = [startPeople(), startPeople()];
  const lurkers = startWorker(join(import.meta.dirname, 'lurkers.mjs'));
  // They take more than one of two cores, and would be on machines of their own.
  makeHumble(people);
  makeHumble(lurkers);
  try {
    return await work({ people, ear, lurkers });
  } finally {
    for (const { child } of [people, ear, lurkers]) child.kill('SIGKILL');
  }
}

async function playRound(hall, url) {
  const { rolecall, ear, lurkers, crowd } = hall;
  await enterReal(hall);
  await publish(hall);
  const tokens = crowd.filter(({ isReal }) => !isReal).map(({ token }) => token);
  await lurkers.ask({ op: 'join', url, tokens, perSecond: JOINS_PER_SECOND });
  await everybodySeen(rolecall);
  await delay(SETTLE_MS);
  const before = await permissions(hall);

  const locked = await lock(hall);
  const between = await permissions(hall);
  const { gone } = await ear.ask({ op: 'status', who: crowd[0].identity });
  assertLocked(hall, between);

  const left = await leave(rolecall);
  const after = await permissions(hall);
  await lurkers.ask({ op: 'leave' });
  const wentAt = gone.filter(({ at }) => at >= locked.at);
  if (wentAt.length !== PUBLISHERS) throw new Error(`${wentAt.length} tracks went`);
  return {
    ...locked,
    ...told(hall, locked),
    silent: Math.max(...wentAt.map(({ at }) => at)) - locked.at,
    left,
    restored: [...before].filter(([who, what]) => after.get(who) === what).length,
  };
}

/** Resolves when the operation is over, by its own word. */
async function lock({ rolecall, livekit, crowd, people, ear, lurkers }) {
  const sample = () => ({
    Rolecall: cpuSeconds([rolecall.child.pid]),
    LiveKit: cpuSeconds([livekit.pid]),
    'all clients': cpuSeconds([people, ear, lurkers].map(({ child }) => child.pid)),
  });
  const used = sample();
  const at = Date.now();
  const { operationId, total } = await rolecall.post(`/rooms/${ROOM}/scene`, { lock: {} });
  const { view, steps } = await ended(rolecall, operationId);
  const losers = crowd.filter(({ losesNothing }) => !losesNothing).length;
  if (total !== losers || view.applied !== losers) {
    throw new Error(`${losers} have something to lose: ${JSON.stringify(view)}`);
  }
  const now = sample();
  const cpu = Object.fromEntries(Object.keys(now).map((key) => [key, now[key] - used[key]]));
  return { at, told: Date.parse(view.finishedAt) - at, steps, cpu };
}

async function leave(rolecall) {
  const at = Date.now();
  const { operationId } = await rolecall.delete(`/rooms/${ROOM}/scene`);
  const { view } = await ended(rolecall, operationId);
  return Date.parse(view.finishedAt) - at;
}

/** Whom LiveKit was called about between the lock and its end, and what it answered. */
function told({ crowd, database }, { at, told: took }) {
  const notes = readFileSync(join(database.folder, 'calls'), 'utf8').trimEnd().split('\n');
  const calls = notes
    .map((line) => JSON.parse(line))
    .filter((one) => one.method === 'UpdateParticipant' && one.at >= at && one.at <= at + took)
    .sort((one, other) => one.at - other.at);
  const people = new Map(crowd.map((person) => [person.identity, person]));
  const who = calls.map(({ identity }) => people.get(identity));
  const publishers = calls.filter((_, i) => who[i].template === 'speaker');
  const silenced = publishers.filter(({ tracks }) => tracks === 0);
  if (new Set(silenced.map(({ identity }) => identity)).size !== PUBLISHERS) {
    throw new Error('LiveKit did not answer that all publishers are without a track');
  }
  const lastAt = publishers.at(-1).at;
  return {
    calls: calls.length,
    doubled: calls.length - new Set(who).size,
    needless: who.filter(({ losesNothing }) => losesNothing).length,
    called: lastAt - at,
    early: calls.filter((one, i) => one.at < lastAt && who[i].template !== 'speaker').length,
    cut: Math.max(...silenced.map(({ answered }) => answered)) - at,
  };
}

/** The host hears them all. */
async function publish({ people, ear, crowd }) {
  const speakers = crowd.filter(({ template }) => template === 'speaker');
  await some(speakers, ({ identity }) => people.ask({ op: 'publishAudio', who: identity }));
  await until('the host hears everybody', async () => {
    const { subscribed } = await ear.ask({ op: 'status', who: crowd[0].identity });
    return subscribed.length === PUBLISHERS;
  });
}

/** Who is there, with connection and permission as LiveKit has it, in full. */
async function permissions({ sdk }) {
  const there = await sdk.listParticipants(ROOM);
  return new Map(
    there.map((one) => [
      one.identity,
      JSON.stringify({ sid: one.sid, ...one.permission.toJson() }),
    ]),
  );
}

function assertLocked({ crowd }, between) {
  for (const { identity, template } of crowd) {
    const { canPublish, canPublishData } = JSON.parse(between.get(identity) ?? '{}');
    if ((canPublish || canPublishData) && template !== 'host') {
      throw new Error(`${identity} is not silent: ${between.get(identity)}`);
    }
  }
  if (between.size !== PEOPLE) throw new Error(`${between.size} are in the room`);
}

/** As LiveKit has them and as Rolecall shows them. */
async function everybodySeen(rolecall) {
  await until('Rolecall sees everybody', async () => {
    const seats = await rolecall.get(`/rooms/${ROOM}/seats`);
    const present = seats.filter(({ isPresent, inSync }) => isPresent && inSync);
    const publishing = present.filter(({ tracks }) => tracks.length > 0);
    return present.length === PEOPLE && publishing.length === PUBLISHERS;
  });
}

async function ended(rolecall, id) {
  const steps = new Set();
  const view = await until('the operation ends', async () => {
    const now = await rolecall.get(`/operations/${id}`);
    steps.add(now.done);
    return now.finishedAt && now;
  });
  return { view, steps: steps.size };
}

async function until(what, check) {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`not in ${DEADLINE_MS / 1000} s: ${what}`);
    await delay(ASK_MS);
  }
}

function repeat(value, times) {
  return Array.from({ length: times }, () => value);
}

function ms(number) {
  return `${number.toFixed(0)} ms`;
}

// How many real participants (LiveKit's native SDK) this machine holds: they join through the gate
// with tokens of Rolecall's, ten at a time, until joining gets slow or `BENCH_PARTICIPANTS` are there.
// Rooms of 40, one of them with its microphone on, everybody else listening. All in one machine: the
// participants themselves take most of it, which is why the server's share is printed apart.
import { median, startRolecallWithLiveKit } from '../lib.mjs';
import { cpuSeconds, familyOf, memory } from '../processes.mjs';
import { startPeople } from './workers.mjs';

const ROOM_SIZE = 40;
const BATCH = 10;
/** The native SDK keeps threads: more than this in one process has been seen to kill it. */
const PER_PROCESS = 40;
const JOINS_AT_ONCE = 4;
/** The median of ten joins. */
const TOO_SLOW_MS = 2_000;
const most = Number(process.env.BENCH_PARTICIPANTS ?? 240);

export async function run() {
  const stack = await startRolecallWithLiveKit({ ROLECALL_RATE_OPERATOR: '100000/1s' });
  if (!stack) return;
  const processes = [];
  try {
    await ramp(stack, processes);
  } finally {
    for (const { child } of processes) child.kill('SIGKILL');
    await stack.stop();
  }
}

async function ramp({ rolecall, livekit, database }, processes) {
  const url = rolecall.url.replace('http', 'ws');
  console.log(
    'participants   join p50   join worst   sweep     cores: LiveKit  Rolecall  Postgres',
  );
  let joined = 0;
  let why = `${most} were asked for`;
  while (joined < most) {
    const before = sample(rolecall, livekit, database);
    const times = await joinBatch({ rolecall, url, processes, from: joined });
    joined += times.length;
    if (times.length < BATCH) {
      why = 'joins failed';
      break;
    }
    const after = sample(rolecall, livekit, database);
    const isTooSlow = median(times) > TOO_SLOW_MS;
    if (joined % ROOM_SIZE === 0 || isTooSlow) {
      const { sweep } = await rolecall.get('/status');
      const share = (key) =>
        ((after[key] - before[key]) / (after.at - before.at)).toFixed(2).padStart(8);
      console.log(
        `${String(joined).padStart(12)} ${median(times).toFixed(0).padStart(7)} ms ` +
          `${Math.max(...times)
            .toFixed(0)
            .padStart(9)} ms ${String(sweep.ms).padStart(6)} ms ` +
          `${share('livekit').padStart(16)} ${share('rolecall')}  ${share('postgres')}`,
      );
    }
    if (isTooSlow) {
      why = `joins took more than ${TOO_SLOW_MS / 1000} s at the median`;
      break;
    }
  }
  const shown = await countShown(rolecall, joined);
  console.log(
    `\n${joined} real participants joined through the gate (${why}); Rolecall shows ${shown} of them`,
  );
  console.log(
    `resident memory: LiveKit ${memory(livekit.pid)} MB, Rolecall ${memory(rolecall.child.pid)} MB`,
  );
}

async function joinBatch({ rolecall, url, processes, from }) {
  const times = [];
  const waiting = Array.from({ length: BATCH }, (_, i) => from + i);
  const worker = async () => {
    for (let n = waiting.shift(); n !== undefined; n = waiting.shift()) {
      const room = `hall-${Math.floor(n / ROOM_SIZE)}`;
      if (n % ROOM_SIZE === 0)
        await rolecall.post('/rooms', { name: room, defaultTemplate: 'viewer' });
      const isSpeaker = n % ROOM_SIZE === 0;
      const { token } = await rolecall.post('/tokens', {
        room,
        identity: `person-${n}`,
        createUser: true,
        ...(isSpeaker ? { template: 'speaker' } : {}),
      });
      const people = processFor(processes, n);
      const started = performance.now();
      try {
        await people.ask({ op: 'join', who: String(n), url, token });
      } catch (error) {
        console.log(`person ${n}: ${error.message}`);
        return;
      }
      times.push(performance.now() - started);
      if (isSpeaker) await people.ask({ op: 'publishAudio', who: String(n) });
    }
  };
  // The first of a batch may have to make the room.
  await Promise.all(Array.from({ length: from % ROOM_SIZE === 0 ? 1 : JOINS_AT_ONCE }, worker));
  return times;
}

function processFor(processes, n) {
  const index = Math.floor(n / PER_PROCESS);
  processes[index] ??= startPeople();
  return processes[index];
}

async function countShown(rolecall, joined) {
  const deadline = performance.now() + 10_000;
  for (;;) {
    let shown = 0;
    for (let room = 0; room * ROOM_SIZE < joined; room++) {
      const seats = await rolecall.get(`/rooms/hall-${room}/seats`);
      shown += seats.filter(({ isPresent }) => isPresent).length;
    }
    if (shown >= joined || performance.now() > deadline) return shown;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Processor seconds so far. */
function sample(rolecall, livekit, database) {
  return {
    at: performance.now() / 1000,
    livekit: cpuSeconds([livekit.pid]),
    rolecall: cpuSeconds([rolecall.child.pid]),
    postgres: cpuSeconds(familyOf(database.postgres.pid)),
  };
}

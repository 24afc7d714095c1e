import { expect } from '@jest/globals';
import { until } from '../support/until.js';
import { keyOf, OUT } from './seat-model.js';
import type { Person, Scene } from './world.js';

/** Rule 4: within this, what LiveKit has is what is wished; longer when every webhook is lost. */
const CONVERGE_MS = 10_000;
const CONVERGE_WITHOUT_WEBHOOKS_MS = 30_000;

interface SeatRow {
  identity: string;
  is_present: boolean;
  sid: string | null;
}

/** Trouble is over; answers with how long it took then until all was as it should be. */
export async function settle(scene: Scene): Promise<number> {
  const { livekit } = scene.world;
  livekit.heal();
  scene.isTroubled = false;
  await livekit.webhooks.idle();
  const ends = [...scene.people.values()].map(({ model }) => model.lastEnd());
  await until(
    'all that ends by itself has ended',
    () => Date.now() > Math.max(...ends) + 300,
    5_000,
  );
  const started = performance.now();
  const isDeaf = livekit.webhooks.mode === 'lost';
  await until(
    'desired is observed',
    async () => (await differences(scene)).length === 0,
    isDeaf ? CONVERGE_WITHOUT_WEBHOOKS_MS : CONVERGE_MS,
  ).catch(async (error: unknown) => {
    throw new Error(`${String(error)}\n${(await differences(scene)).join('\n')}`);
  });
  const ms = performance.now() - started;
  assertAskedFor(scene);
  await assertOutcomes(scene);
  await assertStaysQuiet(scene);
  return ms;
}

/** Where LiveKit, the model and the seats in Postgres do not agree, in words. */
async function differences(scene: Scene): Promise<string[]> {
  const { world, room } = scene;
  const rows = await world.a.sql<SeatRow>(
    'SELECT identity, is_present, sid FROM seat WHERE room = $1',
    [room],
  );
  const found: string[] = [];
  for (const person of scene.people.values()) {
    const { here, identity, model } = person;
    const desired = [...model.settled()];
    const has = here ? keyOf(here.permission) : OUT;
    if (here && !desired.includes(has)) found.push(`${identity} has ${has}, not ${desired.join()}`);
    const row = rows.find((one) => one.identity === identity);
    const shown = row?.is_present ? row.sid : null;
    if (shown !== (here?.sid ?? null)) {
      found.push(`${identity} is shown as ${shown}, is ${here?.sid ?? null}`);
    }
  }
  return found;
}

/** Every change that LiveKit was told is something that somebody wished. */
function assertAskedFor({ world, room, people, since }: Scene): void {
  const byIdentity = new Map([...people.values()].map((person) => [person.identity, person]));
  const offset = Date.now() - performance.now();
  const own = world.livekit.history.filter((one) => one.room === room && one.at >= since);
  for (const { identity, kind, by, permission, at } of own) {
    const person = byIdentity.get(identity);
    if (!person) throw new Error(`${identity} is nobody's`);
    const isRemoval = kind === 'left' && by === 'RemoveParticipant';
    if (kind !== 'permission' && !isRemoval) continue;
    const told = isRemoval || !permission ? OUT : keyOf(permission);
    if (!person.model.wasAskedFor(told, at + offset)) {
      throw new Error(
        `nobody wished that ${identity} be ${told} at ${at + offset}:\n` +
          `${person.model.story()}\n${JSON.stringify(own.filter((one) => one.identity === identity))}`,
      );
    }
  }
}

const STRAGGLERS = 2;

/**
 * What is settled stays so: further sweeps change nothing and call nothing that could. A writer that
 * read before the last wish may call once more after it, and takes that back itself (seat.pml).
 */
async function assertStaysQuiet(scene: Scene): Promise<void> {
  for (let late = 0; late < STRAGGLERS; late++) {
    if (await staysQuiet(scene)) return;
    expect(await differences(scene)).toEqual([]);
  }
  expect(await staysQuiet(scene)).toBe(true);
}

async function staysQuiet({ world, room, hasLeftovers }: Scene): Promise<boolean> {
  const { livekit } = world;
  await livekit.webhooks.idle();
  const before = livekit.history.length;
  const writes = () =>
    livekit.calls('UpdateParticipant', room) + livekit.calls('RemoveParticipant', room);
  const calls = writes();
  const sweeps = livekit.calls('ListRooms');
  await until('two more sweeps', () => {
    world.sweepNow();
    return livekit.calls('ListRooms') >= sweeps + 2;
  });
  if (livekit.history.slice(before).some((one) => one.room === room)) return false;
  return hasLeftovers || writes() === calls;
}

interface OutcomeRow {
  id: string;
  outcomes: string[];
  identity: string;
  is_old: boolean;
}

/**
 * An operation has one intent and one end; `pending` may come between, and is what stands while
 * its person is away. What a killed server left open is ended ten seconds after.
 */
export async function assertOutcomes(scene: Scene, isFinal = false): Promise<void> {
  const { world, room, people } = scene;
  const read = () =>
    world.a.sql<OutcomeRow>(
      `SELECT payload->>'operationId' AS id, array_agg(outcome ORDER BY at, shard, seq) AS outcomes,
         min(identity) AS identity, min(at) < now() - interval '13 seconds' AS is_old
       FROM ledger_entry WHERE room = $1 AND kind LIKE 'seat.%' AND kind <> 'seat.silenced'
         AND payload->>'operationId' IS NOT NULL
       GROUP BY 1`,
      [room],
    );
  const wrong = (rows: OutcomeRow[]) =>
    rows.filter(({ outcomes, identity, is_old }) => {
      const [first, ...rest] = outcomes;
      const ends = rest.filter((outcome) => outcome !== 'pending');
      const isHere = [...people.values()].some(
        (person) => person.identity === identity && person.here,
      );
      const isOpen = ends.length === 0;
      const isLeftOpen = isOpen && (rest.length > 0 ? isHere : isFinal || is_old);
      const isWrong =
        first !== 'intent' || ends.length > 1 || rest.length - ends.length > 1 || isLeftOpen;
      return isWrong;
    });
  await until(
    'every operation has its outcome',
    async () => wrong(await read()).length === 0,
    isFinal ? 15_000 : 5_000,
  ).catch(async (error: unknown) => {
    throw new Error(`${String(error)}: ${JSON.stringify(wrong(await read()))}`);
  });
  const known = new Set((await read()).map(({ id }) => id));
  for (const person of people.values()) {
    for (const id of operationsOf(person)) {
      if (!known.has(id)) throw new Error(`the operation ${id} has no entry`);
    }
  }
}

function operationsOf({ model }: Person): readonly string[] {
  return model.operations;
}

/** Every webhook that was taken is processed, and written down at most once. */
export async function assertWebhooksOnce({ world, room }: Scene): Promise<void> {
  await until('every webhook is processed', async () => {
    const [row] = await world.a.sql<{ n: number }>(
      'SELECT count(*)::int AS n FROM webhook_inbox WHERE room = $1 AND processed_at IS NULL',
      [room],
    );
    return row?.n === 0;
  });
  const twice = await world.a.sql(
    `SELECT payload->>'webhookId' AS id, count(*) FROM ledger_entry
     WHERE room = $1 AND payload->>'webhookId' IS NOT NULL GROUP BY 1 HAVING count(*) > 1`,
    [room],
  );
  expect(twice).toEqual([]);
}

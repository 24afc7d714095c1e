import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { allCommands, PEOPLE } from './commands.js';
import { assertOutcomes, assertWebhooksOnce, settle } from './settle.js';
import { Scene, World } from './world.js';

/**
 * The same histories at every run, as many as fit into the time, so that a change that breaks
 * something is told from one that met a history nobody had met. TEST_MODEL_SEED=random looks for
 * those, TEST_MODEL_SECONDS makes a longer run; a number replays (with TEST_MODEL_PATH, as
 * fast-check prints both).
 */
const GIVEN = process.env['TEST_MODEL_SEED'] ?? '20261121';
const SEED = GIVEN === 'random' ? Date.now() % 2 ** 31 : Number(GIVEN);
const RUN = process.env['TEST_MODEL_PATH'];
const REPLAY = process.env['TEST_MODEL_REPLAY'];
const SECONDS = Number(process.env['TEST_MODEL_SECONDS'] ?? 20);
const COMMANDS = 30;

jest.setTimeout((SECONDS + 120) * 1000);

describe('a seat against its model, on a LiveKit that does its worst', () => {
  let world: World;
  const scenes: Scene[] = [];
  const settled: number[] = [];

  beforeAll(async () => {
    world = await World.start();
  });

  afterAll(() => world?.stop());

  it(`reaches the desired state, whatever happens (seed ${SEED})`, async () => {
    const commands = fc.commands(allCommands(), {
      maxCommands: COMMANDS,
      size: 'max',
      ...(REPLAY ? { replayPath: REPLAY } : {}),
    });
    await fc.assert(
      fc.asyncProperty(commands, async (history) => {
        await world.bothUp();
        const scene = await Scene.open(world, PEOPLE);
        await fc.asyncModelRun(() => ({ model: {}, real: scene }), history);
        settled.push(await settle(scene));
        await assertWebhooksOnce(scene);
        scenes.push(scene);
      }),
      {
        seed: SEED,
        numRuns: 10_000,
        interruptAfterTimeLimit: SECONDS * 1000,
        ...(RUN ? { path: RUN, numRuns: 1 } : {}),
      },
    );
    settled.sort((a, b) => a - b);
    process.stderr.write(
      `seat model: seed ${SEED}, ${settled.length} histories, settled in ` +
        `${Math.round(settled[Math.floor(settled.length / 2)] ?? 0)} ms (median), ` +
        `${Math.round(settled.at(-1) ?? 0)} ms (longest)\n`,
    );
    expect(settled.length).toBeGreaterThan(0);
  });

  it('has one outcome for every operation, also for those of a server that was killed', async () => {
    expect(scenes.length).toBeGreaterThan(0);
    await world.bothUp();
    world.livekit.heal();
    for (const scene of scenes) await assertOutcomes(scene, true);
  });
});

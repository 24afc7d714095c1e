import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { possibleFaults } from '../support/crash-faults.js';
import { CrashWorld, PATIENCE_MS } from '../support/crash-world.js';
import { checkpointIn } from '../support/ledger-world.js';
import { runCli } from '../support/run-cli.js';
import { until } from '../support/until.js';

const world = new CrashWorld();
const possible = possibleFaults(world);
/** `npm run crash-test` sets more; else each fault happens once. */
const CYCLES = Number(process.env['TEST_CRASHES'] ?? possible.length);

jest.setTimeout(PATIENCE_MS + CYCLES * PATIENCE_MS);
beforeAll(() => world.start());
afterAll(() => world.stop());

it('loses no entry of a token and signs one history, whatever is killed, frozen, full or set wrong', async () => {
  world.beginAsking();
  const times = new Map<string, number>();
  try {
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      // Each of them in turn, then by chance.
      const at = cycle < possible.length ? cycle : randomInt(possible.length);
      const fault = possible[at] as (typeof possible)[number];
      times.set(fault.name, (times.get(fault.name) ?? 0) + 1);
      const before = world.issued.length;
      await fault.happen();
      await until(
        `tokens are issued after: ${fault.name}`,
        () => world.issued.length > before + 20,
        PATIENCE_MS,
      );
    }
  } finally {
    await world.endAsking();
  }
  const { issued, notIssued, seen } = world;
  const refused = [...notIssued].map(([why, count]) => `${count} × ${why}`).join(', ');
  const app = await world.openApp();
  try {
    const size = await until(
      'everything is sealed and in the mirror',
      async () => {
        const [row] = await app.sql<{ all: string; sealed: string | null }>(
          `SELECT (SELECT sum(seq) FROM ledger_head) AS all,
               (SELECT max(size) FROM ledger_checkpoint) AS sealed`,
        );
        if (!row || row.all !== row.sealed) return null;
        const mirror = join(app.database.home, 'ledger/checkpoint');
        const { size: mirrored } = checkpointIn(readFileSync(mirror, 'utf8'));
        return mirrored === Number(row.sealed) ? mirrored : null;
      },
      PATIENCE_MS,
    );
    const rows = await app.sql<{ jti: string; leaf: string }>(
      `SELECT payload->>'jti' AS jti, encode(leaf_hash, 'hex') AS leaf FROM ledger_entry
         WHERE kind = 'token.issued'`,
    );
    const written = new Map(rows.map(({ jti, leaf }) => [jti, leaf]));
    const lost = issued.filter(({ jti, leafHash }) => written.get(jti) !== leafHash);
    const forks = await world.findForks(app, size);
    const verified = await runCli(app, ['ledger', 'verify']);
    console.log(
      [
        `${CYCLES} cycles: ${issued.length} tokens, ${lost.length} without their entry; not issued: ${refused || 'none'}`,
        `${seen.size} checkpoints seen, ${forks.length} forks; ${verified.out}`,
        ...[...times].map(([name, count]) => `${count} × ${name}`),
      ].join('\n'),
    );
    expect(lost).toEqual([]);
    expect(forks).toEqual([]);
    expect([verified.status, verified.out]).toEqual([0, expect.stringMatching(/proved in/)]);
    // Who gets no token is told that it is not their fault.
    expect([...notIssued.keys()].filter((why) => why !== 503 && why !== 'no answer')).toEqual([]);
  } finally {
    await app.stop();
  }
});

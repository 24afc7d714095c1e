import { afterEach, describe, expect, it } from '@jest/globals';
import { ReconcilerService } from '../../src/reconciler/reconciler.service.js';
import { type LiveApp, startLiveApp } from '../support/live-app.js';
import { LiveKitDouble } from '../support/livekit-double/livekit-double.js';
import { ALL_RIGHTS } from '../support/livekit-double/model.js';
import { type RolecallProcess, startRolecallProcess } from '../support/rolecall-process.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { until } from '../support/until.js';

const ENV = { ROLECALL_SWEEP: '1s', ROLECALL_GATE: 'off' };

describe('of two servers on one database, one sweeps', () => {
  let livekit: LiveKitDouble;
  let database: TestDatabase;
  let first: RolecallProcess;
  let second: LiveApp;

  /** The first one has the lock by the time that the second one is there. */
  const start = async () => {
    livekit = await LiveKitDouble.start();
    database = await createTestDatabase();
    first = await startRolecallProcess({ livekit, database, env: ENV });
    await until('the first one sweeps', () => livekit.calls('ListRooms') > 0);
    second = await startLiveApp({ livekit, database, env: ENV });
    await second.sql(`INSERT INTO room (name, default_template) VALUES ('r', 'viewer')`);
    await second.sql(`INSERT INTO app_user (identity, name) VALUES ('eve', 'Eve')`);
    livekit.openRoom('r');
    await waitForRounds(3);
    expect(sweptAt()).toBeNull();
  };

  afterEach(async () => {
    await second?.stop();
    await first?.stop();
    await database?.drop();
    await livekit?.stop();
  });

  const sweptAt = () => second.app.get(ReconcilerService).status.lastAt;
  const waitForRounds = async (rounds: number) => {
    const before = livekit.calls('ListRooms');
    await until('rounds', () => livekit.calls('ListRooms') >= before + rounds, 20_000);
  };
  const untilRepaired = (deadlineMs: number) => {
    const eve = livekit.join({ room: 'r', identity: 'eve', permission: ALL_RIGHTS });
    return until('eve may not publish', () => !eve.permission.canPublish, deadlineMs);
  };

  it('and the other goes on when that one is killed', async () => {
    await start();
    await first.kill9();
    await untilRepaired(5_000);
    await until('the other one has swept', () => sweptAt() !== null);
  });

  it('and the other takes over when that one freezes, which knows so when it thaws', async () => {
    await start();
    first.freeze();
    await untilRepaired(15_000);
    await until('the other one has swept', () => sweptAt() !== null);
    first.thaw();
    await waitForRounds(2);
    livekit.resetCounters();
    const started = performance.now();
    await waitForRounds(4);
    const seconds = (performance.now() - started) / 1000;
    // One round takes 0.9 s; two servers would need half of it.
    expect(seconds).toBeGreaterThan(2.4);
    const [row] = await second.sql<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_locks
       WHERE locktype = 'advisory' AND objid = ${0x726f6c65} AND granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    expect(row?.n).toBe(1);
  });
});

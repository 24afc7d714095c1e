import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { type DoubleWorld, startDoubleWorld } from '../../test/support/double-world.js';
import type { LiveApp } from '../../test/support/live-app.js';
import type { LiveScene } from '../../test/support/live-scene.js';
import { LiveKitDouble } from '../../test/support/livekit-double/livekit-double.js';
import { ALL_RIGHTS } from '../../test/support/livekit-double/model.js';
import { until } from '../../test/support/until.js';
import { Sweep } from '../reconciler/sweep.js';

describe('while a scene finds out who has to be told', () => {
  let world: DoubleWorld;
  let livekit: LiveKitDouble;
  let app: LiveApp;
  let scene: LiveScene;
  let room: string;
  let count = 0;
  let owner: pg.Client;

  beforeAll(async () => {
    world = await startDoubleWorld({ ROLECALL_SWEEP: '1h' });
    ({ livekit, app, scene } = world);
    owner = new pg.Client(app.database.ownerUrl);
    await owner.connect();
  });

  afterAll(async () => {
    await owner?.end();
    await world?.stop();
  });

  beforeEach(async () => {
    room = await scene.room(`listing-${count++}`, { default_template: 'speaker' });
  });

  /** Enters the lock; no target can be written before `work` is done. */
  const lockDuring = async (work: () => Promise<void>) => {
    await owner.query('BEGIN');
    await owner.query('LOCK TABLE bulk_target IN SHARE MODE');
    const entering = app.post(`/api/v1/rooms/${room}/scene`, { lock: {} });
    try {
      await until('the scene plays', async () => {
        return (await app.get(`/api/v1/rooms/${room}`)).body.scene !== null;
      });
      await work();
    } finally {
      await owner.query('ROLLBACK');
    }
    const { status, body } = await entering;
    expect(status).toBe(202);
    await until('the operation is done', async () => {
      return (await app.get(`/api/v1/operations/${body.operationId}`)).body.status === 'done';
    });
  };
  const repairs = async () => [
    ...(await scene.ledger(room, 'drift.detected')),
    ...(await scene.ledger(room, 'seat.updated')),
  ];

  it('a sweep leaves people to it: nobody has drifted, and each is told once', async () => {
    const ana = livekit.join(await scene.issued(room, 'ana', 'speaker'));
    await scene.untilSeat(room, 'ana', 'is in sync', ({ inSync }) => inSync);
    await scene.act(room, 'ana', 'demote', { template: 'viewer' });
    await lockDuring(async () => {
      await app.app.get(Sweep).run(false, 5);
      expect(ana.permission.canPublishData).toBe(true);
    });
    expect(ana.permission.canPublishData).toBe(false);
    expect(livekit.changes(room, 'ana')).toHaveLength(2);
    expect(await repairs()).toEqual([]);
  });

  it('who publishes is silenced at once, and has not unmuted what was given back before', async () => {
    const phone = livekit.join(
      { room, identity: 'phone', permission: ALL_RIGHTS },
      { kind: 'SIP' },
    );
    phone.publish('MICROPHONE');
    await scene.untilSeat(room, 'phone', 'is heard', ({ tracks }) => tracks.length === 1);
    await scene.act(room, 'phone', 'hold');
    await scene.act(room, 'phone', 'release');
    await lockDuring(async () => {
      phone.publish('CAMERA');
      await until('both are muted', () => phone.tracks.every(({ isMuted }) => isMuted));
    });
    expect(phone.tracks.map(({ isMuted }) => isMuted)).toEqual([true, true]);
    expect(await repairs()).toEqual([]);
  });
});

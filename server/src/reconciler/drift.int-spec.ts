import { ParticipantPermission, UpdateParticipantRequest } from '@livekit/protocol';
import { afterAll, beforeAll, expect, describe, it } from '@jest/globals';
import { type DoubleWorld, startDoubleWorld } from '../../test/support/double-world.js';
import { PolicyWatch } from './policy-watch.js';
import { sweep as sweepOf } from '../../test/support/sweep.js';

describe('what a sweep finds', () => {
  let world: DoubleWorld;

  beforeAll(async () => {
    world = await startDoubleWorld({ ROLECALL_SWEEP: '10m' });
  });
  afterAll(() => world?.stop());

  const sweep = () => sweepOf(world.app);
  const kinds = async (room: string) =>
    (await world.scene.ledger(room))
      .map(({ kind, outcome }) => `${kind} ${outcome}`)
      .filter((line) => /^(drift|seat)\./.test(line));

  it('is drift where LiveKit was told, and an update where policy is newer', async () => {
    const { app, livekit, scene } = world;
    const room = await scene.room('told');
    const ana = livekit.join(await scene.issued(room, 'ana'));
    await scene.untilSeat(room, 'ana', 'is in sync', (seat) => seat.isPresent && seat.inSync);
    await sweep();
    // Committed, but not sent to LiveKit yet.
    await app.sql(`UPDATE room SET default_template = 'speaker' WHERE name = $1`, [room]);
    await sweep();
    expect(ana.permission).toMatchObject({ canPublish: true });
    expect(await kinds(room)).toEqual(['seat.updated intent', 'seat.updated applied']);
    const [intent, applied] = await scene.ledger(room, 'seat.updated');
    expect(applied?.payload.operationId).toBe(intent?.payload.operationId);

    const permission = new ParticipantPermission({ canSubscribe: true, canPublishData: true });
    livekit.update(new UpdateParticipantRequest({ room, identity: 'ana', permission }));
    await sweep();
    expect(ana.permission).toMatchObject({ canPublish: true });
    expect((await kinds(room)).slice(2)).toEqual([
      'drift.detected ok',
      'drift.repaired intent',
      'drift.repaired applied',
    ]);
  });

  it('is an update as well right after an act, which no sweep has seen', async () => {
    const { app, livekit, scene } = world;
    // Its server is another one, or was killed: only the sweep notices the change of policy.
    await app.app.get(PolicyWatch).onApplicationShutdown();
    const room = await scene.room('acted');
    const ana = livekit.join(await scene.issued(room, 'ana'));
    await scene.untilSeat(room, 'ana', 'is in sync', (seat) => seat.isPresent && seat.inSync);
    await sweep();
    await scene.act(room, 'ana', 'promote', { template: 'speaker' });
    // Back to the role of the room, which follows what is published.
    await scene.act(room, 'ana', 'demote');
    expect(ana.permission).toMatchObject({ canPublish: false, canUpdateMetadata: false });
    const { body: version } = await app.get('/api/v1/role-templates/viewer/versions/1');
    const draft = { grants: { ...version.grants, canUpdateOwnMetadata: true } };
    await app.send('PUT', '/api/v1/role-templates/viewer/draft', draft);
    const published = await app.post('/api/v1/role-templates/viewer/publish', { message: 'x' });
    expect(published.status).toBe(201);
    await sweep();
    expect(ana.permission).toMatchObject({ canPublish: false, canUpdateMetadata: true });
    expect(await kinds(room)).toEqual([
      'seat.promoted intent',
      'seat.promoted applied',
      'seat.demoted intent',
      'seat.demoted applied',
      'seat.updated intent',
      'seat.updated applied',
    ]);
    expect((await app.get('/api/v1/alarms')).body).not.toEqual(
      expect.arrayContaining([expect.objectContaining({ kind: 'drift.detected', room })]),
    );
  });
});

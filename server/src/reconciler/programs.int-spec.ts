import { randomUUID } from 'node:crypto';
import { AgentDispatch, CreateRoomRequest, EgressInfo, IngressInfo } from '@livekit/protocol';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type DoubleWorld, startDoubleWorld } from '../../test/support/double-world.js';
import { ALL_RIGHTS } from '../../test/support/livekit-double/model.js';
import { until } from '../../test/support/until.js';
import { sweep as sweepOf } from '../../test/support/sweep.js';

/** Egress, ingress and agents need Redis and workers of LiveKit: here a double has them. */
describe('recordings, streams and agents', () => {
  let world: DoubleWorld;

  beforeAll(async () => {
    world = await startDoubleWorld(
      { ROLECALL_SWEEP: '10m', ROLECALL_LIVEKIT_ROOMS: 'ours-*' },
      { hasRedis: true },
    );
  });
  afterAll(() => world?.stop());

  const sweep = () => sweepOf(world.app);
  const alarms = async (room: string): Promise<string[]> => {
    const filter = encodeURIComponent(JSON.stringify({ room }));
    const { body } = await world.app.get(`/api/v1/alarms?filter=${filter}`);
    return (body as { kind: string; state: string }[])
      .filter(({ kind }) => kind !== 'policy.changed_directly')
      .map(({ kind, state }) => `${kind} ${state}`)
      .sort();
  };
  /** LiveKit tells of it, so that it is listed in the next sweep. */
  const announce = async (event: string) => {
    const { webhooks } = world.livekit;
    const id = `EV_${randomUUID()}`;
    const createdAt = String(Math.floor(Date.now() / 1000));
    webhooks.take({ id, event, createdAt, room: {} });
    await until('the webhook was taken', async () => {
      const [row] = await world.app.sql('SELECT processed_at FROM webhook_inbox WHERE id = $1', [
        id,
      ]);
      return row?.['processed_at'];
    });
  };
  const nanoseconds = () => BigInt(Date.now()) * 1_000_000n;
  const egress = (egressId: string, roomName: string) =>
    new EgressInfo({ egressId, roomName, startedAt: nanoseconds() });

  it('raise an alarm once when nothing explains them, until they are gone', async () => {
    const { livekit, scene } = world;
    const room = await scene.room('wired');
    await sweep();
    livekit.programs.egress = [egress('EG_spy', room)];
    livekit.programs.ingress = [
      new IngressInfo({
        ingressId: 'IN_spy',
        roomName: room,
        name: 'in',
        participantIdentity: 'x',
      }),
    ];
    await announce('egress_started');
    await sweep();
    await sweep();
    expect(await alarms(room)).toEqual(['egress.unexplained open', 'ingress.unexplained open']);
    expect(await scene.ledger(room, 'egress.unexplained')).toMatchObject([
      { payload: { egress: 'EG_spy', knownKeys: ['APIdouble'] } },
    ]);
    expect(await scene.ledger(room, 'ingress.unexplained')).toHaveLength(1);

    // Its participant is in the room with a token of LiveKit's own.
    livekit.join({ room, identity: 'EG_spy', permission: ALL_RIGHTS }, { kind: 'EGRESS' });
    await until('it is noted', async () =>
      (await alarms(room)).includes('participant.unlisted open'),
    );
    livekit.programs.egress = [];
    livekit.programs.ingress = [];
    await announce('egress_ended');
    await sweep();
    expect(await alarms(room)).toEqual([
      ...['egress.unexplained gone', 'ingress.unexplained gone', 'participant.unlisted open'],
    ]);
  });

  it('raise none when a token of ours explains them, nor do their participants', async () => {
    const { livekit, scene, app } = world;
    const grants = { roomRecord: true, roomJoin: true };
    await app.post('/api/v1/role-templates', { key: 'archivist', name: 'Archivist', grants });
    const published = await app.post('/api/v1/role-templates/archivist/publish', { message: 'x' });
    expect(published.status).toBeLessThan(300);
    const room = await scene.room('recorded', { default_template: 'archivist' });
    const issue = (body: object) =>
      app.post('/api/v1/tokens', { room, identity: 'rec', createUser: true, ...body });
    expect((await issue({ agents: [{ agentName: 'scribe' }] })).status).toBe(201);
    const dispatch = (id: string, agentName: string, participantIdentity: string) =>
      new AgentDispatch({
        id,
        agentName,
        room,
        state: { createdAt: nanoseconds(), jobs: [{ state: { participantIdentity } }] },
      });
    livekit.programs.egress = [egress('EG_ours', room)];
    livekit.programs.dispatches.set(room, [
      dispatch('AD_ours', 'scribe', 'agent-1'),
      dispatch('AD_spy', 'spy', 'agent-2'),
    ]);
    livekit.join({ room, identity: 'EG_ours', permission: ALL_RIGHTS }, { kind: 'EGRESS' });
    livekit.join({ room, identity: 'agent-1', permission: ALL_RIGHTS }, { kind: 'AGENT' });
    livekit.join({ room, identity: 'agent-2', permission: ALL_RIGHTS }, { kind: 'AGENT' });
    await until('the spy is noted', async () => (await alarms(room)).length > 0);
    await announce('egress_started');
    await sweep();
    expect(await alarms(room)).toEqual(['dispatch.unexplained open', 'participant.unlisted open']);
    expect(await scene.ledger(room, 'participant.unlisted')).toMatchObject([
      { identity: 'agent-2', payload: { kind: 'agent' } },
    ]);
  });

  it('raise none in rooms that belong to somebody else in the same LiveKit', async () => {
    const { livekit } = world;
    for (const room of ['theirs-1', 'ours-1']) {
      livekit.create(new CreateRoomRequest({ name: room }));
      livekit.join({ room, identity: 'guest', permission: ALL_RIGHTS });
    }
    livekit.programs.egress = [egress('EG_theirs', 'theirs-1'), egress('EG_ours-1', 'ours-1')];
    await announce('egress_started');
    // A room counts when two sweeps have seen it.
    await sweep();
    await sweep();
    expect(await alarms('ours-1')).toEqual([
      'egress.unexplained open',
      'participant.unlisted open',
      'room.unexplained open',
    ]);
    expect(await alarms('theirs-1')).toEqual([]);
  });
});

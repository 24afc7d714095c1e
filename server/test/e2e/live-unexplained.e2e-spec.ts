import { AgentDispatchClient, RoomServiceClient } from 'livekit-server-sdk';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { sweep } from '../support/sweep.js';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { describeLive } from '../support/livekit-server.js';
import { type SignalParticipant, signalJoin } from '../support/livekit-signal.js';
import { BY_SQL } from '../support/own-changes.js';
import { until } from '../support/until.js';

describeLive('what is done straight at LiveKit', () => {
  let world: LiveWorld;
  let app: LiveWorld['app'];
  let scene: LiveWorld['scene'];
  /** Of somebody who has the secret of a LiveKit API key. */
  let rooms: RoomServiceClient;
  let agents: AgentDispatchClient;

  beforeAll(async () => {
    world = await startLiveWorld({ ROLECALL_SWEEP: '1s' });
    ({ app, scene } = world);
    const { httpUrl, apiKey, apiSecret } = world.livekit;
    rooms = new RoomServiceClient(httpUrl, apiKey, apiSecret);
    agents = new AgentDispatchClient(httpUrl, apiKey, apiSecret);
  });
  afterAll(() => world?.stop());

  const sweeps = async (count: number) => {
    for (let i = 0; i < count; i++) await sweep(app);
  };
  const alarms = async (room: string, state?: string) => {
    const filter = encodeURIComponent(JSON.stringify({ room, ...(state ? { state } : {}) }));
    const { body } = await app.get(`/api/v1/alarms?filter=${filter}&range=[0,99]`);
    return (body as { kind: string; state: string; identity: string | null }[]).filter(
      ({ kind }) => kind !== BY_SQL,
    );
  };
  const kinds = async (room: string, state?: string) =>
    (await alarms(room, state)).map(({ kind }) => kind).sort();
  /** A room of Rolecall's own, without SQL. */
  const room = async (name: string) => {
    expect((await app.post('/api/v1/rooms', { name, defaultTemplate: 'viewer' })).status).toBe(201);
    return name;
  };
  const token = async (of: string, identity: string, more: object = {}): Promise<string> => {
    const answer = await app.post('/api/v1/tokens', {
      room: of,
      identity,
      createUser: true,
      createRoom: true,
      ...more,
    });
    expect([answer.status, answer.body]).toEqual([201, expect.anything()]);
    return answer.body.token as string;
  };
  const join = async (of: string, identity: string, given?: string): Promise<SignalParticipant> => {
    const signal = await signalJoin(world.livekit.url, given ?? (await token(of, identity)));
    await scene.untilSeat(of, identity, 'is seen', ({ isPresent }) => isPresent);
    return signal;
  };

  it('is named once: rights, name and attributes of a participant', async () => {
    const of = await room('meddled');
    await join(of, 'ana');
    await sweeps(1);
    await rooms.updateParticipant(of, 'ana', {
      permission: { canPublish: true, canSubscribe: true, canPublishData: true },
    });
    await until('it is repaired', async () =>
      (await scene.ledger(of, 'drift.repaired')).some(({ outcome }) => outcome === 'applied'),
    );
    await rooms.updateParticipant(of, 'ana', {
      name: 'The Boss',
      attributes: { role: 'admin' },
      metadata: 'm',
    });
    await until('it is seen', async () => (await kinds(of)).length === 2);
    await sweeps(3);
    expect(await scene.ledger(of, 'drift.detected')).toMatchObject([
      { identity: 'ana', payload: { isUnexplained: true, knownKeys: ['APItest'] } },
    ]);
    expect(await scene.ledger(of, 'participant.changed_elsewhere')).toMatchObject([
      {
        identity: 'ana',
        payload: {
          changed: ['attributes.role', 'metadata', 'name'],
          after: { name: 'The Boss', 'attributes.role': 'admin', metadata: 'm' },
          knownKeys: ['APItest'],
        },
      },
    ]);
    // What was done does not go away: both stay open until somebody has looked at them.
    expect(await kinds(of, 'open')).toEqual(['drift.detected', 'participant.changed_elsewhere']);
  });

  it('is named once: the metadata of a room', async () => {
    const of = await room('labelled');
    await join(of, 'ana');
    await sweeps(1);
    await rooms.updateRoomMetadata(of, 'by somebody else');
    await until('it is seen', async () => (await kinds(of)).length === 1);
    await sweeps(3);
    expect(await scene.ledger(of, 'room.changed_elsewhere')).toMatchObject([
      { payload: { metadata: 'by somebody else' } },
    ]);
    // What is changed here is no news.
    await app.send('PATCH', `/api/v1/rooms/${of}`, { metadata: 'ours' });
    await sweeps(3);
    expect(await kinds(of)).toEqual(['room.changed_elsewhere']);
  });

  it('is named once, and gone when it is: a token that was signed by hand', async () => {
    const of = await room('crashed');
    await token(of, 'ana');
    await join(of, 'mallory', scene.token(of, 'mallory', 'presenter'));
    await until('it is seen', async () => (await kinds(of)).length > 0);
    await sweeps(3);
    expect(await scene.ledger(of, 'participant.unlisted')).toMatchObject([
      { identity: 'mallory', payload: { kind: 'standard', knownKeys: ['APItest'] } },
    ]);
    const unlisted = async () =>
      (await alarms(of)).filter(({ kind }) => kind === 'participant.unlisted');
    expect(await unlisted()).toMatchObject([{ state: 'open', identity: 'mallory' }]);
    await rooms.removeParticipant(of, 'mallory');
    await until('the alarm ends', async () => (await unlisted())[0]?.state === 'gone');
  });

  it('is named once, and gone when it is: a room, and who is in it', async () => {
    await rooms.createRoom({ name: 'speakeasy', emptyTimeout: 300 });
    await signalJoin(world.livekit.url, scene.token('speakeasy', 'guest', 'presenter'));
    const expected = ['participant.unlisted', 'room.unexplained'];
    await until('it is seen', async () => (await kinds('speakeasy')).length === 2);
    await sweeps(3);
    expect(await kinds('speakeasy', 'open')).toEqual(expected);
    expect((await scene.ledger('speakeasy')).map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(expected),
    );
    for (const kind of expected) expect(await scene.ledger('speakeasy', kind)).toHaveLength(1);
    await rooms.deleteRoom('speakeasy');
    await until('the alarms end', async () => (await kinds('speakeasy', 'gone')).length === 2);
  });

  it('is named once, and gone when it is: an agent that is called to a room', async () => {
    const of = await room('assisted');
    // The agent that a token asks for is explained, and so is LiveKit's own dispatch without a name.
    await token(of, 'ana', { agents: [{ agentName: 'scribe' }] });
    await until('LiveKit runs it', async () => (await rooms.listRooms([of])).length === 1);
    await sweeps(2);
    expect((await agents.listDispatch(of)).map(({ agentName }) => agentName)).toEqual(['scribe']);
    expect(await kinds(of)).toEqual([]);
    const spy = await agents.createDispatch(of, 'spy');
    await until('it is seen', async () => {
      await sweeps(1);
      return (await kinds(of)).length === 1;
    });
    await sweeps(2);
    expect(await scene.ledger(of, 'dispatch.unexplained')).toMatchObject([
      { payload: { agent: 'spy', dispatch: spy.id } },
    ]);
    await agents.deleteDispatch(spy.id, of);
    await until('the alarm ends', async () => {
      await sweeps(1);
      return (await kinds(of, 'gone')).length === 1;
    });
  });

  it('is not what people do with what they were given', async () => {
    const of = await room('orderly');
    const [old, ben] = [await token(of, 'ana'), await token(of, 'ben')];
    await join(of, 'ana', old);
    await join(of, 'ben', ben);
    await scene.carryOut(of, 'ana', 'promote', { template: 'presenter' });
    await scene.carryOut(of, 'ana', 'demote');
    await scene.carryOut(of, 'ben', 'promote', { template: 'speaker' });
    // Comes back with a token from before the promotion.
    await join(of, 'ben', ben);
    await scene.untilSeat(of, 'ben', 'has it back', ({ inSync }) => inSync);
    await app.send('PATCH', `/api/v1/rooms/${of}`, { metadata: 'one' });
    await app.send('PATCH', `/api/v1/rooms/${of}`, { metadata: 'two' });
    await scene.carryOut(of, 'ben', 'block', { reason: 'x' });
    await app.post(`/api/v1/rooms/${of}/close`);
    await sweeps(3);
    expect(await kinds(of)).toEqual([]);
    // Whoever has a token for a room may bring it back after it was deleted here.
    expect((await app.send('DELETE', `/api/v1/rooms/${of}`, undefined)).status).toBeLessThan(300);
    await until('it ended', async () => (await rooms.listRooms([of])).length === 0);
    await rooms.createRoom({ name: of });
    await sweeps(3);
    expect(await kinds(of)).toEqual([]);
  });

  it('is asked for rarely where LiveKit has no such service, and said', async () => {
    const { body } = await app.get('/api/v1/status');
    expect(body.programs).toEqual({ egress: 'off', ingress: 'off', dispatch: 'on' });
    const asked = world.livekit.log().match(/EgressService|Egress\.ListEgress|ListEgress/g) ?? [];
    await sweeps(5);
    const again = world.livekit.log().match(/EgressService|Egress\.ListEgress|ListEgress/g) ?? [];
    expect(asked.length).toBeGreaterThan(0);
    expect(again.length).toBe(asked.length);
    expect(asked.length).toBeLessThanOrEqual(4);
    expect(body.alarms.kinds.map(({ kind }: { kind: string }) => kind)).toContain('drift.detected');
  });
});

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeLive } from '../support/livekit-server.js';
import { signalJoin } from '../support/livekit-signal.js';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { until } from '../support/until.js';

describeLive('where a connection came from', () => {
  let world: LiveWorld;

  beforeAll(async () => {
    world = await startLiveWorld({ ROLECALL_SWEEP: '1s', ROLECALL_GATE: 'on' });
  });
  afterAll(() => world?.stop());

  it('is known through a refreshed token, and what is exposed ends with a block', async () => {
    const { app, people, gate, scene } = world;
    const room = 'lineage';
    await app.post('/api/v1/rooms', { name: room, defaultTemplate: 'viewer' });
    await app.post('/api/v1/users', { identity: 'ana' });
    const { body } = await app.post('/api/v1/tokens', { room, identity: 'ana', createRoom: true });
    const { token, jti, issuanceId } = body as Record<'token' | 'jti' | 'issuanceId', string>;
    const seatOf = async () => (await app.get(`/api/v1/rooms/${room}/seats/ana`)).body;
    expect((await seatOf()).cameInWith).toBeNull();

    const first = await signalJoin(gate, token);
    const refreshed = await until('LiveKit refreshed the token', () => first.token);
    first.close();
    await people.join('ana', gate, token);
    await scene.untilSeat(room, 'ana', 'is present', ({ isPresent }) => isPresent);
    const issuance = {
      id: issuanceId,
      at: expect.any(String),
      issuer: { kind: 'operator', id: expect.any(String), label: expect.any(String) },
      template: 'viewer',
      version: expect.any(Number),
      expiresAt: body['expiresAt'],
    };
    const known = await until('the way in is known', async () => {
      const { cameInWith } = await seatOf();
      return cameInWith?.jti ? cameInWith : null;
    });
    expect(known).toMatchObject({ through: 'issued', jti, issuance });
    await people.join('ana again', gate, refreshed);

    const connections = await until('both connections are in the log', async () => {
      const sessions = (await app.get(`/api/v1/rooms/${room}/sessions`)).body.data;
      const all = sessions.flatMap((session: { connections: object[] }) => session.connections);
      return all.length === 2 ? all : null;
    });
    expect(connections).toMatchObject([
      { identity: 'ana', lineage: { through: 'issued', jti, candidates: [] } },
      { identity: 'ana', lineage: { through: 'refreshed', jti, candidates: [] } },
    ]);

    const again = await until('the seat names the new connection', async () => {
      const { cameInWith } = await seatOf();
      return cameInWith?.through === 'refreshed' ? cameInWith : null;
    });
    expect(again).toEqual({
      through: 'refreshed',
      jti,
      candidates: [],
      text: again.text,
      issuance,
    });
    expect(again.text).toMatch(/LiveKit refreshed/);
    // Who may see the room and not its log is not told.
    const moderator = await app.operator('moderator');
    const seen = await moderator.get(`/api/v1/rooms/${room}/seats/ana`);
    expect(seen.body).toMatchObject({ isPresent: true, cameInWith: null });

    const exposed = await until('somebody is in the room', async () => {
      const one = (await app.get(`/api/v1/exposure?room=${room}`)).body;
      return one.counts.sessions === 1 ? one : null;
    });
    expect(exposed.isGated).toBe(true);
    expect(exposed.data).toMatchObject([
      { source: 'session', refreshed: true, isRenewed: true, template: 'viewer' },
      { source: 'issued', refreshed: false, jti },
    ]);
    await scene.act(room, 'ana', 'promote', { for: '1m' });
    const { counts, data } = (await app.post('/api/v1/ledger/challenge', { n: 50 })).body;
    expect(counts).toMatchObject({ deviates: 0, explained: 0, notKnown: 0 });
    const kinds = new Set(data.map(({ kind }: { kind: string }) => kind));
    expect([...kinds].toSorted()).toEqual(['gate.admitted', 'seat.promoted', 'token.issued']);
    await scene.act(room, 'ana', 'block');
    const ended = await until('nobody is in the room', async () => {
      const one = (await app.get(`/api/v1/exposure?room=${room}`)).body;
      return one.data.length === 0 ? one : null;
    });
    expect(ended).toMatchObject({ horizon: null, counts: { tokens: 0, stopped: 2 } });
  });
});

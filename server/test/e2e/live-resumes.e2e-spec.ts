import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { HELD, type HeldConnects, startHeldConnects } from '../support/held-connects.js';
import { type LiveApp, startLiveApp } from '../support/live-app.js';
import { LiveScene } from '../support/live-scene.js';
import { describeLive, type LiveKitServer, startLiveKitServer } from '../support/livekit-server.js';
import { signalJoin, type SignalParticipant, signalResume } from '../support/livekit-signal.js';
import { until } from '../support/until.js';

/** Two servers on one database; what they ask LiveKit can be held on its way. */
describeLive('a resume that LiveKit gives a wider connection', () => {
  let livekit: LiveKitServer;
  let wire: HeldConnects;
  let servers: LiveApp[] = [];
  let app: LiveApp;
  let scene: LiveScene;
  let gate: string;
  let otherGate: string;

  beforeAll(async () => {
    livekit = await startLiveKitServer();
    wire = await startHeldConnects(livekit.httpUrl);
    const env = { ROLECALL_SWEEP: '10m', ROLECALL_GATE: 'on', LIVEKIT_URL: wire.url };
    app = await startLiveApp({ livekit, env });
    const other = await startLiveApp({ livekit, database: app.database, env });
    servers = [app, other];
    [gate = '', otherGate = ''] = servers.map(({ url }) => url.replace('http', 'ws'));
    scene = new LiveScene(app, livekit);
  });

  afterAll(async () => {
    for (const server of servers.toReversed()) await server.stop();
    await wire?.stop();
    await livekit?.stop();
  });

  afterEach(() => wire.letOut());

  const issue = async (room: string, more: object = {}): Promise<string> => {
    const answer = await app.post('/api/v1/tokens', {
      room,
      identity: 'cam',
      createUser: true,
      ...more,
    });
    expect(answer.status).toBe(201);
    return answer.body.token;
  };
  const narrowToken = (room: string) => issue(room, { grants: { canPublishData: false } });
  const refreshed = (person: SignalParticipant) =>
    until('LiveKit refreshes the token', () => person.token);
  const boundOf = async (room: string) =>
    (await app.sql('SELECT admitted, awaited FROM seat WHERE room = $1', [room]))[0];
  /** LiveKit has another connection than before. */
  const untilReplaced = (person: SignalParticipant) =>
    until('LiveKit has the wide one', () => person.isClosed);
  const expectRefused = async (room: string, token: string) => {
    const before = (await scene.ledger(room, 'gate.refused')).length;
    const resumed = await signalResume(otherGate, token);
    expect(resumed.heard).toEqual(['leave']);
    await until('LiveKit hangs up', () => resumed.isClosed);
    expect(resumed.token).toBeNull();
    const refusals = (await scene.ledger(room, 'gate.refused')).slice(before);
    expect(refusals).toMatchObject([{ payload: { refusal: 'gate.no_such_session' } }]);
  };
  const held = (room: string, token: string) => {
    const answer = signalJoin(gate, token, {}, HELD);
    // It is looked at later.
    answer.catch(() => undefined);
    return { room, answer };
  };

  it('is refused while a connection that lost its decision is there', async () => {
    const room = await scene.room('lost', { default_template: 'speaker' });
    const first = await signalJoin(gate, await narrowToken(room));
    const kept = await refreshed(first);
    const wide = held(room, await issue(room));
    await wire.untilHeld();
    const narrow = await signalJoin(otherGate, kept);
    expect(await boundOf(room)).toMatchObject({
      admitted: { id: expect.any(String) },
      awaited: null,
    });
    await wire.letIn();
    await untilReplaced(narrow);
    await expectRefused(room, await refreshed(narrow));
    wire.letOut();
    await expect(wide.answer).rejects.toMatchObject({ status: 503 });
  });

  it('is refused while a connection that nobody noted is there, which does not stay', async () => {
    const room = await scene.room('unnoted', { default_template: 'speaker' });
    const wide = held(room, await issue(room));
    await wire.untilHeld();
    const narrow = await signalJoin(otherGate, await narrowToken(room));
    await wire.letIn();
    await untilReplaced(narrow);
    await expectRefused(room, await refreshed(narrow));
    wire.letOut();
    await expect(wide.answer).rejects.toMatchObject({ status: 503 });
    await until('LiveKit has neither', async () => !(await scene.participant(room, 'cam')));
  });

  it('is refused while a connection is there whose client has left', async () => {
    const room = await scene.room('left', { default_template: 'speaker' });
    const narrow = await signalJoin(gate, await narrowToken(room));
    const kept = await refreshed(narrow);
    const leaving = new AbortController();
    const wide = signalJoin(gate, await issue(room), {}, HELD, leaving.signal);
    await Promise.all([
      expect(wide).rejects.toThrow(),
      wire
        .untilHeld()
        .then(() => wire.letIn())
        .then(() => leaving.abort()),
    ]);
    await untilReplaced(narrow);
    await until(
      'its decision is taken back',
      async () => (await boundOf(room))?.['awaited'] === null,
    );
    await expectRefused(room, kept);
  });

  it('goes on where LiveKit has their own, in a room of many', async () => {
    const room = await scene.room('many', { default_template: 'speaker' });
    const metadata = 'm'.repeat(30_000);
    const others = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => {
        const body = { room, identity: `other-${i}`, createUser: true, metadata };
        const answer = await app.post('/api/v1/tokens', body);
        expect(answer.status).toBe(201);
        return signalJoin(gate, answer.body.token);
      }),
    );
    for (const token of [await issue(room), await narrowToken(room)]) {
      const person = await signalJoin(gate, token);
      const resumed = await signalResume(otherGate, await refreshed(person));
      expect(resumed.heard[0]).toBe('reconnect');
      await until('it has its token', () => resumed.token);
      expect(resumed.bytes).toBeGreaterThan(others.length * metadata.length);
      resumed.close();
    }
    for (const other of others) other.close();
  });
});

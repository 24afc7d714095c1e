import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { sweep as sweepOf } from '../support/sweep.js';
import type { LiveApp } from '../support/live-app.js';
import type { LiveScene } from '../support/live-scene.js';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import type { LiveKitServer } from '../support/livekit-server.js';
import { signalJoin, type SignalParticipant, signalResume } from '../support/livekit-signal.js';
import {
  describeBehind,
  type ProxyKind,
  type ReverseProxy,
  startReverseProxy,
} from '../support/reverse-proxy.js';
import { until } from '../support/until.js';

const SECRET = 'a-secret-of-the-proxy';
const ENV = {
  ROLECALL_GATE: 'off',
  ROLECALL_GATE_SECRET: SECRET,
  ROLECALL_SWEEP: '10m',
  ROLECALL_TRUST_PROXY: '1',
};
const NARROW = { canPublish: true, canPublishSources: ['CAMERA'] };
const portOf = (url: string) => Number(new URL(url).port);

/** Two servers decide; the second one is asked for connects that never get to LiveKit, or late. */
const behind = (kind: ProxyKind) => () => {
  let world: LiveWorld;
  let livekit: LiveKitServer;
  let app: LiveApp;
  let other: LiveApp;
  let proxy: ReverseProxy;
  let scene: LiveScene;
  let gate: string;

  beforeAll(async () => {
    world = await startLiveWorld(ENV, { servers: 2 });
    ({ livekit, app, scene } = world);
    other = world.servers[1]!;
    proxy = await startReverseProxy(kind, {
      rolecall: portOf(app.url),
      livekit: portOf(livekit.httpUrl),
      secret: SECRET,
    });
    gate = proxy.url.replace('http', 'ws');
  });

  afterAll(async () => {
    await proxy?.stop();
    await world?.stop();
  });

  const issue = async (room: string, grants?: object): Promise<string> => {
    const body = { room, identity: 'cam', createUser: true, ...(grants ? { grants } : {}) };
    const answer = await app.post('/api/v1/tokens', body);
    expect(answer.status).toBe(201);
    return answer.body.token;
  };
  const narrowToken = (room: string) =>
    issue(room, { canPublishSources: ['camera'], canPublishData: false });
  /** The decision alone, as a proxy asks for it; answers with what goes on to LiveKit. */
  const decide = async (token: string): Promise<string> => {
    const answer = await fetch(`${other.url}/livekit/gate`, {
      headers: {
        'x-rolecall-gate-secret': SECRET,
        'x-original-uri': `/rtc?access_token=${token}`,
      },
    });
    expect(answer.status).toBe(200);
    return (answer.headers.get('authorization') ?? '').replace('Bearer ', '');
  };
  const sweep = () => sweepOf(app);
  /** Makes Rolecall compare and call: by a sweep, and by an act that reaches who is connected. */
  const stir = async (room: string) => {
    await sweep();
    await scene.carryOut(room, 'cam', 'hold', { confirm: true });
    await scene.carryOut(room, 'cam', 'release');
    await sweep();
  };
  const expectNarrow = async (room: string, person: SignalParticipant) => {
    await stir(room);
    expect(person.isClosed).toBe(false);
    const now = (await scene.participant(room, 'cam'))?.permission;
    expect(now).toMatchObject({ can_publish: true, can_publish_sources: ['CAMERA'] });
    expect(now?.can_publish_data ?? false).toBe(false);
  };
  const boundOf = async (room: string) =>
    (await app.sql('SELECT admitted, awaited FROM seat WHERE room = $1', [room]))[0];

  it('a connection stays narrow while a wider one is let in and never comes up', async () => {
    const room = await scene.room('never-up', { default_template: 'speaker' });
    const person = await signalJoin(gate, await narrowToken(room));
    expect(person.permission).toMatchObject(NARROW);
    await sweep();
    await decide(await issue(room));
    await expectNarrow(room, person);
    expect(await boundOf(room)).toMatchObject({ admitted: { sid: expect.any(String) } });
    person.close();
  });

  it('has the whole role as soon as a wider one is up, and nothing of that is drift', async () => {
    const room = await scene.room('wider', { default_template: 'speaker' });
    const narrow = await signalJoin(gate, await narrowToken(room));
    await sweep();
    const wide = await world.people.join('cam', gate, await issue(room));
    // Here the webhook says so: the next sweep is far away.
    await until('the bound is off', async () => (await boundOf(room))?.['admitted'] === null);
    expect(narrow.isClosed).toBe(true);
    await sweep();
    expect((await scene.participant(room, 'cam'))?.permission).toMatchObject({
      can_publish_data: true,
    });
    expect((await scene.seat(room, 'cam'))?.aboveCeiling).toEqual([]);
    expect(await scene.ledger(room, 'drift.detected')).toEqual([]);
    await wide.leave();
  });

  it('is narrow when its connect is late and a wider one was let in after it', async () => {
    const room = await scene.room('late', { default_template: 'speaker' });
    const late = await decide(await narrowToken(room));
    await decide(await issue(room));
    const person = await signalJoin(livekit.url, late);
    await expectNarrow(room, person);
    person.close();
  });

  it('takes the place of a wider one and has none of its rights', async () => {
    const room = await scene.room('over', { default_template: 'speaker' });
    const wide = await signalJoin(gate, await issue(room));
    await sweep();
    const late = await decide(await narrowToken(room));
    // The one that is there keeps what it has, and is not called drift.
    await sweep();
    expect(wide.permission).toMatchObject({ canPublishData: true });
    const narrow = await signalJoin(livekit.url, late);
    await expectNarrow(room, narrow);
    expect(wide.isClosed).toBe(true);
    narrow.close();
  });

  it('has less while a narrower one may come up, and nothing of that is drift', async () => {
    const room = await scene.room('less', { default_template: 'speaker' });
    const wide = await signalJoin(gate, await issue(room));
    await sweep();
    await decide(await narrowToken(room));
    await stir(room);
    expect((await scene.participant(room, 'cam'))?.permission).toMatchObject({
      can_publish_sources: ['CAMERA'],
    });
    expect(await scene.ledger(room, 'drift.detected')).toEqual([]);
    wide.close();
  });

  it('does not resume: LiveKit sends its client afresh, which a wider one resumes', async () => {
    const room = await scene.room('resume', { default_template: 'speaker' });
    const narrow = await signalJoin(gate, await narrowToken(room));
    const refreshed = await until('a refreshed token', () => narrow.token);
    await sweep();
    for (const form of ['reconnect', 'join_request'] as const) {
      expect((await signalResume(gate, refreshed, form)).heard).toEqual(['leave']);
    }
    expect(narrow.isClosed).toBe(false);
    const wide = await signalJoin(gate, await issue(room));
    const own = await until('a refreshed token', () => wide.token);
    await sweep();
    expect((await signalResume(gate, refreshed)).heard).toEqual(['leave']);
    const again = await signalResume(gate, own);
    expect(again.heard[0]).toBe('reconnect');
    again.close();
  });
};

describeBehind('nginx', behind('nginx'));
describeBehind('caddy', behind('caddy'));

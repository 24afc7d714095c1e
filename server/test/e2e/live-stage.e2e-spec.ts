import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { EventStreamClient } from '../support/event-stream.js';
import { describeLive } from '../support/livekit-server.js';
import { type Participant } from '../support/participants.js';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { until } from '../support/until.js';

interface Hand {
  id: string;
  identity: string;
  position: number;
}

describeLive('the stage of a running room', () => {
  let world: LiveWorld;
  let livekit: LiveWorld['livekit'];
  let app: LiveWorld['app'];
  let scene: LiveWorld['scene'];
  let people: LiveWorld['people'];

  beforeAll(async () => {
    world = await startLiveWorld({ ROLECALL_SWEEP: '2s' });
    ({ livekit, app, scene, people } = world);
  });

  afterAll(() => world?.stop());

  const stagePath = (room: string) => `/api/v1/rooms/${encodeURIComponent(room)}/stage`;
  const hands = async (room: string) => (await app.get(stagePath(room))).body.hands as Hand[];

  async function join(room: string, identity: string): Promise<Participant> {
    const participant = await people.join(
      `${room}/${identity}`,
      livekit.url,
      await scene.issued(room, identity),
    );
    await scene.untilSeat(room, identity, 'is present', (seat) => seat.isPresent);
    return participant;
  }

  /** From another origin, as an app of its own would: with the token and with nothing else. */
  async function as(room: string, token: string, action?: string, body: object = {}) {
    const response = await fetch(`${app.url}${stagePath(room)}/me${action ? `/${action}` : ''}`, {
      method: action ? 'POST' : 'GET',
      headers: {
        origin: 'https://meetings.example',
        authorization: `Bearer ${token}`,
        ...(action ? { 'content-type': 'application/json' } : {}),
      },
      ...(action ? { body: JSON.stringify(body) } : {}),
    });
    return { status: response.status, body: (await response.json()) as Record<string, never> };
  }

  /** The newest token that LiveKit made for them. */
  const proofOf = (participant: Participant) =>
    until('LiveKit made a token anew', async () => (await participant.status()).token);

  const mayPublish = async (room: string, identity: string) =>
    (await scene.participant(room, identity))?.permission?.can_publish ?? false;

  it('lets up who raised a hand, tells only them, and takes back what they give back', async () => {
    const room = await scene.room('plenum');
    const [ana, bob] = [await join(room, 'ana'), await join(room, 'bob')];
    expect((await as(room, await proofOf(ana), 'raise', { note: 'A question' })).status).toBe(200);
    const [hand] = await hands(room);
    expect(hand).toMatchObject({ identity: 'ana', note: 'A question', position: 1 });

    const approved = await app.post(`${stagePath(room)}/${hand!.id}/approve`);
    expect(approved.body).toMatchObject({ outcome: 'applied', after: { template: 'speaker' } });
    await until('ana may publish', () => mayPublish(room, 'ana'));
    await until('ana is told', async () => (await ana.status()).data.includes(' rolecall: '));
    await ana.publishAudio();
    await until('bob hears ana', async () => (await bob.status()).subscribed.length === 1);
    expect((await bob.status()).data).toEqual([]);

    const down = await as(room, await proofOf(ana), 'step-down');
    expect(down.body).toMatchObject({ canStepDown: false, canRaise: true });
    await until('bob hears nothing', async () => (await bob.status()).subscribed.length === 0);
    expect(await mayPublish(room, 'ana')).toBe(false);
    const entries = await scene.ledger(room);
    const told = entries.filter(({ kind }) => /^(stage\.|seat\.(promoted|demoted))/.test(kind));
    expect(told.map(({ kind, outcome, actor_label: by }) => `${kind} ${outcome} ${by}`)).toEqual([
      'stage.hand_raised ok ana',
      'seat.promoted intent admin@localhost',
      'stage.hand_approved ok admin@localhost',
      'seat.promoted applied admin@localhost',
      'seat.demoted intent ana',
      'seat.demoted applied ana',
    ]);
  });

  it('keeps the place of who comes back, and takes no hand of who is not there', async () => {
    const room = await scene.room('forum');
    const [ana, bob] = [await join(room, 'ana'), await join(room, 'bob')];
    const proof = await proofOf(ana);
    await as(room, proof, 'raise');
    await as(room, await proofOf(bob), 'raise');
    await ana.leave();
    await until('ana has left', async () => (await scene.seat(room, 'ana'))?.isPresent !== true);
    const next = await app.post(`${stagePath(room)}/approve-next`);
    expect(next.body).toMatchObject({ identity: 'bob' });
    await join(room, 'ana');
    expect((await as(room, proof)).body).toMatchObject({ hand: { position: 1 } });

    const away = scene.token(room, 'nobody');
    await scene.issued(room, 'nobody');
    expect(await as(room, away, 'raise')).toMatchObject({
      status: 409,
      body: { code: 'seat.not_present' },
    });
  });

  it('has never more speakers in LiveKit than there are places', async () => {
    const room = await scene.room('theatre');
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    for (const name of names) {
      const participant = await join(room, name);
      await as(room, await proofOf(participant), 'raise');
    }
    await put(`${stagePath(room)}/limits/speaker`, { slots: 3 });
    const waiting = await hands(room);
    const answers = await Promise.all([
      ...waiting.map(({ id }) => app.post(`${stagePath(room)}/${id}/approve`)),
      ...names.map((name) => scene.act(room, name, 'promote')),
      app.post(`${stagePath(room)}/approve-all`),
    ]);
    expect(answers.map(({ status }) => status).every((status) => [200, 409].includes(status))).toBe(
      true,
    );
    const speakers = async () => {
      const may = await Promise.all(names.map((name) => mayPublish(room, name)));
      return may.filter(Boolean).length;
    };
    await until('three of them may speak', async () => (await speakers()) === 3);
    const { body } = await app.get(stagePath(room));
    expect(body.limits).toEqual([{ template: 'speaker', slots: 3, taken: 3, free: 0 }]);
    expect(body.hands).toHaveLength(4);
    expect(body.next).toBeNull();

    const [up] = (await scene.seats(room)).filter(({ override }) => override);
    await scene.act(room, up!.identity, 'demote');
    const free = await app.get(stagePath(room));
    expect(free.body.next).toBe(free.body.hands[0].identity);
    await app.post(`${stagePath(room)}/approve-next`);
    await until('three of them may speak again', async () => (await speakers()) === 3);
  });

  it('frees a place when a lease ends by itself', async () => {
    const room = await scene.room('market');
    const [ana, bob] = [await join(room, 'ana'), await join(room, 'bob')];
    await put(`${stagePath(room)}/limits/speaker`, { slots: 1 });
    await as(room, await proofOf(ana), 'raise');
    await as(room, await proofOf(bob), 'raise');
    const [first] = await hands(room);
    await app.post(`${stagePath(room)}/${first!.id}/approve`, { for: 5 });
    expect((await app.get(stagePath(room))).body.next).toBeNull();
    expect((await app.post(`${stagePath(room)}/approve-next`)).body.code).toBe('stage.full');
    const stream = await EventStreamClient.open(`${app.url}/api/v1/events?topics=room:${room}`, {
      cookie: app.cookie,
    });
    await stream.next('moderators are told', ({ event }) => event === 'stage');
    stream.close();
    await until('bob is next', async () => (await app.get(stagePath(room))).body.next === 'bob');
    expect((await app.post(`${stagePath(room)}/approve-next`)).body.identity).toBe('bob');
  });

  it('gives a hostile participant nothing', async () => {
    const room = await scene.room('bazaar');
    const other = await scene.room('other bazaar');
    const [ana, mallory] = [await join(room, 'ana'), await join(room, 'mallory')];
    await as(room, await proofOf(ana), 'raise');
    const [hand] = await hands(room);
    const proof = await proofOf(mallory);

    for (let i = 0; i < 50; i++) await mallory.sendData('rolecall', '{"state":"approved"}');
    expect((await as(room, proof, 'raise', { identity: 'ana' })).status).toBe(400);
    expect((await as(other, proof, 'raise')).status).toBe(403);
    expect((await as(room, proof, 'accept')).body).toMatchObject({ code: 'stage.no_invite' });
    expect((await as(room, proof, 'step-down')).body).toMatchObject({ code: 'stage.not_on_stage' });
    const forOthers = await fetch(`${app.url}${stagePath(room)}/${hand!.id}/approve`, {
      method: 'POST',
      headers: { authorization: `Bearer ${proof}`, 'content-type': 'application/json' },
      body: '{}',
    });
    expect(forOthers.status).toBe(401);
    expect(await hands(room)).toEqual([hand]);
    expect(await mayPublish(room, 'mallory')).toBe(false);

    // Demoted on purpose, with an invitation still open: accepting it is by the moderator's word.
    await scene.act(room, 'mallory', 'promote');
    await scene.act(room, 'mallory', 'demote', { template: 'viewer' });
    expect((await as(room, await proofOf(mallory), 'step-down')).status).toBe(409);
    await app.post(`/api/v1/rooms/${room}/seats/mallory/invite`);
    await scene.act(room, 'mallory', 'block');
    for (const token of [proof, scene.token(room, 'mallory', 'host')]) {
      expect(await as(room, token, 'accept')).toMatchObject({
        status: 403,
        body: { code: 'seat.blocked' },
      });
    }
    await until('the invitation is gone', async () => {
      return (await app.get(stagePath(room))).body.invites.length === 0;
    });
  });

  async function put(path: string, body: object): Promise<void> {
    const response = await fetch(app.url + path, {
      method: 'PUT',
      headers: { cookie: app.cookie, origin: app.url, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(200);
  }
});

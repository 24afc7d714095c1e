import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { Hostile, tryByHand } from '../support/hostile.js';
import { type Answer, type Caller, type LiveApp, startLiveApp } from '../support/live-app.js';
import { type LiveKitParticipant, LiveScene } from '../support/live-scene.js';
import { describeLive, type LiveKitServer, startLiveKitServer } from '../support/livekit-server.js';
import { signalJoin } from '../support/livekit-signal.js';
import {
  type Participant,
  type ParticipantProcess,
  startParticipants,
} from '../support/participants.js';
import { type SeenWebhook, startWebhookRelay, type WebhookRelay } from '../support/relays.js';
import { until } from '../support/until.js';
import { reachOf, type Watch, watchParticipant } from '../support/watch.js';

jest.setTimeout(180_000);

const ROOM = 'town hall';
const ELSEWHERE = 'green room';
const HERE = `/api/v1/rooms/${encodeURIComponent(ROOM)}`;
/** Who behaves, and what they are. */
const OTHERS = {
  hana: 'host',
  sam: 'speaker',
  sue: 'speaker',
  vic: null,
  val: null,
  viv: null,
  vera: null,
};
/** What is promised: from the answer to an act on, and past the gate from the webhook on. */
const PROMISED_MS = 1_000;
/** For who only opens a WebSocket, of whom no webhook tells: until a sweep. */
const SWEPT_MS = 10_000;
/** Media begins when a busy machine comes to it; nothing is promised of that. */
const BUSY_MS = 30_000;
/** When nothing came for that long, nothing more is on its way. */
const QUIET_MS = 250;

interface Span {
  readonly from: number;
  readonly to: number;
}
interface Trace {
  readonly at: number;
  readonly what: string;
}
/** With the name of the token that she came with. */
type Visit = Span & { readonly token: string };

const everything = () => true;
const nothing = () => false;
const aboutTheMicrophone = (what: string) => /microphone/i.test(what);

/**
 * Seven people who behave, and one who keeps every token, comes back with it, and lies. All of it
 * happens before the first test. LiveKit's list, its webhooks and somebody in the room are watched
 * all the time; the tests are about what was seen.
 */
describeLive('somebody hostile among eight', () => {
  let livekit: LiveKitServer;
  let hooks: WebhookRelay;
  let app: LiveApp;
  let scene: LiveScene;
  let people: ParticipantProcess;
  let gate: string;
  let moderator: Caller;
  let auditor: Caller;
  let mallory: Hostile;
  let vic: Participant;
  let witness: Participant;
  let watch: Watch;
  let victimsToken: string;
  /** From the answer to an act until nothing more came of what it took. */
  const ends = new Map<string, Span>();
  /** From then on until she is given something again. */
  const spans = new Map<string, Span>();
  const throughTheGate: Visit[] = [];
  const pastIt: Visit[] = [];
  const pastItBlocked: Visit[] = [];
  const refusedByHand: string[][] = [];
  const stageAnswers: Record<string, string[]> = {};
  const gateAnswers: Record<string, string[]> = {};
  const forged: { before: unknown; after: unknown; told: Answer[] } = {
    before: null,
    after: null,
    told: [],
  };

  beforeAll(async () => {
    await theRoomFills();
    await sheForges();
    await sheIsLetUpAndTakenDown();
    await sheComesBackThroughTheGate();
    await sheComesBackPastIt();
    await herTokensAreVoided();
    await sheIsHeldSilent();
    await sheIsBlocked();
    await sheComesBackBlocked();
  }, 150_000);

  afterAll(async () => {
    await watch?.stop();
    await people?.stop();
    await app?.stop();
    await livekit?.stop();
    await hooks?.stop();
  });

  async function theRoomFills(): Promise<void> {
    hooks = await startWebhookRelay();
    livekit = await startLiveKitServer({ webhookUrl: hooks.url });
    app = await startLiveApp({ livekit, env: { ROLECALL_GATE: 'on', ROLECALL_SWEEP: '2s' } });
    hooks.target = `${app.url}/livekit/webhook`;
    gate = app.url.replace('http', 'ws');
    scene = new LiveScene(app, livekit);
    people = startParticipants();
    mallory = new Hostile('mallory', people);
    moderator = await app.operator('moderator');
    auditor = await app.operator('auditor');
    for (const room of [ROOM, ELSEWHERE]) await scene.room(room);
    for (const identity of [...Object.keys(OTHERS), 'mallory']) await scene.user(identity);
    await aTemplateThatOnlyListens();
    await assign('mallory', ELSEWHERE, 'presenter');
    for (const [identity, template] of Object.entries(OTHERS)) {
      if (template) await assign(identity, ROOM, template);
      const token = await issue(identity);
      const participant = await people.join(identity, gate, token);
      if (template === 'speaker') await participant.publishVideo();
      if (identity === 'vic') [vic, victimsToken] = [participant, token];
      if (identity === 'vera') witness = participant;
    }
    await witness.watch('mallory');
    watch = watchParticipant(scene, ROOM, 'mallory');
    mallory.kept.set('the first', await issue('mallory'));
    await mallory.come(gate, mallory.kept.get('the first') as string);
    await mallory.keep('refreshed for a viewer');
    await until('everybody is shown', async () => {
      const seats = await scene.seats(ROOM);
      return seats.filter(({ isPresent, inSync }) => isPresent && inSync).length === 8;
    });
  }

  /** As a viewer, who may send data: her messages arrive. */
  async function sheForges(): Promise<void> {
    forged.before = await allThatCounts();
    forged.told.push(await stageApi(victimsToken));
    await mallory.forge('vic');
    await until('vic has heard all of it', async () => (await vic.status()).data.length === 12);
    await until('the chat as well', async () => {
      return (await witness.sightings()).some(({ what }) => what === 'chat');
    });
    // Vic's app asks again, as it should, and even does what it was told.
    forged.told.push(await stageApi(victimsToken));
    forged.told.push(await stageApi(victimsToken, 'accept'));
    forged.after = await allThatCounts();
  }

  async function sheIsLetUpAndTakenDown(): Promise<void> {
    await act('promote', {}, nothing);
    await mallory.me.publishVideo();
    await mallory.me.publishAudio();
    await until(
      'the witness sees and hears her',
      async () => {
        const { subscribed, frames } = await witness.status();
        const hers = subscribed.filter((track) => track.startsWith('mallory/'));
        return hers.length === 2 && (frames['mallory'] ?? 0) > 3;
      },
      BUSY_MS,
    );
    await mallory.keep('refreshed for a speaker');
    await untilRolecallKnowsOf(2);
    await act('demote', { template: 'audience', reason: 'spam' }, everything);
    await mallory.keep('refreshed after the demotion');
    mallory.kept.set('of another room', await issue('mallory', ELSEWHERE));
  }

  async function sheComesBackThroughTheGate(): Promise<void> {
    const from = Date.now();
    for (const [token, presented] of mallory.kept) {
      await visit(throughTheGate, token, async (since) => {
        await mallory.come(gate, presented);
        await mallory.tryEverything('vic');
        await severalLooks();
        const room = token === 'of another room' ? ELSEWHERE : ROOM;
        await untilTold(since, room);
      });
      if (token === 'of another room') continue;
      refusedByHand.push(await tryByHand(gate, presented));
    }
    await mallory.leave();
    for (const [token, presented] of mallory.kept) {
      stageAnswers[token] = await codesOf(presented);
    }
    spans.set('through the gate', { from, to: Date.now() });
  }

  /** LiveKit's own port, which would be closed: what her token says holds until it is seen. */
  async function sheComesBackPastIt(): Promise<void> {
    for (const [token, presented] of mallory.kept) {
      if (token === 'of another room') continue;
      await visit(pastIt, token, async (since) => {
        await mallory.come(livekit.url, presented);
        await mallory.tryEverything('vic');
        await untilTold(since);
        await untilQuiet(everything);
      });
    }
  }

  async function herTokensAreVoided(): Promise<void> {
    const from = Date.now();
    await mallory.leave();
    const voided = await moderator.post(`${HERE}/seats/mallory/void-tokens`, { reason: 'leaked' });
    expect(voided.status).toBe(200);
    const old = [...mallory.kept].filter(([what]) => what !== 'of another room');
    for (const [what, token] of old) gateAnswers[`void: ${what}`] = await answersOfTheGate(token);
    for (const [what, token] of old) stageAnswers[`void: ${what}`] = await codesOf(token);
    // Whoever she asks for a token gives her one of today; hers of before are worth no more for it.
    const token = await issue('mallory');
    await mallory.come(gate, token);
    await mallory.keep('refreshed since the voiding');
    mallory.kept.set('the second', token);
    await mallory.tryEverything('vic');
    await severalLooks();
    for (const [what, given] of old) gateAnswers[`still: ${what}`] = await answersOfTheGate(given);
    spans.set('voided', { from, to: Date.now() });
  }

  /** Up once more, and silent: promoted or not, by every token that still lets her in. */
  async function sheIsHeldSilent(): Promise<void> {
    await act('promote', {}, nothing);
    // Anew: her client still waits for what it tried while she might not.
    await mallory.come(gate, mallory.kept.get('the second') as string);
    await mallory.me.publishAudio();
    await until(
      'she is heard',
      async () => {
        const { subscribed } = await witness.status();
        return subscribed.some((track) => track.startsWith('mallory/'));
      },
      BUSY_MS,
    );
    await mallory.keep('refreshed for a speaker again');
    await untilRolecallKnowsOf(1);
    await act('hold', { sources: ['microphone'], reason: 'shouting' }, aboutTheMicrophone);
    const from = Date.now();
    for (const what of ['the second', 'refreshed for a speaker again']) {
      await mallory.come(gate, mallory.kept.get(what) as string);
      await mallory.tryToPublish('publishAudio');
      await severalLooks();
    }
    await mallory.leave();
    await mallory.come(gate, mallory.kept.get('the second') as string);
    await mallory.me.publishVideo();
    await untilRolecallKnowsOf(1);
    spans.set('held', { from, to: Date.now() });
  }

  async function sheIsBlocked(): Promise<void> {
    await act('block', { reason: 'hostile' }, everything);
    await until('she is out', async () => !(await mallory.me.status()).isConnected);
    const from = Date.now();
    for (const [what, token] of mallory.kept) {
      if (what === 'of another room') continue;
      await expect(mallory.come(gate, token)).rejects.toThrow('403 Forbidden');
      gateAnswers[`blocked: ${what}`] = await answersOfTheGate(token);
    }
    stageAnswers['blocked'] = await codesOf(mallory.kept.get('the second') as string);
    const refused = await moderator.post('/api/v1/tokens', { room: ROOM, identity: 'mallory' });
    expect(refused).toMatchObject({ status: 403, body: { code: 'token.refused' } });
    spans.set('blocked', { from, to: Date.now() });
  }

  async function sheComesBackBlocked(): Promise<void> {
    for (const what of ['the first', 'refreshed for a speaker again']) {
      const token = mallory.kept.get(what) as string;
      await visit(pastItBlocked, what, async (since) => {
        // Who is put out in the middle of it hears so after fifteen seconds.
        mallory.come(livekit.url, token).catch(() => undefined);
        await untilTold(since);
        await untilOut();
      });
      const lurker = await signalJoin(livekit.url, token);
      await until('she is put out', () => lurker.isClosed || lurker.leave, SWEPT_MS);
      await untilOut();
    }
    await until('all of it is written down', async () => {
      const repairs = await scene.ledger(ROOM, 'drift.repaired');
      const open = repairs.filter(({ outcome }) => outcome === 'intent').length;
      const silenced = await scene.ledger(ROOM, 'seat.silenced');
      return repairs.length === 2 * open && silenced.length === 3;
    });
  }

  // — The moderator, and who looks on —

  /** Done when all that it takes has ended, and nothing more of it came for a while. */
  async function act(
    name: string,
    body: object,
    isTaken: (what: string) => boolean,
  ): Promise<void> {
    const answer = await moderator.post(`${HERE}/seats/mallory/${name}`, body);
    const from = Date.now();
    expect([name, answer.status, answer.body.outcome]).toEqual([name, 200, 'applied']);
    await untilQuiet(isTaken);
    ends.set(name, { from, to: Date.now() });
  }

  async function visit(
    list: Visit[],
    token: string,
    stay: (since: Span) => Promise<void>,
  ): Promise<void> {
    const from = Date.now();
    await stay({ from, to: Infinity });
    list.push({ token, from, to: Date.now() });
  }

  async function untilQuiet(isWrong: (what: string) => boolean): Promise<void> {
    const since = Date.now();
    await until('nothing more comes of it', async () => {
      const last = (await witness.sightings()).findLast(({ what }) => isWrong(what))?.at ?? 0;
      const reach = reachOf(await scene.participant(ROOM, 'mallory'));
      return !reach.some(isWrong) && Date.now() - Math.max(since, last) > QUIET_MS;
    });
  }

  const untilTold = (since: Span, room = ROOM) =>
    until('LiveKit tells of her', () => told('participant_joined', since, room).length > 0);

  /** What it does not know of yet, an act cannot say that it took. */
  const untilRolecallKnowsOf = (count: number) =>
    scene.untilSeat(ROOM, 'mallory', `shows ${count} tracks`, ({ tracks }) => {
      return tracks.length === count;
    });

  const untilOut = () =>
    until('she is out', async () => !(await scene.participant(ROOM, 'mallory')), SWEPT_MS);

  /** So that she is seen there with what she tries. */
  async function severalLooks(): Promise<void> {
    const { length } = watch.looks;
    await until('she is looked at', () => watch.looks.length > length + 5);
  }

  const told = (event: string, span: Span, room = ROOM) =>
    hooks.seen.filter(
      (hook) =>
        hook.event === event &&
        hook.room?.name === room &&
        hook.participant?.identity === 'mallory' &&
        isWithin(hook.at, span),
    );

  /** All that there was of her in that time: in LiveKit's list and webhooks, and for who looks on. */
  async function tracesOf(
    span: Span,
    isWrong: (what: string) => boolean = everything,
  ): Promise<Trace[]> {
    const listed = watch.looks.flatMap(({ answeredAt: at, participant }) =>
      reachOf(participant).map((what) => ({ at, what })),
    );
    const announced = [
      ...told('participant_joined', span),
      ...told('track_published', span),
    ].flatMap(({ at, event, participant, track }) => {
      const what = track ? `${event} ${track.source}` : reachOf(fromWebhook(participant)).join();
      return what === '' ? [] : [{ at, what }];
    });
    const traces = [...listed, ...announced, ...(await witness.sightings())];
    return traces.filter(({ at, what }) => isWithin(at, span) && isWrong(what));
  }

  // — What she asks, and what she is told —

  const stageApi = async (token: string, action?: string): Promise<Answer> => {
    const response = await fetch(`${app.url}${HERE}/stage/me${action ? `/${action}` : ''}`, {
      method: action ? 'POST' : 'GET',
      headers: {
        authorization: `Bearer ${token}`,
        ...(action && { 'content-type': 'application/json' }),
      },
      ...(action && { body: '{}' }),
    });
    const { status, headers } = response;
    return { status, headers, body: await response.json() };
  };

  /** Of a look, and of an attempt to come up. */
  const codesOf = async (token: string): Promise<string[]> => {
    const answers = [await stageApi(token), await stageApi(token, 'accept')];
    return answers.map(({ status, body }) => `${status} ${body.code ?? 'ok'}`);
  };

  const answersOfTheGate = async (token: string): Promise<string[]> => {
    const joined = signalJoin(gate, token).then(
      () => 'in',
      ({ status, message }: Error & { status: number }) => `${status} ${message}`,
    );
    const probe = await fetch(`${app.url}/rtc/validate?access_token=${token}`);
    return [await joined, `${probe.status} ${await probe.text()}`];
  };

  /** What a forged message could change, anywhere. */
  async function allThatCounts() {
    const seats = (await scene.seats(ROOM))
      .toSorted(byIdentity)
      .map(({ identity, role, override, observed, hand, invite, epoch, inSync }) => ({
        identity,
        role,
        override,
        observed,
        hand,
        invite,
        epoch,
        inSync,
      }));
    const there = await scene.participants(ROOM);
    const rights = there
      .toSorted(byIdentity)
      .map(({ identity, name, metadata, attributes, permission }) => ({
        identity,
        name,
        metadata,
        attributes,
        permission,
      }));
    const stage = (await moderator.get(`${HERE}/stage`)).body;
    const entries = (await scene.ledger(ROOM)).filter(({ kind }) => !/^participant\./.test(kind));
    return { seats, rights, stage, entries };
  }

  /** The whole list, oldest first, page by page. */
  async function readBy(caller: Caller, list: string, filter: object): Promise<Entry[]> {
    const entries: Entry[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query = new URLSearchParams({ filter: JSON.stringify(filter), limit: '20', cursor });
      const { status, body } = await caller.get(`/api/v1/${list}?${query}`);
      expect(status).toBe(200);
      entries.push(...body.data);
      cursor = body.pageInfo.next;
    }
    return entries.toReversed();
  }

  // — What was seen of it —

  it('was seen and heard while she might be: the watch sees what there is', async () => {
    const seen = (await tracesOf({ from: 0, to: ends.get('demote')?.from ?? 0 })).map(
      ({ what }) => what,
    );
    expect(seen).toEqual(
      expect.arrayContaining([
        'may publish CAMERA',
        'publishes MICROPHONE',
        'track_published CAMERA',
        'subscribed camera',
        'frame',
        'data rolecall: ',
      ]),
    );
  });

  it.each(['demote', 'hold', 'block'])(
    '%s: all that it takes has ended for everybody within a second of the answer',
    async (name) => {
      const { from, to } = ends.get(name) as Span;
      const isTaken = name === 'hold' ? aboutTheMicrophone : everything;
      expect(await tracesOf({ from: from + PROMISED_MS, to }, isTaken)).toEqual([]);
    },
  );

  it.each(['through the gate', 'voided', 'held', 'blocked'])(
    '%s: no token brings a moment with more, or a packet to anybody',
    async (name) => {
      const isTaken = name === 'held' ? aboutTheMicrophone : everything;
      expect(await tracesOf(spans.get(name) as Span, isTaken)).toEqual([]);
    },
  );

  it('came through the gate by each of them, and was refused each time what she tried', () => {
    for (const { token, ...span } of throughTheGate) {
      const room = token === 'of another room' ? ELSEWHERE : ROOM;
      expect([token, told('participant_joined', span, room).length]).toEqual([token, 1]);
    }
    expect(refusedByHand).toHaveLength(4);
    for (const refusals of refusedByHand) {
      expect(refusals.toSorted()).toEqual([
        ...Array.from({ length: 3 }, () => 'addTrack NOT_ALLOWED'),
        'updateMetadata NOT_ALLOWED',
      ]);
    }
  });

  it('is put right past the gate within a second of the webhook, whatever the token brings', async () => {
    expect(pastIt).toHaveLength(4);
    const brought = pastIt.flatMap((span) => told('participant_joined', span));
    expect(brought.some(({ participant }) => participant?.permission?.['canPublish'])).toBe(true);
    for (const { from, to } of pastIt) {
      const [joined] = told('participant_joined', { from, to });
      expect(await tracesOf({ from: (joined?.at ?? from) + PROMISED_MS, to })).toEqual([]);
    }
  });

  it('moves nothing by messages that pretend to be Rolecall, and the truth can be asked for', () => {
    expect(forged.after).toEqual(forged.before);
    const [before, after, accepted] = forged.told;
    expect(after?.body).toEqual(before?.body);
    expect(after?.body).toMatchObject({ hand: null, invite: null, asks: [], lastDecision: null });
    expect(accepted).toMatchObject({ status: 409, body: { code: 'stage.no_invite' } });
  });

  it('is taken for nobody else, in LiveKit or by others', async () => {
    const there = watch.looks.flatMap(({ participant }) => participant ?? []);
    expect(there.length).toBeGreaterThan(50);
    for (const { name, metadata = '', attributes = {} } of there) {
      expect({ name, metadata, attributes }).toEqual({
        name: 'mallory',
        metadata: '',
        attributes: {},
      });
    }
    const changes = (await witness.sightings()).filter(({ what }) =>
      /^(name|metadata|attributes)/.test(what),
    );
    expect(changes).toEqual([]);
  });

  it('learns from the stage what is true, and moves nothing there by any token', () => {
    const valid = ['200 ok', '409 stage.no_invite'];
    const voided = ['403 token.voided', '403 token.voided'];
    expect(stageAnswers).toEqual({
      'the first': valid,
      'refreshed for a viewer': valid,
      'refreshed for a speaker': valid,
      'refreshed after the demotion': valid,
      'of another room': ['403 participant.other_room', '403 participant.other_room'],
      'void: the first': voided,
      'void: refreshed for a viewer': voided,
      'void: refreshed for a speaker': voided,
      'void: refreshed after the demotion': voided,
      blocked: ['403 seat.blocked', '403 seat.blocked'],
    });
  });

  it('is refused at the gate with what is void, also after she came in with another, and when blocked', () => {
    for (const [when, answers] of Object.entries(gateAnswers)) {
      const why = when.startsWith('blocked')
        ? '403 You are blocked from this room.'
        : '403 This link is no longer valid. Ask for a new one.';
      expect([when, ...answers]).toEqual([when, why, why]);
    }
    expect(Object.keys(gateAnswers)).toHaveLength(4 + 4 + 7);
  });

  it('is out within a second of the webhook when she comes past the gate though blocked', async () => {
    expect(pastItBlocked).toHaveLength(2);
    for (const { from, to } of pastItBlocked) {
      const [joined] = told('participant_joined', { from, to });
      const late = { from: (joined?.at ?? from) + PROMISED_MS, to };
      const stayed = watch.looks.filter(
        ({ participant, answeredAt }) => participant && isWithin(answeredAt, late),
      );
      expect(stayed).toEqual([]);
      expect(await tracesOf(late)).toEqual([]);
    }
  });

  it("opens neither LiveKit's API nor Rolecall's with any token that she kept", async () => {
    for (const token of mallory.kept.values()) {
      const authorization = `Bearer ${token}`;
      const promote = { room: ROOM, identity: 'mallory', permission: { canPublish: true } };
      for (const [url, status] of [
        [`${livekit.httpUrl}/twirp/livekit.RoomService/UpdateParticipant`, 401],
        [`${app.url}/twirp/livekit.RoomService/UpdateParticipant`, 404],
        [`${app.url}${HERE}/seats/mallory/promote`, 401],
        [`${app.url}${HERE}/stage/approve-next`, 401],
        [`${app.url}/api/v1/tokens`, 401],
        [`${app.url}/livekit/token`, 401],
      ] as const) {
        const response = await fetch(url, {
          method: 'POST',
          headers: { authorization, 'content-type': 'application/json' },
          body: JSON.stringify(promote),
        });
        expect([url, response.status]).toEqual([url, status]);
      }
    }
  });

  it('has disturbed nobody', async () => {
    const { subscribed, frames, isConnected } = await witness.status();
    expect(isConnected).toBe(true);
    expect(subscribed.filter((track) => /^(sam|sue)\//.test(track))).toHaveLength(2);
    await until('the video goes on', async () => {
      const later = (await witness.status()).frames;
      return ['sam', 'sue'].every((who) => (later[who] ?? 0) > (frames[who] ?? 0));
    });
    const others = (await scene.seats(ROOM)).filter(({ identity }) => identity !== 'mallory');
    expect(others).toHaveLength(7);
    expect(others.every(({ inSync, epoch }) => inSync && epoch === 0)).toBe(true);
  });

  // — What an auditor reads of it —

  it('is in the ledger for an auditor, act by act, with what came of each', async () => {
    const entries = await readBy(auditor, 'ledger', { room: ROOM, identity: 'mallory' });
    const told = entries.map(inWords);
    const acts = [
      'token.issued ok by admin@localhost',
      'gate.admitted ok by Gate',
      'participant.joined ok by LiveKit',
      'seat.promoted intent by moderator@example.com',
      'seat.promoted applied by moderator@example.com',
      'seat.demoted intent by moderator@example.com: spam',
      'seat.demoted applied by moderator@example.com: spam',
      ...throughTheGate.slice(1).map(() => 'gate.admitted ok by Gate'),
      'drift.detected ok by Rolecall',
      'drift.repaired intent by Rolecall',
      'drift.repaired applied by Rolecall',
      'token.voided ok by moderator@example.com: leaked',
      'gate.refused refused by Gate (token.voided)',
      'access.refused refused by mallory (token.voided)',
      'token.issued ok by admin@localhost',
      'gate.admitted ok by Gate',
      'gate.refused refused by Gate (token.voided)',
      'seat.promoted intent by moderator@example.com',
      'seat.promoted applied by moderator@example.com',
      'seat.held intent by moderator@example.com: shouting',
      'seat.held applied by moderator@example.com: shouting',
      'gate.admitted ok by Gate',
      'seat.blocked intent by moderator@example.com: hostile',
      'seat.blocked applied by moderator@example.com: hostile',
      'gate.refused refused by Gate (seat.blocked)',
      'access.refused refused by mallory (seat.blocked)',
      'token.refused refused by moderator@example.com',
      'drift.detected ok by Rolecall',
      'drift.repaired applied by Rolecall',
    ];
    expect(missingInOrder(acts, told)).toBeNull();
    const counted = (text: string) => told.filter((line) => line === text).length;
    expect(counted('gate.refused refused by Gate (token.voided)')).toBe(8);
    expect(counted('gate.refused refused by Gate (seat.blocked)')).toBeGreaterThanOrEqual(14);
    expect(counted('access.refused refused by mallory (token.voided)')).toBe(4);

    const operations = entries.filter(({ payload }) => payload.operationId);
    const open = operations.filter(({ outcome }) => outcome === 'intent');
    for (const { kind, payload } of open) {
      const ended = operations.filter(
        (entry) =>
          entry.kind === kind &&
          entry.payload.operationId === payload.operationId &&
          /^(applied|superseded)$/.test(entry.outcome),
      );
      expect([kind, ended.length]).toEqual([kind, 1]);
    }
    const repairs = entries.filter(({ kind }) => kind === 'drift.detected');
    expect(new Set(repairs.map(({ payload }) => payload.by))).toEqual(new Set(['join', 'sweep']));
    const silenced = entries.filter(({ kind }) => kind === 'seat.silenced');
    expect(silenced.map(({ payload }) => payload.action)).toEqual(['demote', 'hold', 'block']);
    for (const { payload } of silenced) expect(payload.ms).toBeLessThan(PROMISED_MS);
  });

  it('shows the auditor which tokens she got and which she did not, and none of them', async () => {
    const issuances = await readBy(auditor, 'issuances', { identity: 'mallory' });
    expect(issuances.map(({ kind, room, template }) => [kind, room, template])).toEqual([
      ['token.issued', ROOM, 'viewer'],
      ['token.issued', ELSEWHERE, 'presenter'],
      ['token.issued', ROOM, 'audience'],
      ['token.refused', ROOM, null],
    ]);
    const hashOf = (what: string) =>
      createHash('sha256')
        .update(mallory.kept.get(what) as string)
        .digest('hex');
    expect(issuances.slice(0, 3).map(({ tokenHash }) => tokenHash)).toEqual(
      ['the first', 'of another room', 'the second'].map(hashOf),
    );
    const everything = JSON.stringify([
      await readBy(auditor, 'ledger', {}),
      await app.sql('SELECT * FROM ledger_entry'),
    ]);
    for (const token of mallory.kept.values())
      expect(everything).not.toContain(token.split('.')[2]);
  });

  it('lets the auditor change none of it', async () => {
    const seat = `${HERE}/seats/mallory`;
    const before = await scene.seat(ROOM, 'mallory');
    const [blocked] = (await app.get(`${seat}/operations`)).body;
    const verbs = ['promote', 'demote', 'block', 'unblock', 'hold', 'release', 'remove', 'mute'];
    for (const [method, path, body] of [
      ...verbs.map((verb) => ['POST', `${seat}/${verb}`, {}] as const),
      ['POST', `${seat}/void-tokens`, {}],
      ['POST', `${seat}/invite`, {}],
      ['POST', `${HERE}/seats/bulk`, { action: 'remove', identities: ['vic'] }],
      ['POST', `${HERE}/stage/approve-next`, {}],
      ['POST', `${HERE}/scene`, { lock: {} }],
      ['POST', `${HERE}/close`, {}],
      ['POST', `/api/v1/operations/${blocked.id}/undo`, {}],
      ['POST', '/api/v1/tokens', { room: ROOM, identity: 'vic' }],
      ['POST', '/api/v1/assignments', {}],
      ['POST', '/api/v1/operators', {}],
    ] as const) {
      const { status } = await auditor.send(method, path, body);
      expect([method, path, status]).toEqual([method, path, 403]);
    }
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const [entry] = (await auditor.get('/api/v1/ledger?limit=1')).body.data;
      const { status } = await auditor.send(method, `/api/v1/ledger/${entry.id}`);
      expect([404, 405]).toContain(status);
    }
    expect(await scene.seat(ROOM, 'mallory')).toEqual(before);
  });

  // — The scene —

  async function aTemplateThatOnlyListens(): Promise<void> {
    const grants = { roomJoin: true, canSubscribe: true };
    await app.post('/api/v1/role-templates', { key: 'audience', name: 'Audience', grants });
    await app.post('/api/v1/role-templates/audience/publish', { message: 'hears and sees' });
  }

  async function assign(identity: string, room: string, template: string): Promise<void> {
    await app.sql(
      `INSERT INTO assignment (user_id, room_name, template, created_by_label)
       SELECT id, $2, $3, 'test' FROM app_user WHERE identity = $1`,
      [identity, room, template],
    );
  }

  /** As the door of an application does. */
  async function issue(identity: string, room = ROOM): Promise<string> {
    const { status, body } = await app.post('/api/v1/tokens', { room, identity, createRoom: true });
    expect(status).toBe(201);
    return body.token as string;
  }
});

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- entries are checked by expectations
type Entry = any;

function isWithin(at: number, { from, to }: Span): boolean {
  return at >= from && at <= to;
}

function byIdentity(a: { identity: string }, b: { identity: string }): number {
  return a.identity < b.identity ? -1 : 1;
}

/** A webhook tells the permission in other words than the list. */
function fromWebhook(participant: SeenWebhook['participant']): LiveKitParticipant | undefined {
  const { permission = {} } = participant ?? {};
  return (
    participant && {
      ...participant,
      permission: {
        can_publish: permission['canPublish'] === true,
        can_publish_sources: (permission['canPublishSources'] as string[] | undefined) ?? [],
        can_publish_data: permission['canPublishData'] === true,
      },
    }
  );
}

function inWords({ kind, outcome, actor, reason, payload }: Entry): string {
  const { refusal } = payload;
  const words = `${kind} ${outcome} by ${actor.label}`;
  return `${words}${refusal ? ` (${refusal})` : ''}${reason ? `: ${reason}` : ''}`;
}

/** The first of these that is not there after those before it; null when all are, in this order. */
function missingInOrder(expected: readonly string[], found: readonly string[]): string | null {
  let from = 0;
  for (const line of expected) {
    const at = found.indexOf(line, from);
    if (at < 0) return `${line}\nis not in\n${found.slice(from).join('\n')}`;
    from = at + 1;
  }
  return null;
}

import { expect } from '@jest/globals';
import { Hostile } from './hostile.js';
import { type Answer, type Caller, type LiveApp } from './live-app.js';
import type { LiveKitParticipant, LiveScene } from './live-scene.js';
import type { LiveWorld } from './live-world.js';
import { type LiveKitServer } from './livekit-server.js';
import { signalJoin } from './livekit-signal.js';
import { type Participant, type ParticipantProcess } from './participants.js';
import { type SeenWebhook, type WebhookRelay } from './relays.js';
import { until } from './until.js';
import { reachOf, type Watch } from './watch.js';

export const ROOM = 'town hall';

export const HERE = `/api/v1/rooms/${encodeURIComponent(ROOM)}`;

/** For who only opens a WebSocket, of whom no webhook tells: until a sweep. */
export const SWEPT_MS = 10_000;

/** When nothing came for that long, nothing more is on its way. */
const QUIET_MS = 250;

export interface Span {
  readonly from: number;
  readonly to: number;
}

interface Trace {
  readonly at: number;
  readonly what: string;
}

/** With the name of the token that she came with. */
type Visit = Span & { readonly token: string };

export const everything = () => true;

export const nothing = () => false;

// oxlint-disable-next-line typescript/no-explicit-any -- entries are checked by expectations
export type Entry = any;

/**
 * Seven people who behave, and one who keeps every token, comes back with it, and lies. LiveKit's
 * list, its webhooks and somebody in the room are watched all the time; tests look at the records.
 */
export class HostileScene {
  world!: LiveWorld;
  livekit!: LiveKitServer;
  hooks!: WebhookRelay;
  app!: LiveApp;
  scene!: LiveScene;
  people!: ParticipantProcess;
  gate!: string;
  moderator!: Caller;
  auditor!: Caller;
  mallory!: Hostile;
  vic!: Participant;
  witness!: Participant;
  watch!: Watch;
  victimsToken!: string;
  /** From the answer to an act until nothing more came of what it took. */
  readonly ends = new Map<string, Span>();
  /** From then on until she is given something again. */
  readonly spans = new Map<string, Span>();
  readonly throughTheGate: Visit[] = [];
  readonly pastIt: Visit[] = [];
  readonly pastItBlocked: Visit[] = [];
  readonly refusedByHand: string[][] = [];
  readonly stageAnswers: Record<string, string[]> = {};
  readonly gateAnswers: Record<string, string[]> = {};
  readonly forged: { before: unknown; after: unknown; told: Answer[] } = {
    before: null,
    after: null,
    told: [],
  };

  async stop(): Promise<void> {
    await this.watch?.stop();
    await this.world?.stop();
    await this.hooks?.stop();
  }

  // — The moderator, and who looks on —

  /** Done when all that it takes has ended, and nothing more of it came for a while. */
  async act(name: string, body: object, isTaken: (what: string) => boolean): Promise<void> {
    const answer = await this.moderator.post(`${HERE}/seats/mallory/${name}`, body);
    const from = Date.now();
    expect([name, answer.status, answer.body.outcome]).toEqual([name, 200, 'applied']);
    await this.untilQuiet(isTaken);
    this.ends.set(name, { from, to: Date.now() });
  }

  async visit(list: Visit[], token: string, stay: (since: Span) => Promise<void>): Promise<void> {
    const from = Date.now();
    await stay({ from, to: Infinity });
    list.push({ token, from, to: Date.now() });
  }

  async untilQuiet(isWrong: (what: string) => boolean): Promise<void> {
    const since = Date.now();
    await until('nothing more comes of it', async () => {
      const last = (await this.witness.sightings()).findLast(({ what }) => isWrong(what))?.at ?? 0;
      const reach = reachOf(await this.scene.participant(ROOM, 'mallory'));
      return !reach.some(isWrong) && Date.now() - Math.max(since, last) > QUIET_MS;
    });
  }

  readonly untilTold = (since: Span, room = ROOM) =>
    until('LiveKit tells of her', () => this.told('participant_joined', since, room).length > 0);

  /** What it does not know of yet, an act cannot say that it took. */
  readonly untilRolecallKnowsOf = async (count: number) => {
    const { tracks } = await this.scene.untilSeat(
      ROOM,
      'mallory',
      `shows ${count} tracks`,
      (seat) => seat.tracks.length === count,
    );
    // A sweep may know of them first; a webhook that comes later would count as a trace.
    await until('LiveKit has announced them', () =>
      tracks.every(({ sid }) =>
        this.hooks.seen.some(({ event, track }) => {
          return event === 'track_published' && track?.sid === sid;
        }),
      ),
    );
  };

  readonly untilOut = () =>
    until('she is out', async () => !(await this.scene.participant(ROOM, 'mallory')), SWEPT_MS);

  /** So that she is seen there with what she tries. */
  async severalLooks(): Promise<void> {
    const { length } = this.watch.looks;
    await until('she is looked at', () => this.watch.looks.length > length + 5);
  }

  readonly told = (event: string, span: Span, room = ROOM) =>
    this.hooks.seen.filter(
      (hook) =>
        hook.event === event &&
        hook.room?.name === room &&
        hook.participant?.identity === 'mallory' &&
        isWithin(hook.at, span),
    );

  /** All that there was of her in that time: in LiveKit's list and webhooks, and for who looks on. */
  async tracesOf(span: Span, isWrong: (what: string) => boolean = everything): Promise<Trace[]> {
    // One that was asked for before may have seen what was then.
    const listed = this.watch.looks
      .filter(({ askedAt }) => askedAt >= span.from)
      .flatMap(({ answeredAt: at, participant }) =>
        reachOf(participant).map((what) => ({ at, what })),
      );
    const announced = [
      ...this.told('participant_joined', span),
      ...this.told('track_published', span),
    ].flatMap(({ at, event, participant, track }) => {
      const what = track ? `${event} ${track.source}` : reachOf(fromWebhook(participant)).join();
      return what === '' ? [] : [{ at, what }];
    });
    const traces = [...listed, ...announced, ...(await this.witness.sightings())];
    return traces.filter(({ at, what }) => isWithin(at, span) && isWrong(what));
  }

  // — What she asks, and what she is told —

  readonly stageApi = async (token: string, action?: string): Promise<Answer> => {
    const response = await fetch(`${this.app.url}${HERE}/stage/me${action ? `/${action}` : ''}`, {
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
  readonly codesOf = async (token: string): Promise<string[]> => {
    const answers = [await this.stageApi(token), await this.stageApi(token, 'accept')];
    return answers.map(({ status, body }) => `${status} ${body.code ?? 'ok'}`);
  };

  readonly answersOfTheGate = async (token: string): Promise<string[]> => {
    const joined = signalJoin(this.gate, token).then(
      () => 'in',
      ({ status, message }: Error & { status: number }) => `${status} ${message}`,
    );
    const probe = await fetch(`${this.app.url}/rtc/validate?access_token=${token}`);
    return [await joined, `${probe.status} ${await probe.text()}`];
  };

  /** What a forged message could change, anywhere. */
  async allThatCounts() {
    const seats = (await this.scene.seats(ROOM))
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
    const there = await this.scene.participants(ROOM);
    const rights = there
      .toSorted(byIdentity)
      .map(({ identity, name, metadata, attributes, permission }) => ({
        identity,
        name,
        metadata,
        attributes,
        permission,
      }));
    const stage = (await this.moderator.get(`${HERE}/stage`)).body;
    const entries = (await this.scene.ledger(ROOM)).filter(
      ({ kind }) => !/^participant\./.test(kind),
    );
    return { seats, rights, stage, entries };
  }

  /** The whole list, oldest first, page by page. */
  async readBy(caller: Caller, list: string, filter: object): Promise<Entry[]> {
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

  async aTemplateThatOnlyListens(): Promise<void> {
    const grants = { roomJoin: true, canSubscribe: true };
    await this.app.post('/api/v1/role-templates', { key: 'audience', name: 'Audience', grants });
    await this.app.post('/api/v1/role-templates/audience/publish', { message: 'hears and sees' });
  }

  async assign(identity: string, room: string, template: string): Promise<void> {
    await this.app.sql(
      `INSERT INTO assignment (user_id, room_name, template, created_by_label)
       SELECT id, $2, $3, 'test' FROM app_user WHERE identity = $1`,
      [identity, room, template],
    );
  }

  /** As the door of an application does. */
  async issue(identity: string, room = ROOM): Promise<string> {
    const { status, body } = await this.app.post('/api/v1/tokens', {
      room,
      identity,
      createRoom: true,
    });
    expect(status).toBe(201);
    return body.token as string;
  }
}

export function isWithin(at: number, { from, to }: Span): boolean {
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

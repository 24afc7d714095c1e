import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Actor } from '../access/actor.js';
import { AuthService } from '../auth/auth.service.js';
import { AppError } from '../common/errors/app-error.js';
import { SeatViews } from '../seats/seat-views.js';
import { EventFeed, type FeedEvent } from './event-feed.js';
import { Stream } from './stream.js';
import { assertMaySee } from './topics.js';

const MAX_STREAMS_OF_ONE = 20;
const GATHER_MS = 100;
const RETRY_MS = 1_000;
const HEARTBEAT_MS = 15_000;
/** A stream ends after this long, so that whoever opened it shows again who they are. */
const LONGEST_LIFE_MS = 30 * 60_000;
const ROOM = 'room:';

/** What changed, gathered until it is sent. */
interface Gathered {
  /** Room → identities whose seats changed; null: any of them may have. */
  readonly seats: Map<string, Set<string> | null>;
  readonly rooms: Set<string>;
  readonly roomList: Set<string>;
  lastId: number;
}

/**
 * Every open stream of this process. What changes in a room is gathered for 100 ms, read once and
 * sent to all who watch it: fresh state, never a difference, so a client that missed something is
 * right again with the next frame.
 */
@Injectable()
export class EventStreams implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger(EventStreams.name);
  private readonly streams = new Map<Stream, { openedAt: number }>();
  private gathered = emptyGathering();
  private timer: NodeJS.Timeout | null = null;
  private heartbeat: NodeJS.Timeout | null = null;
  private sending: Promise<void> | null = null;
  private lastSentAt = 0;
  private stopFeed: (() => void) | null = null;
  private isStopped = false;

  constructor(
    private readonly feed: EventFeed,
    private readonly views: SeatViews,
    private readonly auth: AuthService,
  ) {}

  onApplicationBootstrap(): void {
    this.stopFeed = this.feed.listen((events) => this.take(events));
    this.heartbeat = setInterval(() => this.beat(), HEARTBEAT_MS);
    this.heartbeat.unref();
  }

  beforeApplicationShutdown(): void {
    this.isStopped = true;
    this.stopFeed?.();
    if (this.timer) clearTimeout(this.timer);
    if (this.heartbeat) clearInterval(this.heartbeat);
    for (const stream of this.streams.keys()) stream.close();
  }

  /** `topics` have been checked; `shown` is how the client named them. */
  async open(
    request: FastifyRequest,
    reply: FastifyReply,
    actor: Actor,
    topics: readonly string[],
    shown: readonly string[],
    resumeFrom: number | null,
  ): Promise<void> {
    this.assertNotTooMany(actor);
    const stream = new Stream(
      request,
      reply,
      actor,
      topics,
      resumeFrom ?? this.feed.lastId,
      (closed) => this.streams.delete(closed),
    );
    stream.isCatchingUp = resumeFrom !== null;
    this.streams.set(stream, { openedAt: performance.now() });
    stream.open();
    stream.send('hello', { topics: shown });
    if (resumeFrom !== null) await this.catchUp(stream, resumeFrom);
  }

  /** What it missed, as it is now; or that it has to read everything again. */
  private async catchUp(stream: Stream, from: number): Promise<void> {
    try {
      const replay = await this.feed.replay(from, [...stream.topics]);
      const reached = replay?.lastId ?? this.feed.lastId;
      if (replay) await this.send(gather(replay.events, reached), [stream]);
      else stream.send('reset', {});
      stream.isCatchingUp = false;
      stream.send('ping', {}, reached);
    } catch (error) {
      this.log.debug(`a stream could not be resumed: ${String(error)}`);
      stream.close(); // the client tries again
    }
  }

  private assertNotTooMany(actor: Actor): void {
    let count = 0;
    for (const { actor: other } of this.streams.keys()) {
      if (other.kind === actor.kind && other.id === actor.id) count += 1;
    }
    if (count < MAX_STREAMS_OF_ONE) return;
    throw new AppError(
      'too_many',
      'events.too_many_streams',
      `At most ${MAX_STREAMS_OF_ONE} event streams at a time.`,
      { retryAfter: 5 },
    );
  }

  private take(events: FeedEvent[]): void {
    for (const event of events) {
      if (event.topic.startsWith('operator:')) void this.tellOperator(event);
    }
    if (this.streams.size === 0) return;
    gather(events, this.feed.lastId, this.gathered);
    this.scheduleSend();
  }

  private scheduleSend(delay?: number): void {
    if (this.timer || this.sending || this.isStopped) return;
    const wait = delay ?? Math.max(0, GATHER_MS - (performance.now() - this.lastSentAt));
    this.timer = setTimeout(() => {
      this.timer = null;
      const batch = this.gathered;
      this.gathered = emptyGathering();
      this.lastSentAt = performance.now();
      this.sending = this.send(batch, [...this.streams.keys()]).then(
        () => this.afterSend(undefined),
        (error: unknown) => {
          this.log.debug(`events wait: ${String(error)}`);
          merge(batch, this.gathered);
          this.afterSend(RETRY_MS);
        },
      );
    }, wait);
  }

  private afterSend(delay: number | undefined): void {
    this.sending = null;
    if (!isEmpty(this.gathered)) this.scheduleSend(delay);
  }

  /** Reads what changed, once for all, and sends each stream its share; the id moves on at the end. */
  private async send(batch: Gathered, streams: readonly Stream[]): Promise<void> {
    const watched = (room: string) => streams.some(({ topics }) => topics.has(ROOM + room));
    const frames = await Promise.all(
      [...batch.seats]
        .filter(([room]) => watched(room))
        .map(async ([room, identities]) => {
          if (!identities) return { room, seats: await this.views.list(room), removed: [] };
          const seats = await this.views.some(room, [...identities]);
          const shown = new Set(seats.map(({ identity }) => identity));
          const removed = [...identities].filter((identity) => !shown.has(identity));
          return { room, seats, removed };
        }),
    );
    for (const stream of streams) {
      const mine: [string, unknown][] = [];
      for (const frame of frames) {
        if (stream.topics.has(ROOM + frame.room)) mine.push(['seats', frame]);
      }
      for (const room of batch.rooms) {
        if (stream.topics.has(ROOM + room)) mine.push(['room', { room }]);
      }
      if (stream.topics.has('rooms')) {
        const rooms = [...batch.roomList].filter((room) => stream.actor.can('room.read', room));
        if (rooms.length > 0) mine.push(['rooms', { rooms }]);
      }
      mine.forEach(([event, data], i) => {
        const isLast = i === mine.length - 1;
        stream.send(event, data, isLast ? batch.lastId : undefined);
      });
    }
  }

  /** Something about an operator changed: streams that they may not have any more end. */
  private async tellOperator({ topic, type }: FeedEvent): Promise<void> {
    const theirs = [...this.streams.keys()].filter(
      ({ actor }) => `operator:${actor.id ?? ''}` === topic,
    );
    await Promise.all(
      theirs.map(async (stream) => {
        const isStanding = await this.isStanding(stream);
        if (stream.topics.has(topic)) stream.send('me', { reason: type });
        if (!isStanding) stream.close();
      }),
    );
  }

  private async isStanding(stream: Stream): Promise<boolean> {
    try {
      const found = await this.auth.authenticate(stream.request);
      if (!found || found.actor.id !== stream.actor.id) return false;
      for (const topic of stream.topics) assertMaySee(found.actor, topic);
      stream.actor = found.actor;
      return true;
    } catch {
      return false; // they may come back; the door decides again
    }
  }

  private beat(): void {
    const now = performance.now();
    for (const [stream, { openedAt }] of this.streams) {
      if (now - openedAt > LONGEST_LIFE_MS) stream.close();
      else stream.send('ping', {});
      // Nothing tells of a key that is revoked or expires.
      if (stream.actor.kind === 'api_key') void this.closeUnlessStanding(stream);
    }
  }

  private async closeUnlessStanding(stream: Stream): Promise<void> {
    if (!(await this.isStanding(stream))) stream.close();
  }
}

function emptyGathering(): Gathered {
  return { seats: new Map(), rooms: new Set(), roomList: new Set(), lastId: 0 };
}

function isEmpty({ seats, rooms, roomList }: Gathered): boolean {
  return seats.size === 0 && rooms.size === 0 && roomList.size === 0;
}

function gather(events: readonly FeedEvent[], lastId: number, into = emptyGathering()): Gathered {
  for (const { topic, type, key } of events) {
    if (topic === 'rooms' && key !== null) into.roomList.add(key);
    if (!topic.startsWith(ROOM)) continue;
    const room = topic.slice(ROOM.length);
    if (type === 'seat' || type === 'policy') addSeat(into, room, key);
    else into.rooms.add(room);
  }
  into.lastId = Math.max(into.lastId, lastId);
  return into;
}

function addSeat({ seats }: Gathered, room: string, identity: string | null): void {
  const identities = seats.get(room);
  if (identity === null) seats.set(room, null);
  else if (identities !== null) seats.set(room, (identities ?? new Set()).add(identity));
}

function merge(from: Gathered, into: Gathered): void {
  for (const [room, identities] of from.seats) {
    if (!identities) addSeat(into, room, null);
    for (const identity of identities ?? []) addSeat(into, room, identity);
  }
  for (const room of from.rooms) into.rooms.add(room);
  for (const room of from.roomList) into.roomList.add(room);
  into.lastId = Math.max(into.lastId, from.lastId);
}

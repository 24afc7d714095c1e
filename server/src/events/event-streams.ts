import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Actor } from '../actor/actor.js';
import { AuthService } from '../auth/auth.service.js';
import { AppError } from '../common/errors/app-error.js';
import { Loop } from '../common/loop.js';
import { DatabaseClock } from '../database/database-clock.js';
import { ConnectionLimits } from '../common/http/connection-limits.js';
import { SeatViews } from '../seats/public/seats.js';
import { readActing } from '../hints/acting.js';
import { EventFeed, type FeedEvent } from './event-feed.js';
import {
  noChanges,
  collectChanges,
  type PendingChanges,
  isEmpty,
  mergeChanges,
} from './pending-changes.js';
import type { Frames } from './frames.js';
import { FrameSources, type SourcedFrame } from '../hints/frame-sources.js';
import { Stream } from './stream.js';
import { assertMaySee } from './topics.js';

const MAX_STREAMS_OF_ONE = 20;
const COLLECT_MS = 50;
const LONGEST_COLLECT_MS = 500;
const RETRY_MS = 1_000;
const HEARTBEAT_MS = 15_000;
/** A stream ends after this long, so that the client authenticates again. */
const LONGEST_LIFE_MS = 30 * 60_000;
const ROOM = 'room:';

/** A frame, and who of those who watch the room gets it. */
interface Frame {
  readonly room: string;
  readonly event: string;
  /** Null: not for this one. */
  readonly data: (actor: Actor) => object | null;
}

/**
 * Every open stream of this process. Changes in a room are collected for 50 ms, read once and sent to
 * everybody who watches it: current state, never a difference, so the next frame corrects a client
 * that missed one.
 */
@Injectable()
export class EventStreams implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger(EventStreams.name);
  private readonly streams = new Map<Stream, { openedAt: number }>();
  private pending = noChanges();
  private readonly sends = new Loop(
    { name: 'sending events', everyMs: () => this.nextSendMs(), log: this.log },
    () => this.sendPending(),
  );
  private readonly heartbeats = new Loop(
    { name: 'the heartbeat of event streams', everyMs: HEARTBEAT_MS, log: this.log },
    () => this.beat(),
  );
  private isSending = false;
  private hasFailed = false;
  private lastSentAt = 0;
  private lastWriteMs = 0;
  private stopFeed: (() => void) | null = null;

  constructor(
    private readonly feed: EventFeed,
    private readonly views: SeatViews,
    private readonly sources: FrameSources,
    private readonly auth: AuthService,
    private readonly connections: ConnectionLimits,
    private readonly clock: DatabaseClock,
  ) {}

  onApplicationBootstrap(): void {
    this.stopFeed = this.feed.listen((events) => this.onEvents(events));
    this.sends.start();
    this.heartbeats.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopFeed?.();
    for (const stream of this.streams.keys()) stream.close();
    await Promise.all([this.sends.stop(), this.heartbeats.stop()]);
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
    this.connections.exempt(request.raw.socket, reply.raw);
    stream.send('hello', { topics: shown });
    if (resumeFrom !== null) await this.catchUp(stream, resumeFrom);
  }

  /** What it missed, as it is now; or that it has to read everything again. */
  private async catchUp(stream: Stream, from: number): Promise<void> {
    try {
      const replay = await this.feed.replay(from, [...stream.topics]);
      const reached = replay?.lastId ?? this.feed.lastId;
      if (replay) await this.send(collectChanges(replay.events, reached), [stream]);
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

  private onEvents(events: FeedEvent[]): void {
    for (const event of events) {
      if (event.topic.startsWith('operator:')) void this.notifyOperator(event);
    }
    if (this.streams.size === 0) return;
    collectChanges(events, this.feed.lastId, this.pending);
    // While it sends, the time of the next one is not known yet: `sends` asks for it at the end.
    if (!this.isSending) this.sends.wake(this.nextSendMs());
  }

  private nextSendMs(): number {
    if (isEmpty(this.pending)) return Infinity;
    if (this.hasFailed) return RETRY_MS;
    // With so many streams that writing to them takes long, it may take half of the time at most.
    const every = Math.min(LONGEST_COLLECT_MS, Math.max(COLLECT_MS, 2 * this.lastWriteMs));
    return Math.max(0, every - (performance.now() - this.lastSentAt));
  }

  private async sendPending(): Promise<void> {
    const batch = this.pending;
    this.pending = noChanges();
    this.lastSentAt = performance.now();
    this.isSending = true;
    try {
      await this.send(batch, [...this.streams.keys()]);
      this.hasFailed = false;
    } catch (error) {
      mergeChanges(batch, this.pending);
      this.hasFailed = true;
      throw error;
    } finally {
      this.isSending = false;
    }
  }

  /** Reads what changed, once for all, and sends each stream its share; the id moves on at the end. */
  private async send(batch: PendingChanges, streams: readonly Stream[]): Promise<void> {
    const isWatched = (room: string) => streams.some(({ topics }) => topics.has(ROOM + room));
    const frames = await this.framesOf(batch, isWatched);
    const started = performance.now();
    for (const stream of streams) {
      const mine: [string, object][] = [];
      for (const { room, event, data } of frames) {
        const shown = stream.topics.has(ROOM + room) ? data(stream.actor) : null;
        if (shown) mine.push([event, shown]);
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
    this.lastWriteMs = performance.now() - started;
  }

  private async framesOf(
    batch: PendingChanges,
    isWatched: (room: string) => boolean,
  ): Promise<readonly Frame[]> {
    const rooms = <T>(of: Iterable<readonly [string, T]>) =>
      [...of].filter(([room]) => isWatched(room));
    const seats = rooms(batch.seats).map(async ([room, identities]) => ({
      room,
      event: 'seats',
      data: sameForAll(await this.readSeats(room, identities)),
    }));
    const named = (event: string, names: ReadonlySet<string>) =>
      rooms([...names].map((room) => [room, null])).map(([room]) => ({
        room,
        event,
        data: sameForAll({ room }),
      }));
    const bulk = rooms(batch.bulk).flatMap(([room, ids]) =>
      [...ids].map((id) => this.sourced('bulk', room, id, (operation) => ({ operation }))),
    );
    const scenes = rooms([...batch.scenes].map((room) => [room, null])).map(([room]) =>
      this.sourced('scene', room, room, (scene) => ({ room, scene }), true),
    );
    const acting = rooms(batch.acting).flatMap(([room, keys]) =>
      [...keys].map((key) => ({
        room,
        event: 'acting',
        data: (actor: Actor) => readActing(key, actor, this.clock.now()),
      })),
    );
    return [
      ...(await Promise.all(seats)),
      ...named('room', batch.rooms),
      ...named('stage', batch.stages),
      ...(await Promise.all(scenes)),
      ...(await Promise.all(bulk)),
      ...acting,
    ];
  }

  private async readSeats(
    room: string,
    identities: ReadonlySet<string> | null,
  ): Promise<Frames['seats']> {
    if (!identities) return { room, seats: await this.views.list(room), removed: [] };
    const seats = await this.views.some(room, [...identities]);
    const shown = new Set(seats.map(({ identity }) => identity));
    return { room, seats, removed: [...identities].filter((identity) => !shown.has(identity)) };
  }

  private async sourced(
    frame: SourcedFrame,
    room: string,
    key: string,
    wrap: (value: unknown) => object,
    isAlsoNull = false,
  ): Promise<Frame> {
    const value = await this.sources.read(frame, room, key);
    return {
      room,
      event: frame,
      data: sameForAll(value === null && !isAlsoNull ? null : wrap(value)),
    };
  }

  /** Something about an operator changed: their streams that are no longer allowed end. */
  private async notifyOperator({ topic, type }: FeedEvent): Promise<void> {
    const theirs = [...this.streams.keys()].filter(
      ({ actor }) => `operator:${actor.id ?? ''}` === topic,
    );
    await Promise.all(
      theirs.map(async (stream) => {
        const standing = await this.standingOf(stream);
        if (stream.topics.has(topic)) stream.send('me', { reason: type });
        // The client reconnects and is checked again.
        if (standing !== 'allowed') stream.close();
      }),
    );
  }

  private async standingOf(stream: Stream): Promise<'allowed' | 'refused' | 'unknown'> {
    try {
      const found = await this.auth.authenticate(stream.request);
      if (!found || found.actor.id !== stream.actor.id) return 'refused';
      for (const topic of stream.topics) assertMaySee(found.actor, topic);
      stream.actor = found.actor;
      return 'allowed';
    } catch (error) {
      return isUnavailable(error) ? 'unknown' : 'refused';
    }
  }

  private beat(): void {
    const now = performance.now();
    for (const [stream, { openedAt }] of this.streams) {
      if (now - openedAt > LONGEST_LIFE_MS) stream.close();
      else stream.send('ping', {});
      // No hint tells of what expires, and a server that dies loses those it had not written.
      void this.closeWhenRefused(stream);
    }
  }

  private async closeWhenRefused(stream: Stream): Promise<void> {
    if ((await this.standingOf(stream)) === 'refused') stream.close();
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof AppError && error.kind === 'unavailable';
}

function sameForAll(data: object | null): Frame['data'] {
  return () => data;
}

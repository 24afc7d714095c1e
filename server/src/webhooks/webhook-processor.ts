import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';
import { pause } from '../common/pause.js';
import { inParallel } from '../common/in-parallel.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import { isMislabelled } from '../grants/mislabelled.js';
import { mayBeMuted } from '../grants/silencing.js';
import type { EventParticipant, LiveKitEvent } from '../livekit/webhook-event.js';
import type { ObservedTrack } from '../livekit/participant-view.js';
import { Observations, SeatChecks } from '../seats/public/observations.js';
import type { TrackEvent } from '../seats/public/seats.js';
import { Hints } from '../hints/hints.js';
import { Profiles } from '../presence/profiles.js';
import { PresenceService } from '../presence/presence.service.js';
import { RoomSessions } from '../presence/room-sessions.js';
import { type ReceivedEvent, WebhookInbox } from './webhook-inbox.js';
import type { LedgerKind } from '../ledger/ledger-kinds.js';

const BATCH = 200;
/** Rooms whose events are caught up with at once. */
const ROOMS_AT_ONCE = 4;
/**
 * The first event of a burst is processed at once, those behind it together: LiveKit sends the next
 * one only when this one is answered, and a transaction for each would slow the answers.
 */
const COLLECT_MS = 20;

/** LiveKit's name of an event, and the ledger's. What is not here leaves no entry. */
const LEDGER_KINDS: Readonly<Record<string, LedgerKind>> = {
  room_started: 'room.started',
  room_finished: 'room.finished',
  participant_joined: 'participant.joined',
  participant_left: 'participant.left',
  participant_connection_aborted: 'participant.aborted',
};

/**
 * Takes events out of the inbox: once each, in their order for each room, one server at a time,
 * also after a crash. What an event says is only a hint; the seat is checked against LiveKit.
 */
@Injectable()
export class WebhookProcessor implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger(WebhookProcessor.name);
  /** Rooms that are being worked on; true: something came meanwhile. */
  private readonly busy = new Map<string | null, boolean>();
  private readonly running = new Set<Promise<void>>();

  constructor(
    private readonly inbox: WebhookInbox,
    private readonly transactions: Transactions,
    private readonly observations: Observations,
    private readonly sessions: RoomSessions,
    private readonly presence: PresenceService,
    private readonly profiles: Profiles,
    private readonly hints: Hints,
    private readonly checks: SeatChecks,
  ) {}

  onApplicationBootstrap(): void {
    this.background(this.catchUp());
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.allSettled(this.running);
  }

  /** Works on the room's events soon; many calls at once are one. */
  processSoon(room: string | null): void {
    if (this.busy.has(room)) this.busy.set(room, true);
    else this.background(this.drain(room));
  }

  /** Works on everything that was left behind. A room that has to wait keeps no other waiting. */
  async catchUp(): Promise<void> {
    const overdue = await this.inbox.listOverdue();
    await inParallel(overdue, ROOMS_AT_ONCE, (room) => this.drain(room));
  }

  private background(work: Promise<void>): void {
    const watched = work
      .catch((error: unknown) => {
        // The events stay in the inbox; the sweep takes them up.
        this.log.warn(
          `webhooks stay in the inbox: ${error instanceof Error ? error.message : String(error)}`,
        );
      })
      .finally(() => this.running.delete(watched));
    this.running.add(watched);
  }

  private async drain(room: string | null): Promise<void> {
    this.busy.set(room, false);
    try {
      for (;;) {
        const count = await this.processBatch(room, BATCH);
        if (count === BATCH) continue;
        if (!this.busy.get(room)) return;
        this.busy.set(room, false);
        await pause(COLLECT_MS);
      }
    } finally {
      this.busy.delete(room);
    }
  }

  private async processBatch(room: string | null, limit: number): Promise<number> {
    try {
      return await this.processTogether(room, limit);
    } catch (error) {
      if (limit === 1 || isTemporary(error)) {
        if (limit === 1 && !isTemporary(error)) return this.setAside(room, error);
        throw error;
      }
      return this.processOneByOne(room, limit);
    }
  }

  /** One event of the batch cannot be processed: it is found and set aside, and the rest goes on. */
  private async processOneByOne(room: string | null, limit: number): Promise<number> {
    let count = 0;
    while (count < limit && (await this.processBatch(room, 1)) === 1) count += 1;
    return count;
  }

  private async processTogether(room: string | null, limit: number): Promise<number> {
    const after: (() => Promise<unknown>)[] = [];
    const events = await this.transactions.run(async (tx) => {
      const open = await this.inbox.lockOpen(tx, room, limit);
      if (room !== null && open.some(isOfSession)) await this.sessions.lock(tx, room);
      const about = open.flatMap(({ participant }) => participant?.identity ?? []);
      if (room !== null && about.length > 1) await this.observations.lock(tx, room, about);
      for (const event of open) after.push(...(await this.process(tx, event)));
      if (open.length > 0) await this.inbox.markProcessed(tx, open);
      return open;
    });
    for (const work of after) this.background(work().then(() => undefined));
    return events.length;
  }

  /** An event that can never be processed must not stop those behind it. */
  private async setAside(room: string | null, error: unknown): Promise<number> {
    return this.transactions.run(async (tx) => {
      const events = await this.inbox.lockOpen(tx, room, 1);
      await this.inbox.markProcessed(tx, events);
      const what = events[0]?.event ?? 'nothing';
      this.log.error(
        `webhook ${what} cannot be processed and is skipped: ${error instanceof Error ? error.message : String(error)}`,
      );
      return events.length;
    });
  }

  /** Writes what the event says; answers with what is to be done after the commit. */
  private async process(tx: Tx, event: ReceivedEvent): Promise<(() => Promise<unknown>)[]> {
    const { room, participant, track } = event;
    this.record(tx, event);
    // The sweep asks LiveKit for its lists of them.
    if (/^(egress|ingress)_/.test(event.event)) {
      tx.afterCommit(() => this.hints.publish([{ topic: 'livekit', type: 'program', key: null }]));
    }
    if (!room?.name) return [];
    switch (event.event) {
      case 'room_started':
        await this.sessions.started(tx, room.name, room.sid);
        return [];
      case 'room_finished':
        await this.sessions.finished(tx, room.name, room.sid, event.createdAt);
        return [];
      case 'participant_joined':
        return participant ? this.joined(tx, room.name, participant) : [];
      case 'participant_left':
      case 'participant_connection_aborted':
        return participant ? this.left(tx, room.name, participant, event.receivedAt) : [];
      case 'track_unpublished':
        if (participant && track) {
          await this.observations.trackUnpublished(
            tx,
            trackEvent(event, room.name, participant, track),
          );
        }
        return participant ? [() => this.presence.observeOne(room.name, participant.identity)] : [];
      case 'track_published':
        if (participant && track) {
          await this.observations.trackPublished(
            tx,
            trackEvent(event, room.name, participant, track),
          );
        }
        return participant ? [() => this.sawTrack(room.name, participant.identity)] : [];
      default:
        return [];
    }
  }

  private async joined(tx: Tx, room: string, participant: EventParticipant) {
    const observation = await this.observations.joined(tx, room, participant);
    if (observation.changed.length === 0) return [];
    return [
      () => this.profiles.noteJoined(room, participant),
      () => this.observations.publish(room, observation),
      () => this.checks.check(room, participant, 'join'),
    ];
  }

  /**
   * Who is muted instead of losing the right publishes what has to be muted, or shows who they are;
   * somebody may publish what they may not as something that they may; and of who publishes before
   * they have joined, LiveKit sends nothing else.
   */
  private async sawTrack(room: string, identity: string): Promise<void> {
    const participant = await this.presence.observeOne(room, identity);
    if (!participant) return;
    const { state, tracks } = participant;
    if (state !== 'active' || mayBeMuted(participant) || tracks.some(isMislabelled)) {
      await this.checks.check(room, participant, 'track');
    }
  }

  private async left(tx: Tx, room: string, participant: EventParticipant, at: Date) {
    const observation = await this.observations.left(tx, room, participant, at);
    return [() => this.observations.publish(room, observation)];
  }

  private record(tx: Tx, event: LiveKitEvent): void {
    const kind = LEDGER_KINDS[event.event];
    if (!kind) return;
    const { room, participant, createdAt, id } = event;
    tx.record({
      kind,
      outcome: 'ok',
      actor: { kind: 'system', id: null, label: 'LiveKit' },
      room: room?.name ?? null,
      identity: participant?.identity ?? null,
      payload: {
        webhookId: id,
        at: createdAt.toISOString(),
        roomSid: room?.sid ?? null,
        ...(participant && {
          sid: participant.sid,
          name: participant.name,
          kind: participant.kind,
          permission: participant.permission,
          disconnectReason: participant.disconnectReason,
        }),
      },
    });
  }
}

function isOfSession({ event }: ReceivedEvent): boolean {
  return event === 'room_started' || event === 'room_finished';
}

function trackEvent(
  { receivedAt: knownAt }: ReceivedEvent,
  room: string,
  { identity, sid: connection }: EventParticipant,
  track: ObservedTrack,
): TrackEvent {
  return { room, identity, connection, track, knownAt };
}

function isTemporary(error: unknown): boolean {
  return error instanceof AppError && error.kind === 'unavailable';
}

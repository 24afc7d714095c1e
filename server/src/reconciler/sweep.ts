import { Inject, Injectable, Logger } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';
import { inParallel, inSequence } from '../common/in-parallel.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { isUnavailable, unavailable } from '../livekit/livekit-error.js';
import { LiveKitHealth } from '../livekit/livekit.health.js';
import type { ObservedParticipant, ObservedRoom } from '../livekit/participant-view.js';
import { RoomsPort } from '../livekit/rooms-port.js';
import { PresenceService } from '../presence/presence.service.js';
import { RoomSessions } from '../presence/room-sessions.js';
import { RoomClosing } from '../rooms/room-closing.js';
import { RoomStore, type RunningRoom } from '../rooms/room-store.js';
import { Observations, SeatChecks } from '../seats/public/observations.js';
import { OperationReader, type Seat, type SeatOperation } from '../seats/public/seats.js';
import { LiveKitAudit } from './livekit-audit.js';
import { SweepSchedule } from './sweep-schedule.js';

const ROOMS_AT_ONCE = 4;
/** Rooms whose seats are read with one statement, right before LiveKit is asked about them. */
const ROOMS_A_STATEMENT = 25;
/** Seats whose policy is asked for at once: the questions travel together. */
const SEATS_A_STATEMENT = 500;
/**
 * A repair is mostly reading and writing down, so of these about eight are calls at any time: as
 * many as make a room faster; more would only load LiveKit (v1.13.5).
 */
const REPAIRS_AT_ONCE = 32;
const ROOMS_CREATED_AT_ONCE = 8;
/** Operations without an outcome that a sweep settles: the next sweep continues after them. */
const UNSETTLED_A_SWEEP = 200;
const SETTLED_AT_ONCE = 8;
const ENDED_AT_ONCE = 4;

/** The result of one sweep. */
export interface SweepReport {
  /** Rooms that Rolecall has and LiveKit runs, and how many of them were visited. */
  readonly rooms: number;
  readonly looked: number;
  /** People in the visited rooms, and how many of them had drifted. */
  readonly people: number;
  readonly drifted: number;
  /** Operations without an outcome. */
  readonly unsettled: number;
}

/** One sweep: compares what LiveKit has with what it should have by policy, and repairs drift. */
@Injectable()
export class Sweep {
  private readonly log = new Logger(Sweep.name);
  private readonly schedule: SweepSchedule;
  /** Where the next sweep continues; null: at the oldest. */
  private settledTo: SeatOperation | null = null;
  /** Lost rooms that LiveKit could not create again yet. */
  private notCreated = new Set<string>();
  private isStopped = false;

  constructor(
    private readonly rooms: RoomsPort,
    private readonly roomStore: RoomStore,
    private readonly closing: RoomClosing,
    private readonly sessions: RoomSessions,
    private readonly presence: PresenceService,
    private readonly observations: Observations,
    private readonly checks: SeatChecks,
    private readonly store: OperationReader,
    private readonly health: LiveKitHealth,
    private readonly audit: LiveKitAudit,
    @Inject(APP_CONFIG) config: AppConfig,
  ) {
    this.schedule = new SweepSchedule(sweepIntervalMs(config));
  }

  /** The room is visited in every sweep for a while. */
  noteActivity(room: string): void {
    this.schedule.noteActivity(room, performance.now());
  }

  /** All rooms are visited in every sweep for a while. */
  noteActivityEverywhere(): void {
    this.schedule.noteActivityEverywhere(performance.now());
  }

  /** Completes what is under way and starts nothing else. */
  stop(): void {
    this.isStopped = true;
  }

  /**
   * `mayHaveRestarted`: LiveKit was away since the last sweep, so rooms that are missing were lost
   * and did not end. `patience` (seconds) is how long a room that had people in it may be missing
   * before it counts as lost all the same. A seat, room or step that fails keeps none of the others
   * from being looked at; the failure is thrown at the end.
   */
  async run(mayHaveRestarted: boolean, patience: number): Promise<SweepReport> {
    const running = await this.rooms.listRooms();
    const ours = new Set(await this.sessions.seen(running));
    const known = running.filter(({ name }) => ours.has(name));
    const report = { rooms: known.length, looked: 0, people: 0, drifted: 0, unsettled: 0 };
    const names = running.map(({ name }) => name);
    await inSequence([
      () => this.closing.completePending(names),
      () => this.dealWithMissing(names, mayHaveRestarted, patience),
      () => {
        if (mayHaveRestarted) this.noteActivityEverywhere();
        const due = this.schedule.due(known, performance.now());
        report.looked = due.length;
        return this.each(inPages(due, ROOMS_A_STATEMENT), 1, (some) => this.visit(some, report));
      },
      async () => {
        report.unsettled = await this.settleOpen();
      },
      () => this.audit.look(running, ours),
    ]);
    return report;
  }

  /** Checks people who were last seen in the room, without a call to list them. */
  checkSeats(room: string, seats: readonly Seat[]): Promise<void> {
    return this.guard(room, () =>
      this.each(publishersFirst(seats), REPAIRS_AT_ONCE, async (seat) => {
        const { identity, sid, kind, state, permission, tracks } = seat;
        if (!sid || !permission) return;
        const occupant = { identity, sid, kind: kind ?? 'standard', state, permission, tracks };
        await this.checks.check(room, occupant, 'policy');
      }),
    );
  }

  private each<T>(
    items: readonly T[],
    width: number,
    work: (item: T) => Promise<unknown>,
  ): Promise<void> {
    return inParallel(items, width, work, () => this.isStopped);
  }

  private async settleOpen(): Promise<number> {
    const open = await this.store.listUnsettled(UNSETTLED_A_SWEEP, this.settledTo);
    this.settledTo = open.length < UNSETTLED_A_SWEEP ? null : (open.at(-1) ?? null);
    await this.each(open, SETTLED_AT_ONCE, (operation) => {
      this.noteActivity(operation.room);
      return this.guard(operation.room, () => this.checks.settle(operation));
    });
    return open.length;
  }

  private async visit(
    rooms: readonly ObservedRoom[],
    report: { people: number; drifted: number },
  ): Promise<void> {
    const known = await this.observations.readRooms(rooms.map(({ name }) => name));
    await this.each(rooms, ROOMS_AT_ONCE, (room) =>
      this.guard(room.name, async () => {
        if (this.health.status.state === 'down') throw unavailable('went away');
        const { participants, isUnannounced } = await this.presence.observeRoom(room.name, known);
        this.schedule.noteVisit(room, participants.length, performance.now());
        this.audit.noteVisit(room.name, participants);
        if (isUnannounced) this.noteActivityEverywhere();
        report.people += participants.length;
        report.drifted += await this.checkRoom(room.name, participants);
      }),
    );
  }

  /**
   * Returns how many had drifted. Seats that another operation works on are left to it; the next sweep
   * checks them again.
   */
  private async checkRoom(
    room: string,
    participants: readonly ObservedParticipant[],
  ): Promise<number> {
    const wrong: ObservedParticipant[] = [];
    let found = 0;
    await inSequence([
      () =>
        this.each(participants, SEATS_A_STATEMENT, async (participant) => {
          if (!(await this.checks.isInSync(room, participant))) wrong.push(participant);
        }),
      async () => {
        if (wrong.length > 0) this.noteActivity(room);
        const drifted = await this.checks.withoutPending(room, wrong);
        found = drifted.length;
        await this.each(publishersFirst(drifted), REPAIRS_AT_ONCE, (participant) =>
          this.checks.repair(room, participant, 'sweep'),
        );
      },
    ]);
    return found;
  }

  /**
   * What is wrong with one room is logged, and thrown only where Postgres or LiveKit is away: a room
   * that LiveKit alone does not answer for is no reason to think so.
   */
  private async guard(room: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (await this.isAway(error)) throw error;
      // Deleted while it was looked at.
      if (error instanceof AppError && error.code === 'room.not_found') return;
      this.log.error(`room ${JSON.stringify(room)} could not be swept: ${String(error)}`);
    }
  }

  /** Whether the error says that Postgres or LiveKit is away, and not only this one room. */
  private async isAway(error: unknown): Promise<boolean> {
    if (isUnavailable(error)) return (await this.health.probe()).state !== 'up';
    return error instanceof AppError && error.kind === 'unavailable';
  }

  private async dealWithMissing(
    running: readonly string[],
    mayHaveRestarted: boolean,
    patience: number,
  ): Promise<void> {
    const missing = await this.roomStore.listMissing(running);
    const waiting = this.notCreated;
    const lost = missing.filter(
      (room) => isLost(room, mayHaveRestarted, patience) || waiting.has(room.name),
    );
    const isAnyExpected = mayHaveRestarted || waiting.size > 0;
    const expected = (isAnyExpected ? await this.roomStore.listExpected(running) : []).filter(
      ({ name }) => mayHaveRestarted || waiting.has(name),
    );
    const names = new Set(lost.map(({ name }) => name));
    const wanted = [...lost, ...expected.filter(({ name }) => !names.has(name))];
    await inSequence([
      // First of all: clients that lost the server give up when their room is not there.
      () => this.createAgain(wanted),
      () =>
        this.each(
          missing.filter(({ name }) => !names.has(name)),
          ENDED_AT_ONCE,
          (room) => this.guard(room.name, () => this.endMissing(room)),
        ),
    ]);
  }

  private async createAgain(wanted: readonly RunningRoom[]): Promise<void> {
    const created: ObservedRoom[] = [];
    this.notCreated = new Set();
    const create = async (room: RunningRoom) => {
      try {
        created.push(await this.create(room));
      } catch (error) {
        if (isUnavailable(error)) this.notCreated.add(room.name);
        throw error;
      }
    };
    await inSequence([
      () =>
        this.each(wanted, ROOMS_CREATED_AT_ONCE, (room) =>
          this.guard(room.name, () => create(room)),
        ),
      async () => {
        if (created.length === 0) return;
        this.log.warn(`LiveKit lost its rooms: created ${created.length} of them again`);
        await this.sessions.seen(created);
      },
    ]);
  }

  private async endMissing(room: RunningRoom): Promise<void> {
    if (room.liveSid !== null && room.unseenFor > room.departureTimeout) {
      await this.sessions.end(room);
    } else if (room.numParticipants > 0) {
      await this.observations.everyoneLeft(room.name);
    }
  }

  private create(room: RunningRoom): Promise<ObservedRoom> {
    const { name, emptyTimeout, departureTimeout, maxParticipants, metadata } = room;
    return this.rooms.createRoom({
      name,
      emptyTimeout,
      departureTimeout,
      maxParticipants,
      metadata,
    });
  }
}

/**
 * From the start of one sweep to the next, in milliseconds: a little sooner than promised, so that a
 * room that is visited in every second sweep is not late.
 */
export function sweepIntervalMs({ sweep }: AppConfig): number {
  return sweep * 900;
}

/** People who publish and should not are repaired first. */
function publishersFirst<T extends { readonly tracks: readonly unknown[] }>(people: readonly T[]) {
  return people.toSorted((a, b) => b.tracks.length - a.tracks.length);
}

function inPages<T>(items: readonly T[], size: number): T[][] {
  const pages: T[][] = [];
  for (let i = 0; i < items.length; i += size) pages.push(items.slice(i, i + size));
  return pages;
}

/** Whether a missing room was lost by LiveKit, rather than ended. */
function isLost(room: RunningRoom, mayHaveRestarted: boolean, patience: number): boolean {
  if (room.liveSid === null || room.isClosed) return false;
  if (mayHaveRestarted) return true;
  // A room that ends is seen empty first, for its departure timeout; this one had people in it.
  return (
    room.numParticipants > 0 &&
    room.departureTimeout > 2 * patience &&
    room.unseenFor > patience &&
    room.unseenFor < room.departureTimeout + 2 * patience
  );
}

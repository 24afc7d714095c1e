import { Injectable, Logger } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';
import type { ObservedRoom } from '../livekit/participant-view.js';
import { RoomsPort } from '../livekit/rooms-port.js';
import { PresenceService } from '../presence/presence.service.js';
import { RoomSessions, type RunningRoom } from '../presence/room-sessions.js';
import type { Seat } from '../seats/seat.js';
import { SeatChecks } from '../seats/seat-checks.js';
import { SeatStore } from '../seats/seat-store.js';
import { inParallel } from './in-parallel.js';

const ROOMS_AT_ONCE = 4;
/** As many calls at once as make a room faster; more only load LiveKit (v1.13.5). */
const REPAIRS_AT_ONCE = 8;
const UNSETTLED_AT_ONCE = 200;

/** One look at everything: what LiveKit has against what Postgres says it should have. */
@Injectable()
export class Sweep {
  private readonly log = new Logger(Sweep.name);

  constructor(
    private readonly rooms: RoomsPort,
    private readonly sessions: RoomSessions,
    private readonly presence: PresenceService,
    private readonly checks: SeatChecks,
    private readonly store: SeatStore,
  ) {}

  /**
   * `mayHaveRestarted`: LiveKit was away since the last sweep, so rooms that are missing were lost
   * and did not end. `patience` (seconds) is how long a room that had people in it may be missing
   * before it counts as lost all the same.
   */
  async run(mayHaveRestarted: boolean, patience: number): Promise<void> {
    const running = await this.rooms.listRooms();
    const names = running.map(({ name }) => name);
    const known = await this.sessions.seen(running);
    await this.dealWithMissing(names, mayHaveRestarted, patience);
    await inParallel(known, ROOMS_AT_ONCE, (room) => this.checkRoom(room));
    for (const operation of await this.store.listUnsettled(UNSETTLED_AT_ONCE)) {
      await this.guard(operation.room, () => this.checks.settle(operation));
    }
  }

  /** Those who were last seen in the room, without asking LiveKit who is. */
  checkSeats(room: string, seats: readonly Seat[]): Promise<void> {
    return this.guard(room, () =>
      inParallel(seats, REPAIRS_AT_ONCE, async ({ identity, sid, kind, permission }) => {
        if (!sid || !permission) return;
        const occupant = { identity, sid, kind: kind ?? 'standard', permission };
        await this.checks.check(room, occupant, 'policy');
      }),
    );
  }

  private checkRoom(room: string): Promise<void> {
    return this.guard(room, async () => {
      const participants = await this.presence.observeRoom(room);
      await inParallel(participants, REPAIRS_AT_ONCE, async (participant) => {
        await this.checks.check(room, participant, 'sweep');
      });
    });
  }

  /** What is wrong with one room must not keep the others from being looked at. */
  private async guard(room: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof AppError && error.kind === 'unavailable') throw error;
      this.log.error(`room ${JSON.stringify(room)} could not be swept: ${String(error)}`);
    }
  }

  private async dealWithMissing(
    running: readonly string[],
    mayHaveRestarted: boolean,
    patience: number,
  ): Promise<void> {
    const missing = await this.sessions.listMissing(running);
    const lost = missing.filter((room) => isLost(room, mayHaveRestarted, patience));
    const expected = mayHaveRestarted ? await this.sessions.listExpected(running) : [];
    const names = new Set(lost.map(({ name }) => name));
    const wanted = [...lost, ...expected.filter(({ name }) => !names.has(name))];
    // First of all: clients that lost the server give up when their room is not there.
    const created: ObservedRoom[] = [];
    await inParallel(wanted, REPAIRS_AT_ONCE, async (room) => {
      created.push(await this.create(room));
    });
    if (created.length > 0) {
      this.log.warn(`LiveKit came back without its rooms: created ${created.length} again`);
      await this.sessions.seen(created);
    }
    for (const room of missing) {
      if (names.has(room.name)) continue;
      if (room.liveSid !== null && room.unseenFor > room.departureTimeout) {
        await this.sessions.end(room);
      } else if (room.numParticipants > 0) {
        await this.presence.observeEmpty(room.name);
      }
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

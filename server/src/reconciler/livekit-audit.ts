import { Injectable } from '@nestjs/common';
import type { StandingAlarm } from '../alarms/alarm-store.js';
import { ALL_ALARM_KINDS, ALARM_KINDS } from '../alarms/alarm-kinds.js';
import { alarmKey, Alarms, type Finding } from '../alarms/alarms.service.js';
import { inSequence } from '../common/in-parallel.js';
import { LedgerOrigins } from '../ledger/ledger-origins.js';
import { isUnavailable } from '../livekit/livekit-error.js';
import type { ObservedParticipant, ObservedRoom } from '../livekit/participant-view.js';
import { RoomsPort } from '../livekit/rooms-port.js';
import { Profiles } from '../presence/profiles.js';
import { OwnRooms } from './own-rooms.js';
import { ProgramLists } from './program-lists.js';
import { Turns } from './turns.js';

/** Rooms that Rolecall does not have, of which a sweep lists the participants. */
const FOREIGN_A_SWEEP = 10;
const THERE = ALL_ALARM_KINDS.filter((kind) => ALARM_KINDS[kind].isThere);

/**
 * The other side of a sweep: what LiveKit has and no entry explains. It is written down once, and its
 * alarm ends when LiveKit has it no longer.
 */
@Injectable()
export class LiveKitAudit {
  /** Rooms that Rolecall does not have: sid by name, as the last sweep saw them. */
  private foreign = new Map<string, string>();
  private readonly explained = new Set<string>();
  /** The sids in these rooms that a token of ours explains, by room. */
  private readonly admitted = new Map<string, ReadonlySet<string>>();
  private readonly turns = new Turns();
  private visited = new Map<string, ReadonlySet<string>>();

  constructor(
    private readonly alarms: Alarms,
    private readonly origins: LedgerOrigins,
    private readonly rooms: RoomsPort,
    private readonly profiles: Profiles,
    private readonly programs: ProgramLists,
    private readonly own: OwnRooms,
  ) {}

  /** The sweep has listed a room. */
  noteVisit(room: string, participants: readonly ObservedParticipant[]): void {
    this.visited.set(room, new Set(participants.map(({ sid }) => sid)));
  }

  /** `ours`: the names of those rooms that Rolecall has. */
  async look(all: readonly ObservedRoom[], ours: ReadonlySet<string>): Promise<void> {
    const standing = await this.alarms.listStanding(THERE);
    const running = all.filter(({ name }) => ours.has(name) || this.own.isOwn(name));
    const foreign = running.filter(({ name }) => !ours.has(name));
    await inSequence([
      () => this.profiles.compareRooms(running.filter(({ name }) => ours.has(name))),
      () => this.lookAtRooms(foreign, standing),
      () => this.lookAtStrangers(foreign, standing),
      () => this.endSessions(running, standing),
      () => this.programs.look(running, standing),
    ]);
    this.visited = new Map();
  }

  /** A room counts when two sweeps have seen it: one may be about to be made, or deleted, here. */
  private async lookAtRooms(
    foreign: readonly ObservedRoom[],
    standing: readonly StandingAlarm[],
  ): Promise<void> {
    const own = standing.filter(({ kind }) => kind === 'room.unexplained');
    const keys = new Set(foreign.map(keyOfRoom));
    await this.alarms.markGone(own.filter(({ key }) => !keys.has(key)));
    const isStanding = new Set(own.map(({ key }) => key));
    const findings: Finding[] = [];
    for (const room of foreign) {
      const { name, sid, createdAt, numParticipants } = room;
      if (this.foreign.get(name) !== sid || this.explained.has(sid)) continue;
      if (isStanding.has(keyOfRoom(room))) continue;
      if (await this.isExplained(room)) {
        this.explained.add(sid);
        continue;
      }
      findings.push({
        kind: 'room.unexplained',
        key: [name, sid],
        room: name,
        about: {
          sid,
          createdAt: createdAt.toISOString(),
          participants: numParticipants,
          knownKeys: this.alarms.knownKeys,
        },
      });
    }
    await this.alarms.raise(findings);
    this.foreign = new Map(foreign.map(({ name, sid }) => [name, sid]));
    const sids = new Set(foreign.map(({ sid }) => sid));
    for (const sid of this.explained) if (!sids.has(sid)) this.explained.delete(sid);
  }

  /** A token of ours for it, or one that may create any room, when it was made. */
  private async isExplained({ name, createdAt }: ObservedRoom): Promise<boolean> {
    return (
      (await this.origins.hadTokenForRoom(name, createdAt)) ||
      (await this.origins.isTokenThatBegins('roomCreate', null, createdAt))
    );
  }

  /**
   * Whoever is in a room that Rolecall does not have came without a token for it, if none of theirs was
   * valid then. What explains the room explains nobody in it.
   */
  private async lookAtStrangers(
    foreign: readonly ObservedRoom[],
    standing: readonly StandingAlarm[],
  ): Promise<void> {
    const isStanding = new Set(standing.map(({ key }) => key));
    for (const { name } of this.turns.next(foreign, FOREIGN_A_SWEEP)) {
      // One that LiveKit alone does not answer for has its next turn.
      const listed = await this.rooms.listParticipants(name).catch((error: unknown) => {
        if (isUnavailable(error)) return null;
        throw error;
      });
      if (!listed) continue;
      this.noteVisit(name, listed);
      const known = this.admitted.get(name);
      const admitted = new Set<string>();
      const findings: Finding[] = [];
      for (const participant of listed) {
        const { identity, sid, kind } = participant;
        if (isStanding.has(alarmKey([name, sid]))) continue;
        if (known?.has(sid) || (await this.isAdmitted(name, participant))) {
          admitted.add(sid);
          continue;
        }
        findings.push({
          kind: 'participant.unlisted',
          key: [name, sid],
          room: name,
          identity,
          about: {
            because: 'is in a room that Rolecall does not have, without a token of ours for it',
            sid,
            kind,
            knownKeys: this.alarms.knownKeys,
          },
        });
      }
      this.admitted.set(name, admitted);
      await this.alarms.raise(findings);
    }
    const names = new Set(foreign.map(({ name }) => name));
    for (const name of this.admitted.keys()) if (!names.has(name)) this.admitted.delete(name);
  }

  private async isAdmitted(room: string, participant: ObservedParticipant): Promise<boolean> {
    const { identity, kind, joinedAt } = participant;
    return (
      (await this.origins.hadToken(room, identity, joinedAt)) ||
      (await this.programs.isExplained(room, identity, kind))
    );
  }

  private async endSessions(
    running: readonly ObservedRoom[],
    standing: readonly StandingAlarm[],
  ): Promise<void> {
    const names = new Set(running.map(({ name }) => name));
    const over = standing.filter(({ kind, key, room }) => {
      if (kind !== 'participant.unlisted' || room === null) return false;
      if (!names.has(room)) return true;
      const [, sid] = JSON.parse(key) as [string, string];
      return this.visited.get(room)?.has(sid) === false;
    });
    await this.alarms.markGone(over);
  }
}

function keyOfRoom({ name, sid }: ObservedRoom): string {
  return alarmKey([name, sid]);
}

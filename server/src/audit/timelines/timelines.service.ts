import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { accessRole } from '../../actor/built-in-roles.js';
import { AppError, fieldError } from '../../common/errors/app-error.js';
import { roomNotFound } from '../../common/errors/refusals.js';
import { DatabaseClock } from '../../database/database-clock.js';
import { SearchPool } from '../../database/search-pool.js';
import { likeOfPattern } from '../../database/like-of-pattern.js';
import { exactPattern } from '../../grants/pattern.js';
import type { LedgerKind } from '../../ledger/ledger-kinds.js';
import { type TimelineEntry, TimelineReader } from '../../ledger/timelines/timeline-reader.js';
import { OperatorNames } from '../../operators/operator-names.js';
import { SEAT_STATE_KINDS } from '../../policy/past/policy-kinds.js';
import { SeatReader } from '../../seats/public/seats.js';
import { type KnownNames, Names } from '../log/names.js';
import { accessOf, ACCOUNT_KINDS, stretchesOf } from './operator-history.js';
import { type Lane, lanesOf, type LaneSpan, type Mark, marksOf, stripOf } from './lanes.js';
import { roomStretches } from './room-stretches.js';
import {
  MAX_DAYS,
  type TimelineLane,
  type TimelineMark,
  type TimelineQuery,
} from './timelines.schemas.js';

const DAY_MS = 86_400_000;
/** Entries that are read of a span, the newest first. */
const MAX_ENTRIES = 10_000;
/** Entries from before it that say who was there when it began. */
const MAX_BEFORE = 300;
const MAX_BEFORE_OF_ROOM = 1_000;
const MAX_STATES = 1_000;
const MAX_LANES = 60;
const MAX_LANES_OF_ROOM = 100;
const MAX_MARKS = 1_000;
const BARS = 60;

const COMINGS = [
  'token.issued',
  'gate.admitted',
  'participant.joined',
  'participant.left',
  'participant.aborted',
] as const satisfies readonly LedgerKind[];
const LANE_KINDS = [
  ...COMINGS,
  ...SEAT_STATE_KINDS,
  'seat.updated',
  'seat.removed',
  'seat.muted',
  'seat.peeked',
  'drift.repaired',
  'token.refused',
  'gate.refused',
] as const satisfies readonly LedgerKind[];
const ROOM_KINDS = [
  'room.started',
  'room.finished',
  'room.closed',
  'room.opened',
  'room.deleted',
  'scene.entered',
  'scene.left',
] as const satisfies readonly LedgerKind[];
/** Those of them that `ix_ledger_entry_policy` has. */
const ROOM_STATE_KINDS = [
  'room.closed',
  'room.opened',
  'room.deleted',
  'scene.entered',
  'scene.left',
] as const satisfies readonly LedgerKind[];

interface Span extends LaneSpan {
  /** Null: all rooms. */
  readonly rooms: readonly string[] | null;
}

/** A person, a room and an operator over time, from the log. */
@Injectable()
export class TimelinesService {
  constructor(
    private readonly searches: SearchPool,
    private readonly reader: TimelineReader,
    private readonly seats: SeatReader,
    private readonly names: Names,
    private readonly operators: OperatorNames,
    private readonly clock: DatabaseClock,
  ) {}

  /** Also of somebody who was never added as a user, and of nobody at all. */
  person(actor: Actor, identity: string, query: TimelineQuery) {
    return this.searches.inTurn(actor, () => this.readPerson(actor, identity, query));
  }

  private async readPerson(actor: Actor, identity: string, query: TimelineQuery) {
    const span = this.spanOf(actor, query);
    const { from, to, rooms } = span;
    const filter = { of: { identity }, rooms, kinds: LANE_KINDS };
    const states = { identities: [identity], room: null, rooms };
    const [found, before, sessions, set] = await Promise.all([
      this.reader.list(filter, from, to, MAX_ENTRIES),
      this.reader.listBefore({ ...filter, kinds: COMINGS }, from, MAX_BEFORE),
      this.seats.listSessions({ identity, rooms, since: from }, MAX_STATES),
      this.reader.listNewest(states, SEAT_STATE_KINDS, from, MAX_STATES),
    ]);
    const read = within(found, from);
    const seats = new Map(sessions.map((seat) => [seat.room, seat]));
    const entries = oldestFirst([...read.entries, ...(read.isPartial ? [] : before), ...set]);
    const lanes = lanesOf(entries, span, (room) => seats.get(room) ?? null);
    const marks = marksOf(entries, from);
    const names = await this.namesOf(lanes.slice(0, MAX_LANES), marks.slice(-MAX_MARKS), [
      identity,
    ]);
    return {
      from,
      to,
      readFrom: read.from,
      isPartial: read.isPartial || lanes.length > MAX_LANES || marks.length > MAX_MARKS,
      person: names.subject(identity)!,
      lanes: lanes.slice(0, MAX_LANES).map((lane) => toLane(lane, names)),
      marks: marks.slice(-MAX_MARKS).map((mark) => toMark(mark, names)),
    };
  }

  /** From the log, so a room that was deleted has one as well. */
  room(actor: Actor, room: string, query: TimelineQuery) {
    return this.searches.inTurn(actor, () => this.readRoom(actor, room, query));
  }

  private async readRoom(actor: Actor, room: string, query: TimelineQuery) {
    if (!actor.covers('ledger.read', exactPattern(room))) throw roomNotFound();
    const span = this.spanOf(actor, query);
    const { from, to } = span;
    const filter = { of: { room }, rooms: null, kinds: [...LANE_KINDS, ...ROOM_KINDS] };
    const [found, before, visible, ofRoom] = await Promise.all([
      this.reader.list(filter, from, to, MAX_ENTRIES),
      this.reader.listBefore(
        { ...filter, kinds: [...COMINGS, 'room.started', 'room.finished'] },
        from,
        MAX_BEFORE_OF_ROOM,
      ),
      this.seats.listVisible(room),
      this.reader.listOfRoom(room, ROOM_STATE_KINDS, from, MAX_STATES),
    ]);
    const read = within(found, from);
    const identities = [...read.entries, ...visible].flatMap((one) => one.identity ?? []);
    const set = await this.reader.listNewest(
      { identities: [...new Set(identities)], room, rooms: null },
      SEAT_STATE_KINDS,
      from,
      MAX_STATES,
    );
    const seats = new Map(visible.map((seat) => [seat.identity, seat]));
    const earlier = read.isPartial ? [] : before;
    const entries = oldestFirst([...read.entries, ...earlier, ...set]);
    const lanes = lanesOf(entries, span, (_, identity) => seats.get(identity) ?? null);
    const marks = marksOf(entries, from);
    const shown = lanes.slice(0, MAX_LANES_OF_ROOM);
    const names = await this.namesOf(shown, marks.slice(-MAX_MARKS), []);
    return {
      from,
      to,
      readFrom: read.from,
      isPartial: read.isPartial || lanes.length > shown.length || marks.length > MAX_MARKS,
      room,
      ...roomStretches(oldestFirst([...entries, ...ofRoom]), from),
      strip: stripOf(lanes, marks, span, BARS),
      lanes: shown.map((lane) => toLane(lane, names)),
      people: lanes.length,
      marks: marks.slice(-MAX_MARKS).map((mark) => toMark(mark, names)),
    };
  }

  operator(actor: Actor, id: string, query: TimelineQuery) {
    return this.searches.inTurn(actor, () => this.readOperator(actor, id, query));
  }

  private async readOperator(actor: Actor, id: string, query: TimelineQuery) {
    const span = this.spanOf(actor, query);
    const { from, to, rooms } = span;
    const filter = { of: { operator: id }, rooms, kinds: null };
    const [account, found] = await Promise.all([
      this.operators.find(id),
      this.reader.list(filter, from, to, MAX_ENTRIES),
    ]);
    // What is about an account is about no room, so a reader with a room limit does not see it.
    const changes =
      rooms === null
        ? await this.reader.listOfAccount(
            { id, email: account?.email ?? null },
            ACCOUNT_KINDS,
            to,
            MAX_STATES,
          )
        : null;
    const read = within(found, from);
    if (!account && read.entries.length === 0 && !changes?.length) {
      throw new AppError('not_found', 'operator.not_found', 'There is no such operator.');
    }
    const entries = oldestFirst(read.entries);
    return {
      from,
      to,
      readFrom: read.from,
      isPartial: read.isPartial,
      operator: { id, name: account?.name ?? entries.at(-1)?.actor.label ?? id },
      signedIn: entries
        .filter(({ kind }) => kind === 'operator.signed_in')
        .map(({ at, id: entry }) => ({ at, entry })),
      access:
        changes &&
        accessOf(changes, account, from).map(({ access, ...rest }) => ({
          ...rest,
          access: access.map(({ role, rooms: patterns }) => ({
            role,
            name: accessRole(role)?.name ?? role,
            rooms: patterns === null ? null : [...patterns],
            permissions: [...(accessRole(role)?.permissions ?? [])],
          })),
        })),
      lanes: stretchesOf(entries),
    };
  }

  private spanOf(actor: Actor, query: TimelineQuery): Span {
    const now = this.clock.now();
    const to = query.to ?? now;
    const from = query.from ?? new Date(to.getTime() - 7 * DAY_MS);
    if (from >= to) throw fieldError('from', 'must be before `to`');
    if (to.getTime() - from.getTime() > MAX_DAYS * DAY_MS) {
      throw fieldError('from', `must be at most ${MAX_DAYS} days before \`to\``);
    }
    const rooms = actor.roomsFor('ledger.read')?.map(likeOfPattern) ?? null;
    return { from, to, now, rooms };
  }

  private namesOf(
    lanes: readonly Lane[],
    marks: readonly Mark[],
    identities: readonly string[],
  ): Promise<KnownNames> {
    return this.names.lookUp({
      identities: [...identities, ...lanes.map(({ identity }) => identity)],
      actors: marks.map(({ actor }) => actor),
      templates: lanes.flatMap(({ segments }) => segments.map(({ template }) => template)),
    });
  }
}

/** Of entries that are newest first, one more than fits: as many as fit, and since when those are. */
function within(found: Awaited<ReturnType<TimelineReader['list']>>, from: Date) {
  return { ...found, from: found.isPartial ? (found.entries.at(-1)?.at ?? from) : from };
}

/** An entry that was read twice is there once. */
function oldestFirst(entries: readonly TimelineEntry[]): TimelineEntry[] {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  return [...byId.values()].toSorted((a, b) => a.at.getTime() - b.at.getTime());
}

function toLane(lane: Lane, names: KnownNames): TimelineLane {
  return {
    room: lane.room,
    identity: lane.identity,
    name: names.subject(lane.identity)?.name ?? lane.identity,
    segments: lane.segments.map(({ template, version, ...segment }) => ({
      ...segment,
      role: names.role(template, version),
    })),
    connections: lane.connections.map(({ identity: _, lineage, ...connection }) => ({
      ...connection,
      lineage: { ...lineage, candidates: [...lineage.candidates] },
    })),
  };
}

function toMark({ actor, ...mark }: Mark, names: KnownNames): TimelineMark {
  const name = names.actor(actor, false)?.name ?? actor.label;
  return { ...mark, actor: { kind: actor.kind, id: actor.id, name } };
}

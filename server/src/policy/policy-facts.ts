import type { Brought } from '../grants/brought.js';
import { ceilingOf, type IssuerCeiling } from '../grants/issuer-ceiling.js';
import type { ParticipantKind, PermissionLike } from '../grants/compile-grant.js';
import { matchesPattern } from '../grants/pattern.js';
import type {
  ActiveScene,
  AssignmentRule,
  Block,
  Hold,
  PolicyInput,
  TemplateState,
} from '../grants/policy.js';
import type { MutedTracks } from '../grants/silencing.js';
import { type OverrideRow, toOverride } from './override-row.js';

export interface PolicyUser {
  id: string;
  identity: string;
  name: string;
  kind: ParticipantKind;
  metadata: string;
  attributes: Record<string, string>;
  isSuspended: boolean;
  isDeleted: boolean;
  updatedAt: Date;
}

export interface PolicyRoom {
  name: string;
  isClosed: boolean;
  defaultTemplate: string | null;
  promoteTemplate: string | null;
  unlistedParticipants: 'allow' | 'remove';
  emptyTimeout: number;
  departureTimeout: number;
  maxParticipants: number;
  metadata: string;
  liveSid: string | null;
  /** Seconds since LiveKit was last seen to run it, by Postgres' clock; null: never. */
  unseenFor: number | null;
  scene: ActiveScene | null;
}

/** The token that the seat's connection was let in with, when it was bound to a ceiling. */
export interface Admitted {
  id: string;
  at: Date;
  ceiling: IssuerCeiling;
  /** When the seat's override was written that came with a later token, if one did. */
  issuedAt: Date | null;
}

/** A connect that the gate let in, while it is not known whether it came up. */
export interface Awaited {
  /** As `Admitted`; null for a token without a ceiling. */
  id: string | null;
  ceiling: IssuerCeiling | null;
  /** The connection that was there before: this is another one. */
  notSid: string | null;
}

/** What Postgres says of one identity in one room, read in one statement. */
export interface PolicyFacts {
  identity: string;
  /** Postgres' time when it said so: what decides is compared with this, not with a server's clock. */
  now: Date;
  user: PolicyUser | null;
  /** Null: Rolecall has no such room. */
  room: PolicyRoom | null;
  /** Rolecall has no such room yet; all of this is as it would be if it were created now. */
  isRoomNew: boolean;
  epoch: number;
  /** A token was issued for this seat at some time. */
  wasIssued: boolean;
  /** Tokens made until then are void: of the seat, the user, the room or everybody. */
  tokensVoidBefore: Date | null;
  /** Null: their connection is not bound, or did not come through the gate. */
  admitted: Admitted | null;
  /** Connects that may have come up since, or may do so yet. */
  awaited: readonly Awaited[];
  isPresent: boolean;
  leftAt: Date | null;
  /**
   * The permission of somebody without a role, or what they had before a scene or a hold took some
   * of it, until that is given back; of their connection `sid`.
   */
  uncovered: {
    permission: PermissionLike;
    isKept: boolean;
    sid: string | null;
  } | null;
  /** What somebody without a token of ours had before a role, also while they are away. */
  brought: Brought | null;
  /** They are in the room now, by WHIP. */
  isWhip: boolean;
  /** Tracks of theirs that a hold or a scene muted, so that its end unmutes them. */
  mutedTracks: MutedTracks;
  /** What `resolve` takes; null without a room. */
  input: PolicyInput | null;
}

export interface PolicyQuery {
  room: string | null;
  identity: string;
  /** What would be if the room were created now, should there be none. */
  mayRoomBeNew?: boolean;
}

/** What all questions of a batch share comes with the first row only. */
export interface FactRow extends OverrideRow {
  ord: number;
  now: Date | null;
  void_before: Date | null;
  rooms: RoomRow[] | null;
  everyone: AssignmentRow[] | null;
  templates: Record<string, TemplateState> | null;
  user_id: string | null;
  name: string;
  kind: ParticipantKind;
  metadata: string;
  attributes: Record<string, string>;
  is_suspended: boolean;
  is_deleted: boolean;
  user_void_before: Date | null;
  updated_at: Date;
  /** Null: the seat has no row. */
  epoch: number | null;
  was_issued: boolean;
  seat_void_before: Date | null;
  admitted: AdmittedRow | null;
  awaited: readonly AwaitedRow[] | null;
  is_present: boolean | null;
  left_at: Date | null;
  uncovered: PolicyFacts['uncovered'];
  brought: PolicyFacts['brought'];
  is_whip: boolean;
  muted_tracks: MutedTracks | null;
  peeks_at: string | null;
  block: Dated<Block> | null;
  hold: Dated<Hold> | null;
  own: AssignmentRow[] | null;
}

type RoomRow = Omit<PolicyRoom, 'scene'> & { scene: SceneRow | null; voidBefore: string | null };

/** As the gate writes it, and the issuer of an override's token adds to it. */
export interface AdmittedRow {
  readonly id: string;
  readonly at: string;
  readonly ceiling: readonly (readonly string[])[];
  readonly issuedAt?: string;
  /** LiveKit's id of the connection, where it was told by LiveKit and not by the gate. */
  readonly sid?: string;
}

/** One decision of the gate, or several of the same kind from the first to the last. */
export interface AwaitedRow {
  /** Names the decision, where the gate itself hears what comes of it. */
  readonly key?: string;
  readonly id: string | null;
  readonly ceiling: readonly (readonly string[])[] | null;
  readonly from: string;
  readonly to: string;
  readonly notSid: string | null;
}

type SceneRow = Omit<ActiveScene, 'at'> & { at: string };

/** As JSON has it. */
type Dated<T> = Omit<T, 'until' | 'at'> & { until: string | null; at: string };

interface AssignmentRow {
  id: string;
  is_everyone: boolean;
  room: string | null;
  pattern: string | null;
  template: string;
  priority: number;
  from: string | null;
  until: string | null;
  at: string;
  by: string;
  reason: string;
  /** Comes along for a near miss, whatever the room. */
  is_pool: boolean | null;
}

/** The facts for each question, in the order of the questions. */
export function factsFrom(
  rows: readonly FactRow[],
  questions: readonly PolicyQuery[],
): PolicyFacts[] {
  const shared = rows.find(({ ord }) => ord === 1) as FactRow;
  const everyone = (shared.everyone ?? []).map((row) => ({
    rule: toRule(row),
    isPool: row.is_pool === true,
  }));
  const templates = shared.templates ?? {};
  const common = { templates, voidBefore: shared.void_before, now: shared.now as Date };
  const rooms = new Map((shared.rooms ?? []).map((row) => [row.name, factsOf(row, everyone)]));
  const facts: PolicyFacts[] = [];
  for (const row of rows) {
    const question = questions[row.ord - 1] as PolicyQuery;
    const { room, mayRoomBeNew } = question;
    const known = room === null ? null : (rooms.get(room) ?? null);
    const here = known ?? (room !== null && mayRoomBeNew ? factsOfNew(room, everyone) : null);
    facts[row.ord - 1] = toFacts(question, row, here, common);
  }
  return facts;
}

interface RuleForEveryone {
  rule: AssignmentRule;
  isPool: boolean;
}

function concernsRoom({ rule, isPool }: RuleForEveryone, room: string): boolean {
  switch (rule.scope.kind) {
    case 'room':
      return rule.scope.room === room;
    case 'pattern':
      return isPool || matchesPattern(rule.scope.pattern, room);
    case 'all':
      return true;
  }
}

/** What all questions about one room share. */
interface RoomFacts {
  readonly room: PolicyRoom;
  readonly voidBefore: string | null;
  readonly rules: readonly AssignmentRule[];
  readonly isNew: boolean;
}

/** What all questions of a batch share. */
interface Common {
  readonly templates: Record<string, TemplateState>;
  readonly voidBefore: Date | null;
  readonly now: Date;
}

function toFacts(
  question: PolicyQuery,
  row: FactRow,
  here: RoomFacts | null,
  { templates, voidBefore, now }: Common,
): PolicyFacts {
  const user = toUser(question.identity, row);
  return {
    identity: question.identity,
    now,
    user,
    room: here?.room ?? null,
    isRoomNew: here?.isNew ?? false,
    epoch: row.epoch ?? 0,
    wasIssued: row.was_issued,
    tokensVoidBefore: latest(
      row.seat_void_before,
      row.user_void_before,
      here?.voidBefore,
      voidBefore,
    ),
    admitted: row.admitted && toAdmitted(row.admitted),
    awaited: (row.awaited ?? []).map(toAwaited),
    isPresent: row.is_present ?? false,
    leftAt: row.left_at,
    uncovered: row.uncovered,
    brought: row.brought,
    isWhip: row.is_whip,
    mutedTracks: row.muted_tracks ?? {},
    input: here && {
      subject: {
        userId: user?.id ?? null,
        identity: question.identity,
        isSuspended: user?.isSuspended ?? false,
        isDeleted: user?.isDeleted ?? false,
      },
      room: {
        name: here.room.name,
        isClosed: here.room.isClosed,
        defaultTemplate: here.room.defaultTemplate,
        scene: here.room.scene,
      },
      seat: row.epoch === null ? null : toSeatInput(row),
      assignments: row.own ? [...row.own.map(toRule), ...here.rules] : here.rules,
      templates,
    },
  };
}

function toAdmitted({ id, at, ceiling, issuedAt }: AdmittedRow): Admitted {
  return { id, at: new Date(at), ceiling: ceilingOf(ceiling), issuedAt: date(issuedAt ?? null) };
}

function toAwaited({ id, ceiling, notSid }: AwaitedRow): Awaited {
  return { id, ceiling: ceiling && ceilingOf(ceiling), notSid };
}

/**
 * Ceilings of tokens whose connection may be the one that is there, or may become it. Until it is
 * known, all of them hold.
 */
export function awaitedCeilings({ admitted, awaited }: PolicyFacts): IssuerCeiling[] {
  return awaited.flatMap(({ id, ceiling }) =>
    ceiling !== null && (id === null || id !== admitted?.id) ? [ceiling] : [],
  );
}

function toUser(identity: string, row: FactRow): PolicyUser | null {
  if (row.user_id === null) return null;
  return {
    id: row.user_id,
    identity,
    name: row.name,
    kind: row.kind,
    metadata: row.metadata,
    attributes: row.attributes,
    isSuspended: row.is_suspended,
    isDeleted: row.is_deleted,
    updatedAt: row.updated_at,
  };
}

function toSeatInput(row: FactRow): PolicyInput['seat'] {
  const { block, hold } = row;
  return {
    peeksAt: row.peeks_at,
    override: toOverride(row),
    block: block && { ...block, at: new Date(block.at), until: date(block.until) },
    hold: hold && { ...hold, at: new Date(hold.at), until: date(hold.until) },
  };
}

function toRule(row: AssignmentRow): AssignmentRule {
  return {
    id: row.id,
    subject: row.is_everyone ? 'everyone' : 'user',
    scope:
      row.room !== null
        ? { kind: 'room', room: row.room }
        : row.pattern !== null
          ? { kind: 'pattern', pattern: row.pattern }
          : { kind: 'all' },
    template: row.template,
    priority: row.priority,
    validFrom: date(row.from),
    validUntil: date(row.until),
    createdAt: new Date(row.at),
    by: row.by,
    reason: row.reason || null,
  };
}

function factsOf(
  { voidBefore, scene, ...row }: RoomRow,
  everyone: readonly RuleForEveryone[],
): RoomFacts {
  const room = {
    ...row,
    scene: scene && { ...scene, byKind: scene.byKind ?? null, at: new Date(scene.at) },
  };
  return { room, voidBefore, rules: rulesIn(room.name, everyone), isNew: false };
}

function factsOfNew(name: string, everyone: readonly RuleForEveryone[]): RoomFacts {
  return { room: newRoom(name), voidBefore: null, rules: rulesIn(name, everyone), isNew: true };
}

/** What came along for the other rooms of the batch is not for this one. */
function rulesIn(room: string, everyone: readonly RuleForEveryone[]): AssignmentRule[] {
  return everyone.filter((one) => concernsRoom(one, room)).map(({ rule }) => rule);
}

/** As the table's defaults have it. */
function newRoom(name: string): PolicyRoom {
  return {
    name,
    isClosed: false,
    defaultTemplate: null,
    promoteTemplate: null,
    unlistedParticipants: 'allow',
    emptyTimeout: 300,
    departureTimeout: 20,
    maxParticipants: 0,
    metadata: '',
    liveSid: null,
    unseenFor: null,
    scene: null,
  };
}

function latest(...instants: (string | Date | null | undefined)[]): Date | null {
  const times = instants.flatMap((instant) => (instant ? [new Date(instant).getTime()] : []));
  return times.length > 0 ? new Date(Math.max(...times)) : null;
}

function date(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}

import { Injectable } from '@nestjs/common';
import { Batcher } from '../common/batcher.js';
import { PgPool } from '../database/pg-pool.js';
import type { ParticipantKind } from '../grants/compile-grant.js';
import { PEEK_PREFIX } from '../grants/names.js';
import { matchesPattern } from '../grants/pattern.js';
import type { PermissionLike } from '../grants/compile-grant.js';
import type {
  ActiveScene,
  AssignmentRule,
  Block,
  Decision,
  Hold,
  Override,
  PolicyInput,
  TemplateState,
} from '../grants/policy.js';
import { ceilingOf, type IssuerCeiling } from '../grants/issuer-ceiling.js';
import { resolve } from '../grants/resolve.js';
import type { TemplateContent } from '../grants/role-grants.js';
import type { MutedTracks } from '../grants/silencing.js';

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

/** What Postgres says of one identity in one room, read in one statement. */
/** The token that the seat's last connection was let in with, when it was bound to a ceiling. */
export interface Admitted {
  id: string;
  at: Date;
  ceiling: IssuerCeiling;
  /** When the seat's override was written that came with a later token, if one did. */
  issuedAt: Date | null;
}

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
  /** Tokens made until then prove nothing any more: of the seat, the user, the room or everybody. */
  tokensVoidBefore: Date | null;
  /** Null: their last connection was not bound, or none came through the gate. */
  admitted: Admitted | null;
  isPresent: boolean;
  leftAt: Date | null;
  /**
   * What somebody whom no rule covers has, or had before a scene or a hold took some of it: until
   * that is given back.
   */
  uncovered: { permission: PermissionLike; isKept: boolean } | null;
  /** They are in the room now, by WHIP. */
  isWhip: boolean;
  /** Tracks of theirs that a hold or a scene muted, so that its end unmutes them. */
  mutedTracks: MutedTracks;
  /** What `resolve` takes; null without a room. */
  input: PolicyInput | null;
}

export interface Question {
  room: string | null;
  identity: string;
  /** What would be if the room were created now, should there be none. */
  mayRoomBeNew?: boolean;
}

/** What all questions of a batch share comes with the first row only. */
interface FactRow {
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
  is_present: boolean | null;
  left_at: Date | null;
  uncovered: PolicyFacts['uncovered'];
  is_whip: boolean;
  muted_tracks: MutedTracks | null;
  peeks_at: string | null;
  override_template: string | null;
  override_version: number;
  override_scope: Override['scope'];
  override_until: Date | null;
  override_at: Date;
  override_by: string;
  override_by_kind: Override['byKind'];
  override_reason: string | null;
  block: Dated<Block> | null;
  hold: Dated<Hold> | null;
  own: AssignmentRow[] | null;
}

type RoomRow = Omit<PolicyRoom, 'scene'> & { scene: SceneRow | null; voidBefore: string | null };

/** As the gate writes it, and the issuer of an override's token adds to it. */
interface AdmittedRow {
  id: string;
  at: string;
  ceiling: string[][];
  issuedAt?: string;
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

/** Rules that cannot win, newest first, that come along for what they may explain. */
const NEAR_MISSES = 200;

const ASSIGNMENT = `'id', a.id, 'is_everyone', a.user_id IS NULL, 'room', a.room_name,
  'pattern', a.room_pattern, 'template', a.template, 'priority', a.priority, 'from', a.valid_from,
  'until', a.valid_until, 'at', a.created_at, 'by', a.created_by_label, 'reason', a.reason`;

/** Whether a rule reaches the room; never null. */
const covers = (room: string) => `(a.room_name IS NULL AND a.room_pattern IS NULL
  OR coalesce(a.room_name = ${room}, false) OR coalesce(${room} LIKE a.room_like, false))`;

/** Not over, with an hour to spare for clocks that differ: such a rule may win. */
const CURRENT = `(a.valid_until IS NULL OR a.valid_until > now() - interval '1 hour')`;

/**
 * $1 rooms, $2 identities, one pair per question; $3 the rooms, each once. One row per question, in
 * columns: making JSON of them would take Postgres three times as long as finding them. Every rule
 * that may win comes along, however many there are; of the others only the newest do.
 */
const READ = `
  SELECT q.ord::int, CASE WHEN q.ord = 1 THEN clock_timestamp() END AS now,
    CASE WHEN q.ord = 1 THEN (SELECT tokens_void_before FROM installation) END AS void_before,
    CASE WHEN q.ord = 1 THEN (SELECT json_agg(json_build_object('name', r.name,
        'isClosed', r.is_closed,
        'defaultTemplate', r.default_template, 'promoteTemplate', r.promote_template,
        'unlistedParticipants', r.unlisted_participants, 'emptyTimeout', r.empty_timeout,
        'departureTimeout', r.departure_timeout, 'maxParticipants', r.max_participants,
        'metadata', r.metadata, 'liveSid', r.live_sid, 'scene', r.active_scene,
        'unseenFor', extract(epoch FROM now() - r.last_seen_live_at)::float8,
        'voidBefore', r.tokens_void_before))
      FROM room r WHERE r.name = ANY($3)) END AS rooms,
    CASE WHEN q.ord = 1 THEN (
      SELECT json_agg(json_build_object(${ASSIGNMENT}, 'is_pool', a.id = ANY(pool.ids)))
      FROM (SELECT ARRAY(
          SELECT a.id FROM assignment a
          WHERE a.user_id IS NULL AND (a.room_pattern IS NOT NULL OR NOT ${CURRENT})
            AND (a.room_name IS NULL OR a.room_name = ANY($3))
          ORDER BY a.created_at DESC LIMIT ${NEAR_MISSES}) AS ids OFFSET 0) pool
      JOIN assignment a ON a.user_id IS NULL AND (a.id = ANY(pool.ids) OR ${CURRENT} AND (
        a.room_name = ANY($3) OR (a.room_name IS NULL AND a.room_pattern IS NULL)
        OR EXISTS (SELECT FROM unnest($3::text[]) AS asked(room) WHERE asked.room LIKE a.room_like))))
      END AS everyone,
    CASE WHEN q.ord = 1 THEN (
      SELECT json_object_agg(key, json_build_object('published', published, 'isArchived', is_archived))
      FROM role_template) END AS templates,
    u.id AS user_id, u.name, u.kind, u.metadata, u.attributes, u.is_suspended,
    u.deleted_at IS NOT NULL AS is_deleted, u.tokens_void_before AS user_void_before, u.updated_at,
    s.epoch, s.last_issued_at IS NOT NULL AS was_issued, s.tokens_void_before AS seat_void_before,
    s.admitted, s.is_present, s.left_at,
    CASE WHEN coalesce(s.before_scene, s.permission) IS NOT NULL
        AND (s.last_issued_at IS NULL OR s.before_scene IS NOT NULL)
      THEN json_build_object('permission', coalesce(s.before_scene, s.permission),
        'isKept', s.before_scene IS NOT NULL) END AS uncovered,
    coalesce(s.is_present AND s.kind = 'whip', false) AS is_whip, s.muted_tracks, s.peeks_at,
    s.override_template, s.override_version, s.override_scope, s.override_until, s.override_at,
    s.override_by, s.override_by_kind, s.override_reason,
    CASE WHEN s.block_at IS NOT NULL THEN json_build_object('at', s.block_at,
      'until', s.block_until, 'by', s.block_by,
      'byKind', s.block_by_kind, 'reason', s.block_reason) END AS block,
    CASE WHEN s.hold_at IS NOT NULL THEN json_build_object('sources', s.hold_sources,
      'at', s.hold_at, 'until', s.hold_until, 'by', s.hold_by,
      'byKind', s.hold_by_kind, 'reason', s.hold_reason) END AS hold,
    CASE WHEN q.room IS NOT NULL AND EXISTS (SELECT FROM assignment a WHERE a.user_id = u.id)
      THEN (SELECT json_agg(json_build_object(${ASSIGNMENT})) FROM (
        SELECT a.* FROM assignment a
        WHERE a.user_id = u.id AND ${CURRENT} AND ${covers('q.room')}
        UNION ALL
        (SELECT a.* FROM assignment a
        WHERE a.user_id = u.id AND NOT (${CURRENT} AND ${covers('q.room')})
        ORDER BY a.created_at DESC LIMIT ${NEAR_MISSES})
      ) a) END AS own
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS q(room, identity, ord)
  LEFT JOIN app_user u ON u.identity = q.identity
    AND NOT starts_with(q.identity, '${PEEK_PREFIX}')
  LEFT JOIN seat s ON s.room = q.room AND s.identity = q.identity`;

interface VersionKey {
  template: string;
  version: number;
}

/** Versions never change, so this many may be kept. */
const MAX_CACHED_VERSIONS = 2_000;

/**
 * Reads everything that bears on a decision, and decides. Nothing that can change is cached:
 * questions that are asked at the same time share one statement instead.
 */
@Injectable()
export class PolicyReader {
  private readonly questions: Batcher<Question, PolicyFacts>;
  private readonly versionBatcher: Batcher<VersionKey, TemplateContent>;
  private readonly versions = new Map<string, TemplateContent>();

  constructor(private readonly pg: PgPool) {
    this.questions = new Batcher((batch) => this.readBatch(batch), { concurrency: 2 });
    this.versionBatcher = new Batcher((batch) => this.readVersions(batch));
  }

  /** The facts about one identity in one room, as they are now. */
  read(question: Question): Promise<PolicyFacts> {
    return this.questions.load(question);
  }

  /** Reads and decides. The decision is null when Rolecall has no such room. */
  async decide(question: Question): Promise<{ facts: PolicyFacts; decision: Decision | null }> {
    return this.decideFrom(await this.read(question));
  }

  /** The same from facts that were read already. */
  decideFrom(
    facts: PolicyFacts,
    at = facts.now,
  ): { facts: PolicyFacts; decision: Decision | null } {
    return { facts, decision: facts.input ? resolve(facts.input, at) : null };
  }

  /** The content of a published version. Throws when there is none: callers have it from a decision. */
  async version(template: string, version: number): Promise<TemplateContent> {
    return (
      this.versions.get(`${template}@${version}`) ?? this.versionBatcher.load({ template, version })
    );
  }

  private async readBatch(batch: Question[]): Promise<PolicyFacts[]> {
    const { rows } = await this.pg.queryPlannedOnce<FactRow & object>('policy-read', READ, [
      batch.map((q) => q.room),
      batch.map((q) => q.identity),
      [...new Set(batch.map((q) => q.room))].filter((room) => room !== null),
    ]);
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
      const question = batch[row.ord - 1] as Question;
      const { room, mayRoomBeNew } = question;
      const known = room === null ? null : (rooms.get(room) ?? null);
      const here = known ?? (room !== null && mayRoomBeNew ? factsOfNew(room, everyone) : null);
      facts[row.ord - 1] = toFacts(question, row, here, common);
    }
    return facts;
  }

  private async readVersions(batch: VersionKey[]): Promise<(TemplateContent | Error)[]> {
    const { rows } = await this.pg.query<TemplateContent & VersionKey>(
      'policy-versions',
      `SELECT v.template, v.version, v.grants, v.ttl, v.metadata, v.attributes
       FROM unnest($1::text[], $2::int[]) AS q(template, version)
       JOIN role_template_version v ON v.template = q.template AND v.version = q.version`,
      [batch.map((k) => k.template), batch.map((k) => k.version)],
    );
    if (this.versions.size > MAX_CACHED_VERSIONS) this.versions.clear();
    for (const { template, version, grants, ttl, metadata, attributes } of rows) {
      this.versions.set(`${template}@${version}`, { grants, ttl, metadata, attributes });
    }
    return batch.map(
      ({ template, version }) =>
        this.versions.get(`${template}@${version}`) ??
        new Error(`there is no version ${version} of ${template}`),
    );
  }
}

interface RuleForEveryone {
  rule: AssignmentRule;
  isPool: boolean;
}

function bearsOn({ rule, isPool }: RuleForEveryone, room: string): boolean {
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
  question: Question,
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
    isPresent: row.is_present ?? false,
    leftAt: row.left_at,
    uncovered: row.uncovered,
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
      seat: row.epoch === null ? null : toWish(row),
      assignments: row.own ? [...row.own.map(toRule), ...here.rules] : here.rules,
      templates,
    },
  };
}

function toAdmitted({ id, at, ceiling, issuedAt }: AdmittedRow): Admitted {
  return { id, at: new Date(at), ceiling: ceilingOf(ceiling), issuedAt: date(issuedAt ?? null) };
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

function toWish(row: FactRow): PolicyInput['seat'] {
  const { block, hold } = row;
  return {
    peeksAt: row.peeks_at,
    override:
      row.override_template === null
        ? null
        : {
            template: row.override_template,
            version: row.override_version,
            scope: row.override_scope,
            until: row.override_until,
            at: row.override_at,
            by: row.override_by,
            byKind: row.override_by_kind,
            reason: row.override_reason,
          },
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
  return everyone.filter((one) => bearsOn(one, room)).map(({ rule }) => rule);
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

import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { changesBetween } from '../common/changes.js';
import { AppError } from '../common/errors/app-error.js';
import { assertMatch, refuseReadOnly } from '../common/http/etag.js';
import { likePattern, type Page } from '../common/http/lists.js';
import { likeOfPattern } from '../database/like-of-pattern.js';
import { PgPool } from '../database/pg-pool.js';
import { readPage } from '../database/read-page.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import { type Hint, Hints } from '../hints/hints.js';
import type { ActiveScene } from '../grants/policy.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { isUnavailable } from '../livekit/livekit-error.js';
import { RoomsPort } from '../livekit/rooms-port.js';
import { publishedGrants } from '../role-templates/published-grants.js';
import { beyondCeiling } from '../role-templates/role-templates.service.js';
import { type SilenceFigures, silenceFiguresOf } from '../seats/store/silence-figures.js';
import { Room } from './room.entity.js';
import type { CreateRoomBody, ListRoomsQuery, UpdateRoomBody } from './rooms.schemas.js';
import { RoomRemoval } from './room-removal.js';

interface RoomRow {
  name: string;
  title: string;
  empty_timeout: number;
  departure_timeout: number;
  max_participants: number;
  metadata: string;
  default_template: string | null;
  promote_template: string | null;
  unlisted_participants: 'allow' | 'remove';
  is_closed: boolean;
  is_demo: boolean;
  live_sid: string | null;
  live_since: Date | null;
  num_participants: number;
  active_scene: RoomSceneView | null;
  silence: SilenceFigures;
  revision: number;
  created_at: Date;
  updated_at: Date;
}

/** The scene that a room plays, as it is stored. */
export type RoomSceneView = Omit<ActiveScene, 'at'> & { readonly at: string };

export type RoomView = ReturnType<typeof toView>;

/** What came of a change that LiveKit has to follow. */
export interface RoomSettlement {
  operationId: string;
  outcome: 'applied' | 'pending' | 'failed';
  detail: string | null;
}

const COLUMNS = `r.name, r.title, r.empty_timeout, r.departure_timeout, r.max_participants, r.metadata,
  r.default_template, r.promote_template, r.unlisted_participants, r.is_closed, r.is_demo,
  r.live_sid, r.live_since, r.num_participants, r.active_scene, r.revision, r.created_at, r.updated_at,
  ${silenceFiguresOf('r.name')} AS silence`;

const SORT_COLUMNS: Record<string, string> = {
  id: 'r.name',
  name: 'r.name',
  title: 'r.title',
  numParticipants: 'r.num_participants',
  liveSince: 'r.live_since',
  isClosed: 'r.is_closed',
  maxParticipants: 'r.max_participants',
  defaultTemplate: 'r.default_template',
  createdAt: 'r.created_at',
};

const READ_ONLY = ['id', 'name', 'isClosed', 'isDemo', 'createdAt'] as const;

/** LiveKit reads these when it creates the room, and never again. */
const FIXED_WHILE_LIVE = ['emptyTimeout', 'departureTimeout', 'maxParticipants'] as const;

/** The rooms that Rolecall knows, with the options that LiveKit creates them with. */
@Injectable()
export class RoomsService {
  constructor(
    private readonly pg: PgPool,
    private readonly transactions: Transactions,
    private readonly removal: RoomRemoval,
    private readonly port: RoomsPort,
    private readonly ledger: LedgerService,
    private readonly hints: Hints,
  ) {}

  async list(actor: Actor, { filter, sort, range }: ListRoomsQuery): Promise<Page<RoomView>> {
    const { rows, total } = await readPage<RoomRow>(this.pg, {
      name: 'room-list',
      sort,
      columns: COLUMNS,
      from: 'room r',
      where: `($1::text[] IS NULL OR r.name LIKE ANY($1))
        AND ($2::text IS NULL OR r.name ILIKE $2 OR r.title ILIKE $2)
        AND ($3::boolean IS NULL OR r.is_closed = $3)
        AND ($4::boolean IS NULL OR (r.live_sid IS NOT NULL) = $4)
        AND ($5::text IS NULL OR r.name = $5)
        AND ($6::text[] IS NULL OR r.name = ANY($6))`,
      sortColumns: SORT_COLUMNS,
      key: 'r.name',
      values: [
        actor.roomsFor('room.read')?.map(likeOfPattern) ?? null,
        filter.q ? likePattern(filter.q) : null,
        filter.isClosed ?? null,
        filter.isLive ?? null,
        filter.name ?? null,
        filter.id ?? null,
      ],
      range,
    });
    return { rows: rows.map(toView), total };
  }

  async get(name: string): Promise<{ view: RoomView; revision: number }> {
    const { rows } = await this.pg.query<RoomRow>(
      'room-get',
      `SELECT ${COLUMNS} FROM room r WHERE r.name = $1`,
      [name],
    );
    if (!rows[0]) throw notFound();
    return { view: toView(rows[0]), revision: rows[0].revision };
  }

  /** LiveKit hears of the room when it is needed: at the first token. */
  async create(actor: Actor, body: CreateRoomBody): Promise<void> {
    if (!actor.can('room.create', body.name)) {
      const text = 'your access is limited to rooms with other names';
      throw new AppError('forbidden', 'access.denied', `name: ${text}`, { errors: { name: text } });
    }
    await this.transactions.run(async (tx) => {
      await assertMayUse(tx, actor, 'room.create', body.name, body);
      await tx.manager.insert(Room, body);
      recordCreated(tx, actor, body);
      this.tell(tx, body.name);
    });
  }

  /** Makes sure that Rolecall knows the room. Callers may race: one of them adds it, with its entry. */
  async ensure(actor: Actor, name: string): Promise<void> {
    await this.transactions.run(async (tx) => {
      const { rowCount } = await tx.query(
        'INSERT INTO room (name) VALUES ($1) ON CONFLICT ON CONSTRAINT pk_room DO NOTHING',
        [name],
      );
      if (!rowCount) return;
      recordCreated(tx, actor, { name });
      this.tell(tx, name);
    });
  }

  /**
   * Changes options. A running room takes over its metadata; the answer lists what waits for the
   * room to be created anew.
   */
  async update(
    actor: Actor,
    name: string,
    body: UpdateRoomBody,
    ifMatch: string | undefined,
  ): Promise<string[]> {
    const operationId = randomUUID();
    const done = await this.transactions.run(async (tx) => {
      const row = await lock(tx, name);
      const before = toView(row);
      assertMatch(ifMatch, row.revision, before);
      refuseReadOnly(body, before, READ_ONLY);
      const changes = changesBetween<Partial<RoomView>>(before, optionsOf(body));
      if (!changes) return null;
      await assertMayUse(tx, actor, 'room.update', name, changes.after);
      await tx.manager.update(Room, name, {
        ...changes.after,
        revision: row.revision + 1,
        updatedAt: () => 'clock_timestamp()',
      });
      const metadata = row.live_sid === null ? undefined : changes.after.metadata;
      const isPushed = metadata !== undefined;
      tx.record({
        kind: 'room.updated',
        outcome: isPushed ? 'intent' : 'ok',
        actor,
        room: name,
        payload: { ...(isPushed ? { operationId } : {}), ...changes },
      });
      this.tell(tx, name, 'policy');
      const waiting: string[] = FIXED_WHILE_LIVE.filter(
        (field) => row.live_sid !== null && changes.after[field] !== undefined,
      );
      return { metadata, waiting };
    });
    if (done?.metadata === undefined) return done?.waiting ?? [];
    const problem = await this.pushMetadata(name, done.metadata);
    await this.ledger.appendDurably({
      kind: 'room.updated',
      outcome: problem === null ? 'applied' : 'failed',
      actor,
      room: name,
      payload: { operationId, ...(problem === null ? {} : { detail: problem }) },
    });
    return problem === null ? done.waiting : [...done.waiting, 'metadata'];
  }

  /**
   * Nobody gets in from the commit on; then LiveKit ends the room for those who are in it. While
   * LiveKit cannot be asked the answer is `pending`, and whoever watches the rooms calls
   * `endIfClosed` until it is done.
   */
  async close(
    actor: Actor,
    name: string,
    reason: string | undefined,
    ifMatch: string | undefined,
  ): Promise<RoomSettlement> {
    const operationId = randomUUID();
    await this.transactions.run(async (tx) => {
      const row = await lock(tx, name);
      assertMatch(ifMatch, row.revision, toView(row));
      await setClosed(tx, row, true);
      tx.record({
        kind: 'room.closed',
        outcome: 'intent',
        actor,
        room: name,
        reason: reason ?? null,
        payload: { operationId, before: { isClosed: row.is_closed }, after: { isClosed: true } },
      });
      this.tell(tx, name, 'policy');
    });
    const { outcome, detail } = await this.end(name);
    await this.ledger.appendDurably({
      kind: 'room.closed',
      outcome,
      actor,
      room: name,
      reason: reason ?? null,
      payload: { operationId, ...(detail === null ? {} : { detail }) },
    });
    return { operationId, outcome, detail };
  }

  /**
   * For the sweep, when it sees a closed room that still runs: ends it, and gives an operation that
   * is pending its outcome. Answers whether the room is ended. Does nothing for an open room.
   */
  async endIfClosed(actor: Actor, name: string): Promise<boolean> {
    const { rows } = await this.pg.query<{ operation: string | null }>(
      'room-pending-close',
      `SELECT (
         SELECT CASE WHEN e.outcome = 'pending' THEN e.payload->>'operationId' END
         FROM ledger_entry e WHERE e.room = r.name AND e.kind = 'room.closed'
           AND e.outcome <> 'intent'
         ORDER BY e.at DESC, e.shard DESC, e.seq DESC LIMIT 1) AS operation
       FROM room r WHERE r.name = $1 AND r.is_closed`,
      [name],
    );
    if (!rows[0]) return false;
    const { outcome } = await this.end(name);
    if (outcome !== 'applied') return false;
    if (rows[0].operation !== null) {
      await this.ledger.appendDurably({
        kind: 'room.closed',
        outcome,
        actor,
        room: name,
        payload: { operationId: rows[0].operation },
      });
    }
    return true;
  }

  /** Opening an open room changes nothing. */
  async open(actor: Actor, name: string, ifMatch: string | undefined): Promise<void> {
    await this.transactions.run(async (tx) => {
      const row = await lock(tx, name);
      assertMatch(ifMatch, row.revision, toView(row));
      if (!row.is_closed) return;
      await setClosed(tx, row, false);
      tx.record({
        kind: 'room.opened',
        outcome: 'ok',
        actor,
        room: name,
        payload: { before: { isClosed: true }, after: { isClosed: false } },
      });
      this.tell(tx, name, 'policy');
    });
  }

  /**
   * Closes the room, ends it in LiveKit, and only then forgets it with its seats and the assignments
   * for it alone: a room that went on without us would be out of everybody's reach. The ledger keeps
   * its entries. Throws `unavailable` when LiveKit cannot end a room that runs; it is closed then.
   */
  async delete(actor: Actor, name: string, ifMatch?: string): Promise<void> {
    const operationId = randomUUID();
    const before = await this.transactions.run(async (tx) => {
      const row = await lock(tx, name);
      const view = toView(row);
      assertMatch(ifMatch, row.revision, view);
      await setClosed(tx, row, true);
      tx.record({
        kind: 'room.deleted',
        outcome: 'intent',
        actor,
        room: name,
        payload: { operationId, before: view },
      });
      this.tell(tx, name, 'policy');
      return row;
    });
    const { outcome, detail } = await this.end(name);
    if (outcome !== 'applied' && before.live_sid !== null) {
      await this.ledger.appendDurably({
        kind: 'room.deleted',
        outcome: 'failed',
        actor,
        room: name,
        payload: { operationId, detail, after: { isClosed: true } },
      });
      throw new AppError(
        'unavailable',
        'room.not_ended',
        'LiveKit cannot end the room now, so it is closed but not deleted. Delete it again when LiveKit answers.',
        { retryAfter: 5 },
      );
    }
    await this.transactions.run(async (tx) => {
      await tx.query('SELECT 1 FROM room WHERE name = $1 FOR UPDATE', [name]);
      await this.removal.run(tx, actor, name);
      const { rowCount } = await tx.query('DELETE FROM room WHERE name = $1', [name]);
      if (!rowCount) return; // somebody else deleted it as well, and has told
      tx.record({
        kind: 'room.deleted',
        outcome: 'applied',
        actor,
        room: name,
        payload: { operationId, ...(detail === null ? {} : { detail }) },
      });
      this.tell(tx, name);
    });
  }

  /** Ends the room in LiveKit. Without a LiveKit server nothing runs, so nothing is left to do. */
  private async end(name: string): Promise<Omit<RoomSettlement, 'operationId'>> {
    try {
      await this.port.deleteRoom(name);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (error.code === 'livekit.absent') return { outcome: 'applied', detail: error.message };
      return { outcome: isUnavailable(error) ? 'pending' : 'failed', detail: error.message };
    }
    return { outcome: 'applied', detail: null };
  }

  /** What went wrong, or null. */
  private async pushMetadata(name: string, metadata: string): Promise<string | null> {
    try {
      await this.port.updateRoomMetadata(name, metadata);
      return null;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return error.message;
    }
  }

  /** `policy` asks for everybody in the room to be looked at again. */
  private tell(tx: Tx, name: string, type: 'room' | 'policy' = 'room'): void {
    const hints: Hint[] = [
      { topic: 'rooms', type: 'room', key: name },
      { topic: `room:${name}`, type: 'room', key: name },
    ];
    if (type === 'policy') hints.push({ topic: `room:${name}`, type, key: null });
    tx.afterCommit(() => this.hints.publish(hints));
  }
}

/** The templates that a room would give must be usable, and no more than the actor may give there. */
async function assertMayUse(
  tx: Tx,
  actor: Actor,
  permission: 'room.create' | 'room.update',
  room: string,
  wanted: { defaultTemplate?: string | null; promoteTemplate?: string | null },
): Promise<void> {
  for (const field of ['defaultTemplate', 'promoteTemplate'] as const) {
    const key = wanted[field];
    if (key == null) continue;
    const beyond = actor.exceeding(permission, await publishedGrants(tx, key, field), room);
    if (beyond.length > 0) throw beyondCeiling(beyond);
  }
}

async function lock(tx: Tx, name: string): Promise<RoomRow> {
  const { rows } = await tx.query<RoomRow>(
    `SELECT ${COLUMNS} FROM room r WHERE r.name = $1 FOR UPDATE`,
    [name],
  );
  if (!rows[0]) throw notFound();
  return rows[0];
}

async function setClosed(tx: Tx, row: RoomRow, isClosed: boolean): Promise<void> {
  if (row.is_closed === isClosed) return;
  await tx.manager.update(Room, row.name, {
    isClosed,
    revision: row.revision + 1,
    updatedAt: () => 'clock_timestamp()',
  });
}

function recordCreated(tx: Tx, actor: Actor, after: CreateRoomBody): void {
  tx.record({ kind: 'room.created', outcome: 'ok', actor, room: after.name, payload: { after } });
}

function optionsOf(body: UpdateRoomBody) {
  const { title, emptyTimeout, departureTimeout, maxParticipants, metadata } = body;
  const { defaultTemplate, promoteTemplate, unlistedParticipants } = body;
  return {
    title,
    emptyTimeout,
    departureTimeout,
    maxParticipants,
    metadata,
    defaultTemplate,
    promoteTemplate,
    unlistedParticipants,
  };
}

function notFound(): AppError {
  return new AppError('not_found', 'room.not_found', 'There is no such room.');
}

function toView(row: RoomRow) {
  return {
    id: row.name,
    name: row.name,
    title: row.title,
    emptyTimeout: row.empty_timeout,
    departureTimeout: row.departure_timeout,
    maxParticipants: row.max_participants,
    metadata: row.metadata,
    defaultTemplate: row.default_template,
    promoteTemplate: row.promote_template,
    unlistedParticipants: row.unlisted_participants,
    isClosed: row.is_closed,
    isDemo: row.is_demo,
    numParticipants: row.num_participants,
    liveSince: row.live_since,
    scene: row.active_scene,
    silence: row.silence,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

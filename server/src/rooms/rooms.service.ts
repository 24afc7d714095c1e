import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { changesBetween } from '../common/changes.js';
import { AppError } from '../common/errors/app-error.js';
import { beyondCeiling, outsideRoomLimit, roomNotFound } from '../common/errors/refusals.js';
import { assertMatch, refuseReadOnly } from '../common/http/etag.js';
import type { Page } from '../common/http/lists.js';
import { likeOfPattern } from '../database/like-of-pattern.js';
import { PgPool } from '../database/pg-pool.js';
import { readPage } from '../database/read-page.js';
import { collated, containsText, searchPattern } from '../database/text-search.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import { Hints } from '../hints/hints.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { RoomsPort } from '../livekit/rooms-port.js';
import { publishedGrants } from '../role-templates/published-grants.js';
import { Room } from './room.entity.js';
import type { CreateRoomBody, ListRoomsQuery, UpdateRoomBody } from './rooms.schemas.js';
import { notifyOfRoom } from './room-hints.js';
import { lockRoom, ROOM_COLUMNS, type RoomRow, type RoomView, toRoomView } from './room-record.js';

const SORT_COLUMNS: Record<string, string> = {
  id: collated('r.name'),
  name: collated('r.name'),
  title: collated('r.title'),
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
    private readonly port: RoomsPort,
    private readonly ledger: LedgerService,
    private readonly hints: Hints,
  ) {}

  async list(actor: Actor, { filter, sort, range }: ListRoomsQuery): Promise<Page<RoomView>> {
    const { rows, total } = await readPage<RoomRow>(this.pg, {
      name: 'room-list',
      sort,
      columns: ROOM_COLUMNS,
      from: 'room r',
      where: `($1::text[] IS NULL OR r.name LIKE ANY($1))
        AND ($2::text IS NULL OR ${containsText('$2', ['r.name', 'r.title'])})
        AND ($3::boolean IS NULL OR r.is_closed = $3)
        AND ($4::boolean IS NULL OR (r.live_sid IS NOT NULL) = $4)
        AND ($5::text IS NULL OR r.name = $5)
        AND ($6::text[] IS NULL OR r.name = ANY($6))`,
      sortColumns: SORT_COLUMNS,
      key: 'r.name',
      values: [
        actor.roomsFor('room.read')?.map(likeOfPattern) ?? null,
        searchPattern(filter.q),
        filter.isClosed ?? null,
        filter.isLive ?? null,
        filter.name ?? null,
        filter.id ?? null,
      ],
      range,
    });
    return { rows: rows.map(toRoomView), total };
  }

  async get(name: string): Promise<{ view: RoomView; revision: number }> {
    const { rows } = await this.pg.query<RoomRow>(
      'room-get',
      `SELECT ${ROOM_COLUMNS} FROM room r WHERE r.name = $1`,
      [name],
    );
    if (!rows[0]) throw roomNotFound();
    return { view: toRoomView(rows[0]), revision: rows[0].revision };
  }

  /** LiveKit hears of the room when it is needed: at the first token. */
  async create(actor: Actor, body: CreateRoomBody): Promise<void> {
    if (!actor.can('room.create', body.name)) {
      throw outsideRoomLimit('name', 'your access is limited to rooms with other names');
    }
    await this.transactions.run(async (tx) => {
      await assertMayUse(tx, actor, 'room.create', body.name, body);
      await tx.manager.insert(Room, body);
      recordCreated(tx, actor, body);
      notifyOfRoom(tx, this.hints, body.name);
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
      notifyOfRoom(tx, this.hints, name);
    });
  }

  /**
   * Changes options. A running room takes over its metadata; the result lists what applies when the
   * room is created again.
   */
  async update(
    actor: Actor,
    name: string,
    body: UpdateRoomBody,
    ifMatch: string | undefined,
  ): Promise<string[]> {
    const operationId = randomUUID();
    const done = await this.transactions.run(async (tx) => {
      const row = await lockRoom(tx, name);
      const before = toRoomView(row);
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
      notifyOfRoom(tx, this.hints, name, 'policy');
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
}

/** The room's templates must be usable, and within what the actor may give there. */
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

import { Injectable } from '@nestjs/common';
import type { ActorRef } from '../actor/actor.js';
import { PgPool } from '../database/pg-pool.js';
import type { Tx } from '../ledger/transactions.js';
import type { SeatExtra } from '../seats/public/policy.js';
import { leftJoinSeat } from '../seats/public/sql.js';
import { leftJoinOperator } from '../operators/operator-sql.js';
import { leftJoinUserOf } from '../users/user-sql.js';
import type { StageRequest, StageRequestKind, StageRequestState } from './stage-request.js';

/** How long a hand outlives its participant's connection: a reload keeps its place. */
const GRACE_SECONDS = 30;
/** Older decisions are not shown to the participant. */
const TOLD_FOR = `interval '10 minutes'`;

const COLUMNS = `id, room, identity, kind, state, template, source, note, word, by_kind, by_id,
  by_label, created_at, decided_at, expires_at`;

const OPEN = `state = 'waiting' AND (expires_at IS NULL OR expires_at > now())`;

/** What has expired, and hands and questions of who left ($1 seconds ago) or is blocked. */
const OVERDUE = `SELECT r.id FROM stage_request r
  ${leftJoinSeat('r')}
  WHERE r.state = 'waiting' AND (r.expires_at <= now()
    OR (r.kind <> 'invite' AND NOT coalesce(s.is_present, false)
      AND greatest(s.left_at, r.created_at) < now() - make_interval(secs => $1))
    OR (s.block_at IS NOT NULL AND coalesce(s.block_until, 'infinity') > now()))`;

interface Row {
  id: string;
  room: string;
  identity: string;
  kind: StageRequestKind;
  state: StageRequestState;
  template: string | null;
  source: StageRequest['source'];
  note: string | null;
  word: string | null;
  by_kind: ActorRef['kind'] | null;
  by_id: string | null;
  by_label: string | null;
  created_at: Date;
  decided_at: Date | null;
  expires_at: Date | null;
}

/** One that waits, as moderators see it. */
export interface WaitingRequest extends StageRequest {
  readonly name: string | null;
  readonly isPresent: boolean;
}

/** One of a participant's own, as they see it. */
export interface OwnRequest extends StageRequest {
  /** Of a raised hand: 1 is next. */
  readonly position: number | null;
  /** The name of who asked, never how they sign in. */
  readonly askedBy: string | null;
}

export interface NewAsk {
  readonly room: string;
  readonly identity: string;
  readonly kind: 'invite' | 'unmute';
  readonly template?: string | null;
  readonly source?: StageRequest['source'];
  readonly note?: string | null;
  readonly by: ActorRef;
  readonly seconds: number;
}

/** The table `stage_request`. A seat has at most one waiting request of a kind (and source). */
@Injectable()
export class StageStore {
  constructor(private readonly pg: PgPool) {}

  /** Raising twice keeps the place; only the note may change. */
  async raise(
    tx: Tx,
    room: string,
    identity: string,
    note: string | null,
  ): Promise<{ request: StageRequest; isNew: boolean }> {
    const { rows } = await tx.query<Row & { is_new: boolean }>(
      `INSERT INTO stage_request AS r (room, identity, kind, note) VALUES ($1, $2, 'hand', $3)
       ON CONFLICT (room, identity, kind, coalesce(source, '')) WHERE state = 'waiting'
       DO UPDATE SET note = coalesce(EXCLUDED.note, r.note)
       RETURNING ${COLUMNS}, xmax = 0 AS is_new`,
      [room, identity, note],
    );
    const row = rows[0] as Row & { is_new: boolean };
    return { request: toRequest(row), isNew: row.is_new };
  }

  /** Asking again replaces the request that waits. */
  async ask(tx: Tx, ask: NewAsk): Promise<StageRequest> {
    const { rows } = await tx.query<Row>(
      `INSERT INTO stage_request AS r (room, identity, kind, template, source, note, by_kind, by_id,
         by_label, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, clock_timestamp() + make_interval(secs => $10))
       ON CONFLICT (room, identity, kind, coalesce(source, '')) WHERE state = 'waiting'
       DO UPDATE SET template = EXCLUDED.template, note = EXCLUDED.note, by_kind = EXCLUDED.by_kind,
         by_id = EXCLUDED.by_id, by_label = EXCLUDED.by_label, created_at = EXCLUDED.created_at,
         expires_at = EXCLUDED.expires_at
       RETURNING ${COLUMNS}`,
      [
        ask.room,
        ask.identity,
        ask.kind,
        ask.template ?? null,
        ask.source ?? null,
        ask.note ?? null,
        ask.by.kind,
        ask.by.id,
        ask.by.label,
        ask.seconds,
      ],
    );
    return toRequest(rows[0] as Row);
  }

  async find(id: string): Promise<StageRequest | null> {
    const { rows } = await this.pg.query<Row>(
      'stage-find',
      `SELECT ${COLUMNS} FROM stage_request WHERE id = $1`,
      [id],
    );
    return rows[0] ? toRequest(rows[0]) : null;
  }

  async findOpen(
    room: string,
    identity: string,
    kind: StageRequestKind,
  ): Promise<StageRequest | null> {
    const { rows } = await this.pg.query<Row>(
      'stage-find-open',
      `SELECT ${COLUMNS} FROM stage_request
       WHERE room = $1 AND identity = $2 AND kind = $3 AND ${OPEN}
       ORDER BY created_at LIMIT 1`,
      [room, identity, kind],
    );
    return rows[0] ? toRequest(rows[0]) : null;
  }

  /** Null when it no longer waits: somebody else decided it, or it expired. */
  async settle(
    tx: Tx,
    id: string,
    state: Exclude<StageRequestState, 'waiting'>,
    decision: { word?: string | null; by?: ActorRef } = {},
  ): Promise<StageRequest | null> {
    const { word = null, by } = decision;
    const { rows } = await tx.query<Row>(
      `UPDATE stage_request SET state = $2, decided_at = clock_timestamp(), word = $3,
         by_kind = coalesce($4, by_kind), by_id = coalesce($5, by_id),
         by_label = coalesce($6, by_label)
       WHERE id = $1 AND ${OPEN} RETURNING ${COLUMNS}`,
      [id, state, word, by?.kind ?? null, by?.id ?? null, by?.label ?? null],
    );
    return rows[0] ? toRequest(rows[0]) : null;
  }

  /** The same for whatever of a kind (and source) waits for a seat. */
  async settleOf(
    tx: Tx,
    room: string,
    identity: string,
    kind: StageRequestKind,
    state: Exclude<StageRequestState, 'waiting'>,
    source: StageRequest['source'] | undefined = null,
    by?: ActorRef,
  ): Promise<StageRequest[]> {
    const { rows } = await tx.query<Row>(
      `UPDATE stage_request SET state = $4, decided_at = clock_timestamp(),
         by_kind = coalesce($6, by_kind), by_id = coalesce($7, by_id),
         by_label = coalesce($8, by_label)
       WHERE room = $1 AND identity = $2 AND kind = $3 AND ($5::text IS NULL OR source = $5)
         AND ${OPEN}
       RETURNING ${COLUMNS}`,
      [room, identity, kind, state, source, by?.kind ?? null, by?.id ?? null, by?.label ?? null],
    );
    return rows.map(toRequest);
  }

  /** Approves the raised hands of these people. */
  async approveAllOf(
    tx: Tx,
    room: string,
    identities: readonly string[],
    by: ActorRef,
  ): Promise<StageRequest[]> {
    const { rows } = await tx.query<Row>(
      `UPDATE stage_request SET state = 'approved', decided_at = clock_timestamp(),
         by_kind = $3, by_id = $4, by_label = $5
       WHERE room = $1 AND identity = ANY($2) AND kind = 'hand' AND ${OPEN}
       RETURNING ${COLUMNS}`,
      [room, identities, by.kind, by.id, by.label],
    );
    return rows.map(toRequest);
  }

  /** Everything that waits in a room, oldest first. */
  async listWaiting(room: string): Promise<WaitingRequest[]> {
    const { rows } = await this.pg.query<Row & { name: string | null; is_present: boolean }>(
      'stage-waiting',
      `SELECT ${COLUMNS.replaceAll(/\b(\w+)\b/g, 'r.$1')},
         coalesce(nullif(s.name, ''), nullif(u.name, '')) AS name,
         coalesce(s.is_present, false) AS is_present
       FROM stage_request r
       ${leftJoinSeat('r')}
       ${leftJoinUserOf('r.identity')}
       WHERE r.room = $1 AND r.state = 'waiting' AND (r.expires_at IS NULL OR r.expires_at > now())
       ORDER BY r.created_at, r.id`,
      [room],
    );
    return rows.map((row) => ({ ...toRequest(row), name: row.name, isPresent: row.is_present }));
  }

  /** What a seat is shown with: of the whole room, or of some. Who has neither is left out. */
  async readExtras(
    room: string,
    identities: readonly string[] | null,
  ): Promise<Map<string, SeatExtra>> {
    const { rows } = await this.pg.query<
      Pick<Row, 'id' | 'identity' | 'kind' | 'template' | 'note' | 'created_at'>
    >(
      'stage-extras',
      `SELECT id, identity, kind, template, note, created_at FROM stage_request
       WHERE room = $1 AND kind IN ('hand', 'invite') AND ${OPEN}
         AND ($2::text[] IS NULL OR identity = ANY($2))`,
      [room, identities],
    );
    const extras = new Map<string, SeatExtra>();
    for (const { id, identity, kind, template, note, created_at } of rows) {
      const since = created_at.toISOString();
      extras.set(identity, {
        ...(extras.get(identity) ?? { hand: null, invite: null }),
        ...(kind === 'hand'
          ? { hand: { id, since, note } }
          : { invite: { id, template: template ?? '', since } }),
      });
    }
    return extras;
  }

  /** What waits for a participant or of them, and their last hand if that was decided just now. */
  async listOwn(room: string, identity: string): Promise<OwnRequest[]> {
    const { rows } = await this.pg.query<
      Row & { position: number | null; asked_by: string | null }
    >(
      'stage-own',
      `SELECT ${COLUMNS.replaceAll(/\b(\w+)\b/g, 'r.$1')},
         CASE WHEN r.kind = 'hand' AND r.state = 'waiting' THEN (
           SELECT count(*)::int FROM stage_request q
           WHERE q.room = r.room AND q.kind = 'hand' AND q.state = 'waiting'
             AND (q.created_at, q.id) <= (r.created_at, r.id)) END AS position,
         CASE WHEN r.by_kind = 'operator' THEN nullif(o.name, '')
           WHEN r.by_kind = 'api_key' THEN r.by_label END AS asked_by
       FROM stage_request r ${leftJoinOperator('r.by_id', "r.by_kind = 'operator'")}
       WHERE r.room = $1 AND r.identity = $2
         AND ((r.state = 'waiting' AND (r.expires_at IS NULL OR r.expires_at > now()))
           OR (r.kind = 'hand' AND r.decided_at > now() - ${TOLD_FOR}
             AND r.id = (SELECT last.id FROM stage_request last
               WHERE last.room = $1 AND last.identity = $2 AND last.kind = 'hand'
               ORDER BY last.created_at DESC LIMIT 1)))
       ORDER BY r.created_at, r.id`,
      [room, identity],
    );
    return rows.map((row) => ({
      ...toRequest(row),
      position: row.position,
      askedBy: row.asked_by,
    }));
  }

  async hasOverdue(): Promise<boolean> {
    const { rowCount } = await this.pg.query('stage-has-overdue', `${OVERDUE} LIMIT 1`, [
      GRACE_SECONDS,
    ]);
    return rowCount === 1;
  }

  /**
   * Ends requests that are overdue, and returns them. Each ends once, however many servers try.
   */
  async endOverdue(tx: Tx, limit: number): Promise<StageRequest[]> {
    const { rows } = await tx.query<Row>(
      `UPDATE stage_request SET state = 'expired', decided_at = clock_timestamp()
       WHERE id IN (${OVERDUE} ORDER BY r.created_at LIMIT $2 FOR UPDATE OF r SKIP LOCKED)
       RETURNING ${COLUMNS}`,
      [GRACE_SECONDS, limit],
    );
    return rows.map(toRequest);
  }
}

function toRequest(row: Row): StageRequest {
  return {
    id: row.id,
    room: row.room,
    identity: row.identity,
    kind: row.kind,
    state: row.state,
    template: row.template,
    source: row.source,
    note: row.note,
    word: row.word,
    by:
      row.by_kind === null ? null : { kind: row.by_kind, id: row.by_id, label: row.by_label ?? '' },
    createdAt: row.created_at,
    decidedAt: row.decided_at,
    expiresAt: row.expires_at,
  };
}

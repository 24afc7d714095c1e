import { Injectable } from '@nestjs/common';
import { Batcher } from '../../common/batcher.js';
import { PgPool } from '../../database/pg-pool.js';
import type { Seat, SeatOperation } from '../model/seat.js';
import {
  columnsOf,
  GIVES_OVERRIDE,
  OPERATION_COLUMNS,
  type OperationRow,
  type Origin,
  toOperation,
  toOrigin,
} from './seat-rows.js';

interface OriginRow extends Origin {
  readonly ord: number;
}

/** Reads operations on seats. */
@Injectable()
export class OperationReader {
  private readonly origins: Batcher<Seat, Origin | null>;
  /** One reading of a seat asks for it more than once. */
  private readonly originOf = new WeakMap<Seat, Promise<Origin | null>>();

  constructor(private readonly pg: PgPool) {
    this.origins = new Batcher((seats) => this.readOrigins(seats), { concurrency: 2 });
  }

  async find(id: string): Promise<SeatOperation | null> {
    const { rows } = await this.pg.query<OperationRow>(
      'seat-operation-find',
      `SELECT ${OPERATION_COLUMNS} FROM seat_operation WHERE id = $1`,
      [id],
    );
    return rows[0] ? toOperation(rows[0]) : null;
  }

  async findMany(ids: readonly string[]): Promise<SeatOperation[]> {
    const { rows } = await this.pg.query<OperationRow>(
      'seat-operation-find-many',
      `SELECT ${columnsOf('o')} FROM seat_operation o WHERE o.id = ANY($1)`,
      [ids],
    );
    return rows.map(toOperation);
  }

  /**
   * Operations that still need an end: those that somebody who is in the room waits for, and those
   * whose server died between its commit and its call. Oldest first, from `after` on.
   */
  async listUnsettled(
    limit: number,
    after: Pick<SeatOperation, 'id' | 'createdAt'> | null,
  ): Promise<SeatOperation[]> {
    const { rows } = await this.pg.query<OperationRow>(
      'seat-operation-unsettled',
      `SELECT ${columnsOf('o')} FROM seat_operation o
       JOIN seat s ON s.room = o.room AND s.identity = o.identity
       WHERE o.outcome IN ('intent', 'pending')
         AND (o.outcome = 'pending' OR o.created_at < now() - interval '10 seconds')
         AND (s.is_present OR o.outcome = 'intent' OR o.action = 'remove')
         AND ($2::timestamptz IS NULL OR (o.created_at, o.id) > ($2, $3::uuid))
       ORDER BY o.created_at, o.id LIMIT $1`,
      [limit, after?.createdAt ?? null, after?.id ?? null],
    );
    return rows.map(toOperation);
  }

  /** Those of one seat that have not come to an end, newest first. */
  async listOpen(room: string, identity: string): Promise<SeatOperation[]> {
    const { rows } = await this.pg.query<OperationRow>(
      'seat-operation-open',
      `SELECT ${OPERATION_COLUMNS} FROM seat_operation
       WHERE room = $1 AND identity = $2 AND outcome IN ('intent', 'pending')
       ORDER BY epoch DESC, created_at DESC`,
      [room, identity],
    );
    return rows.map(toOperation);
  }

  /** The newest operations on a seat, newest first. */
  async list(room: string, identity: string, limit: number): Promise<SeatOperation[]> {
    const { rows } = await this.pg.query<OperationRow>(
      'seat-operation-list',
      `SELECT ${OPERATION_COLUMNS} FROM seat_operation
       WHERE room = $1 AND identity = $2 AND action <> 'scene'
       ORDER BY created_at DESC, epoch DESC LIMIT $3`,
      [room, identity, limit],
    );
    return rows.map(toOperation);
  }

  /**
   * What was before the operation that wrote the seat's present override; null when a token was
   * issued with it.
   */
  findOverrideOrigin(seat: Seat): Promise<Origin | null> {
    if (!seat.override) return Promise.resolve(null);
    const known = this.originOf.get(seat);
    if (known) return known;
    const origin = this.origins.load(seat);
    this.originOf.set(seat, origin);
    return origin;
  }

  private async readOrigins(seats: readonly Seat[]): Promise<(Origin | null)[]> {
    const { rows } = await this.pg.query<OriginRow>(
      'seat-operation-origins',
      `SELECT q.ord::int, o.base, o.override
       FROM unnest($1::text[], $2::text[], $3::timestamptz[])
         WITH ORDINALITY AS q(room, identity, at, ord)
       JOIN LATERAL (
         SELECT nullif(o.before->'base', 'null') AS base,
           nullif(o.before->'override', 'null') AS override
         FROM seat_operation o
         WHERE o.room = q.room AND o.identity = q.identity AND o.created_at = q.at
           AND ${GIVES_OVERRIDE}
         ORDER BY o.epoch DESC LIMIT 1) AS o ON true`,
      [
        seats.map(({ room }) => room),
        seats.map(({ identity }) => identity),
        seats.map(({ override }) => override?.at),
      ],
    );
    const found = new Map(rows.map((row) => [row.ord, toOrigin(row)]));
    return seats.map((_, i) => found.get(i + 1) ?? null);
  }
}

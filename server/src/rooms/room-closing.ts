import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Actor, SYSTEM_ACTOR } from '../actor/actor.js';
import { AppError } from '../common/errors/app-error.js';
import { assertMatch } from '../common/http/etag.js';
import { PgPool } from '../database/pg-pool.js';
import { Hints } from '../hints/hints.js';
import { lastOutcome } from '../ledger/ledger-lookup.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import { isUnavailable } from '../livekit/livekit-error.js';
import { RoomsPort } from '../livekit/rooms-port.js';
import { latestVoiding, lockSeatsOf } from '../seats/public/sql.js';
import { notifyOfRoom } from './room-hints.js';
import { RoomRemoval } from './room-removal.js';
import { Room } from './room.entity.js';
import { lockRoom, type RoomRow, toRoomView } from './room-record.js';

/** The outcome of a change that LiveKit has to carry out. */
export interface RoomSettlement {
  operationId: string;
  outcome: 'applied' | 'pending' | 'failed';
  detail: string | null;
}

/** Closes, opens and deletes rooms: LiveKit ends a closed room for the people in it. */
@Injectable()
export class RoomClosing {
  constructor(
    private readonly pg: PgPool,
    private readonly transactions: Transactions,
    private readonly removal: RoomRemoval,
    private readonly port: RoomsPort,
    private readonly ledger: LedgerService,
    private readonly hints: Hints,
  ) {}

  /**
   * Nobody gets in from the commit on; then LiveKit ends the room for the people in it. While LiveKit
   * cannot be reached the outcome is `pending`, and the sweep completes it later (`completePending`).
   */
  async close(
    actor: Actor,
    name: string,
    reason: string | undefined,
    ifMatch: string | undefined,
  ): Promise<RoomSettlement> {
    const operationId = randomUUID();
    await this.transactions.run(async (tx) => {
      const row = await lockRoom(tx, name);
      assertMatch(ifMatch, row.revision, toRoomView(row));
      await setClosed(tx, row, true);
      tx.record({
        kind: 'room.closed',
        outcome: 'intent',
        actor,
        room: name,
        reason: reason ?? null,
        payload: { operationId, before: { isClosed: row.is_closed }, after: { isClosed: true } },
      });
      notifyOfRoom(tx, this.hints, name, 'policy');
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
   * Completes what `close` left pending: ends the room and records the outcome. `running`: the rooms
   * that LiveKit has. Of the others those are asked about that were closed within the last day.
   */
  async completePending(running: readonly string[]): Promise<void> {
    const { rows } = await this.pg.query<{ name: string; operationId: string }>(
      'rooms-pending-close',
      `SELECT r.name, last.operation AS "operationId" FROM room r
       CROSS JOIN LATERAL ${lastOutcome('r.name', 'room.closed')} AS last
       WHERE r.is_closed AND last.outcome = 'pending'
         AND (r.name = ANY($1) OR r.updated_at > clock_timestamp() - interval '1 day')`,
      [running],
    );
    for (const { name, operationId } of rows) {
      const { outcome } = await this.end(name);
      if (outcome === 'pending') continue;
      await this.ledger.appendDurably({
        kind: 'room.closed',
        outcome,
        actor: SYSTEM_ACTOR,
        room: name,
        payload: { operationId },
      });
    }
  }

  /** Opening an open room changes nothing. */
  async open(actor: Actor, name: string, ifMatch: string | undefined): Promise<void> {
    await this.transactions.run(async (tx) => {
      const row = await lockRoom(tx, name);
      assertMatch(ifMatch, row.revision, toRoomView(row));
      if (!row.is_closed) return;
      await setClosed(tx, row, false);
      tx.record({
        kind: 'room.opened',
        outcome: 'ok',
        actor,
        room: name,
        payload: { before: { isClosed: true }, after: { isClosed: false } },
      });
      notifyOfRoom(tx, this.hints, name, 'policy');
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
      const row = await lockRoom(tx, name);
      const view = toRoomView(row);
      assertMatch(ifMatch, row.revision, view);
      await setClosed(tx, row, true);
      tx.record({
        kind: 'room.deleted',
        outcome: 'intent',
        actor,
        room: name,
        payload: { operationId, before: view },
      });
      notifyOfRoom(tx, this.hints, name, 'policy');
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
      const tokensVoidBefore = await lockForRemoval(tx, name);
      await this.removal.run(tx, actor, name);
      const { rowCount } = await tx.query('DELETE FROM room WHERE name = $1', [name]);
      if (!rowCount) return; // somebody else deleted it as well, and has told
      tx.record({
        kind: 'room.deleted',
        outcome: 'applied',
        actor,
        room: name,
        payload: { operationId, tokensVoidBefore, ...(detail === null ? {} : { detail }) },
      });
      notifyOfRoom(tx, this.hints, name);
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
}

/**
 * Locks the room, then its seats, as webhooks and the end of a session do, and last the room's key: who
 * has a seat locked may refer to the room. Answers with what stays voided, should the name be used again.
 */
async function lockForRemoval(tx: Tx, name: string): Promise<Date | null> {
  await tx.query('SELECT FROM room WHERE name = $1 FOR NO KEY UPDATE', [name]);
  await tx.query(lockSeatsOf('$1'), [name]);
  const { rows } = await tx.query<{ at: Date | null }>(
    `SELECT greatest(r.tokens_void_before, ${latestVoiding('r.name')}) AS at
     FROM room r WHERE r.name = $1 FOR UPDATE`,
    [name],
  );
  return rows[0]?.at ?? null;
}

async function setClosed(tx: Tx, row: RoomRow, isClosed: boolean): Promise<void> {
  if (row.is_closed === isClosed) return;
  await tx.manager.update(Room, row.name, {
    isClosed,
    revision: row.revision + 1,
    updatedAt: () => 'clock_timestamp()',
  });
}

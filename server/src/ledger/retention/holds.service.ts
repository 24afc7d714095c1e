import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { AppError } from '../../common/errors/app-error.js';
import { PgPool } from '../../database/pg-pool.js';
import { Transactions, type Tx } from '../transactions.js';
import type { HoldBody, HoldView } from './retention.schemas.js';
import { Retention } from './retention.js';

const COLUMNS = `id, held AS on, name, label, reason, from_at AS from, to_at AS to,
  placed_at AS "placedAt", placed_by AS "placedBy", lifted_at AS "liftedAt", lifted_by AS "liftedBy",
  lift_reason AS "liftReason"`;
const SHOWN = 500;

/** In place of who was erased. */
const ERASED = 'erased';

/** Legal holds: what is held is neither archived nor erased, whatever the rules say. */
@Injectable()
export class HoldsService {
  constructor(
    private readonly pg: PgPool,
    private readonly transactions: Transactions,
    private readonly retention: Retention,
  ) {}

  async list(state: 'active' | 'lifted' | null): Promise<HoldView[]> {
    const { rows } = await this.pg.query<HoldView>(
      'ledger-holds',
      `SELECT ${COLUMNS} FROM ledger_hold WHERE $1::boolean IS NULL OR (lifted_at IS NULL) = $1
       ORDER BY lifted_at IS NOT NULL, placed_at DESC, id LIMIT ${SHOWN}`,
      [state === null ? null : state === 'active'],
    );
    return rows.map(toView);
  }

  async countActive(): Promise<number> {
    const { rows } = await this.pg.query<{ n: string }>(
      'ledger-holds-active',
      'SELECT count(*) AS n FROM ledger_hold WHERE lifted_at IS NULL',
    );
    return Number(rows[0]?.n);
  }

  /** What it names need not exist here: a token may have been for anybody. */
  place(actor: Actor, body: HoldBody): Promise<HoldView> {
    const { on, name, reason, from = null, to = null } = body;
    return this.transactions.run(async (tx) => {
      const { rows } = await tx.query<HoldView>(
        `INSERT INTO ledger_hold (id, held, name, label, reason, from_at, to_at, placed_by_id, placed_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING ${COLUMNS}`,
        [
          ...[randomUUID(), on, name, await labelOf(tx, on, name)],
          ...[reason, from, to, actor.id, actor.label],
        ],
      );
      const hold = toView(rows[0] as HoldView);
      this.record(tx, 'ledger.hold_placed', actor, hold, reason);
      return hold;
    });
  }

  lift(actor: Actor, id: string, reason: string): Promise<HoldView> {
    return this.transactions.run(async (tx) => {
      const { rows: found } = await tx.query<HoldView>(
        `SELECT ${COLUMNS} FROM ledger_hold WHERE id = $1 FOR UPDATE`,
        [id],
      );
      if (!found[0]) {
        throw new AppError('not_found', 'ledger.hold_not_found', 'There is no such legal hold.');
      }
      if (found[0].liftedAt !== null) {
        throw new AppError('conflict', 'ledger.hold_lifted', 'The legal hold was lifted already.');
      }
      const { rows } = await tx.query<HoldView>(
        `UPDATE ledger_hold SET lifted_at = clock_timestamp(), lifted_by_id = $2, lifted_by = $3,
           lift_reason = $4 WHERE id = $1 RETURNING ${COLUMNS}`,
        [id, actor.id, actor.label, reason],
      );
      const hold = toView(rows[0] as HoldView);
      this.record(tx, 'ledger.hold_lifted', actor, hold, reason);
      return hold;
    });
  }

  private record(
    tx: Tx,
    kind: 'ledger.hold_placed' | 'ledger.hold_lifted',
    actor: Actor,
    { id: hold, on, name, from, to }: HoldView,
    reason: string,
  ): void {
    tx.record({
      kind,
      outcome: 'ok',
      actor,
      room: on === 'room' ? name : null,
      identity: on === 'person' ? name : null,
      reason,
      payload: { hold, on, from, to, ...(on === 'operator' && { operator: name }) },
    });
    tx.afterCommit(() => this.retention.wake());
  }
}

/** What an operator is called by in the log; an id alone tells nobody who it is. */
async function labelOf(tx: Tx, on: HoldBody['on'], name: string): Promise<string | null> {
  if (on !== 'operator') return null;
  const { rows } = await tx.query<{ label: string | null }>(
    `SELECT actor_label AS label FROM ledger_entry
     WHERE actor_kind = 'operator' AND actor_id = $1 ORDER BY at DESC LIMIT 1`,
    [name],
  );
  return rows[0]?.label ?? null;
}

function toView(hold: HoldView): HoldView {
  return {
    ...hold,
    placedBy: hold.placedBy === '' ? ERASED : hold.placedBy,
    liftedBy: hold.liftedBy === '' ? ERASED : hold.liftedBy,
  };
}

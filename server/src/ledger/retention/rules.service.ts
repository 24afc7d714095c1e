import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { AppError } from '../../common/errors/app-error.js';
import { PgPool } from '../../database/pg-pool.js';
import { Transactions, type Tx } from '../transactions.js';
import { kindsOf, type RuleBody, type RuleView } from './retention.schemas.js';
import { Retention } from './retention.js';

const COLUMNS = `id, kind_group AS group, kinds, rooms, keep_days AS "keepDays", reason, by_label AS by, at,
  acts_at AS "actsAt"`;

/** In place of who was erased. */
const ERASED = 'erased';

/** The rules that say how long entries are kept. What no rule is about is kept for ever. */
@Injectable()
export class RulesService {
  constructor(
    private readonly pg: PgPool,
    private readonly transactions: Transactions,
    private readonly retention: Retention,
  ) {}

  /** The longest first: of several that are about an entry, that one decides. */
  async list(): Promise<RuleView[]> {
    const { rows } = await this.pg.query<RuleView>(
      'ledger-rules',
      `SELECT ${COLUMNS} FROM ledger_rule ORDER BY keep_days DESC, acts_at DESC, id`,
    );
    return rows.map(toView);
  }

  add(actor: Actor, body: RuleBody): Promise<RuleView> {
    return this.transactions.run(async (tx) => {
      const { rows } = await tx.query<RuleView>(
        `INSERT INTO ledger_rule (id, kind_group, kinds, rooms, keep_days, reason, by_id, by_label)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING ${COLUMNS}`,
        [randomUUID(), ...valuesOf(actor, body)],
      );
      const rule = toView(rows[0] as RuleView);
      this.record(tx, 'ledger.rule_added', actor, { before: null, after: rule });
      return rule;
    });
  }

  change(actor: Actor, id: string, body: RuleBody): Promise<RuleView> {
    return this.transactions.run(async (tx) => {
      const before = await this.lock(tx, id);
      const { rows } = await tx.query<RuleView>(
        `UPDATE ledger_rule SET kind_group = $2, kinds = $3, rooms = $4, keep_days = $5, reason = $6,
           by_id = $7, by_label = $8 WHERE id = $1 RETURNING ${COLUMNS}`,
        [id, ...valuesOf(actor, body)],
      );
      const after = toView(rows[0] as RuleView);
      this.record(tx, 'ledger.rule_changed', actor, { before, after });
      return after;
    });
  }

  remove(actor: Actor, id: string): Promise<void> {
    return this.transactions.run(async (tx) => {
      const before = await this.lock(tx, id);
      await tx.query('DELETE FROM ledger_rule WHERE id = $1', [id]);
      this.record(tx, 'ledger.rule_removed', actor, { before, after: null });
    });
  }

  private async lock(tx: Tx, id: string): Promise<RuleView> {
    const { rows } = await tx.query<RuleView>(
      `SELECT ${COLUMNS} FROM ledger_rule WHERE id = $1 FOR UPDATE`,
      [id],
    );
    if (rows[0]) return toView(rows[0]);
    throw new AppError('not_found', 'ledger.rule_not_found', 'There is no such rule.');
  }

  private record(
    tx: Tx,
    kind: 'ledger.rule_added' | 'ledger.rule_changed' | 'ledger.rule_removed',
    actor: Actor,
    { before, after }: { before: RuleView | null; after: RuleView | null },
  ): void {
    const { id: rule, reason } = (after ?? before) as RuleView;
    tx.record({
      kind,
      outcome: 'ok',
      actor,
      reason,
      payload: { rule, before: before && saidOf(before), after: after && saidOf(after) },
    });
    tx.afterCommit(() => this.retention.wake());
  }
}

function valuesOf(actor: Actor, body: RuleBody): unknown[] {
  const { group = null, rooms = null, keepDays, reason = null } = body;
  return [group, kindsOf(body), rooms, keepDays, reason, actor.id, actor.label];
}

/** Who set it is the actor of the entry; a rule that names somebody would keep their name for good. */
function saidOf({ group, kinds, rooms, keepDays }: RuleView) {
  return { group, kinds, rooms, keepDays };
}

function toView(rule: RuleView): RuleView {
  return { ...rule, by: rule.by === '' ? ERASED : rule.by };
}

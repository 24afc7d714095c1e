import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import type { Actor } from '../../actor/actor.js';
import { AppError } from '../../common/errors/app-error.js';
import { PgPool } from '../../database/pg-pool.js';
import { collated } from '../../database/text-search.js';
import { exactPattern, patternContains } from '../../grants/pattern.js';
import type { Erasure } from '../../ledger/ledger-eraser.js';
import { parseQuery } from '../../ledger/query/index.js';
import { Transactions, type Tx } from '../../ledger/transactions.js';
import type { CreateViewBody, UpdateViewBody, viewResponse } from './views.schemas.js';

type View = z.output<typeof viewResponse>;

const MAX_VIEWS = 200;
const COLUMNS = `id, name, query, note,
  CASE created_by WHEN '' THEN 'erased' ELSE created_by END AS "createdBy",
  created_by_id AS "createdById", created_at AS "createdAt", updated_at AS "updatedAt"`;

interface ViewRow extends Omit<View, 'mayChange'> {
  /** Null: it is not known. */
  readonly createdById: string | null;
}

/** Searches of the log that a team keeps; each change of them is in the log. */
@Injectable()
export class ViewsService {
  constructor(
    private readonly pg: PgPool,
    private readonly transactions: Transactions,
  ) {}

  async list(actor: Actor): Promise<View[]> {
    const { rows } = await this.pg.query<ViewRow>(
      'ledger-views',
      `SELECT ${COLUMNS} FROM ledger_view ORDER BY ${collated('name')}, id LIMIT ${MAX_VIEWS}`,
    );
    return rows.filter((row) => isListed(row, actor)).map((row) => toView(row, actor));
  }

  create(actor: Actor, { name, query, note }: CreateViewBody): Promise<View> {
    return this.transactions.run(async (tx) => {
      const { rows: counted } = await tx.query<{ n: number }>(
        'SELECT count(*)::int AS n FROM ledger_view',
      );
      if ((counted[0]?.n ?? 0) >= MAX_VIEWS) {
        throw new AppError(
          'conflict',
          'ledger_view.too_many',
          `There are ${MAX_VIEWS} views already; delete one first.`,
        );
      }
      const { rows } = await tx.query<ViewRow>(
        `INSERT INTO ledger_view (id, name, query, note, created_by, created_by_id)
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING ${COLUMNS}`,
        [randomUUID(), name, query.text, note, actor.label, actor.id],
      );
      const view = rows[0] as ViewRow;
      record(tx, actor, 'ledger.view_created', { after: contentOf(view) }, view);
      return toView(view, actor);
    });
  }

  update(actor: Actor, id: string, { name, query, note }: UpdateViewBody): Promise<View> {
    return this.transactions.run(async (tx) => {
      const before = await lock(tx, id, actor);
      const { rows } = await tx.query<ViewRow>(
        `UPDATE ledger_view SET name = $2, query = $3, note = $4, updated_at = clock_timestamp()
         WHERE id = $1 RETURNING ${COLUMNS}`,
        [id, name ?? before.name, query?.text ?? before.query, note ?? before.note],
      );
      const view = rows[0] as ViewRow;
      const content = { before: contentOf(before), after: contentOf(view) };
      if (JSON.stringify(content.before) === JSON.stringify(content.after))
        return toView(before, actor);
      record(tx, actor, 'ledger.view_updated', content, view);
      return toView(view, actor);
    });
  }

  async delete(actor: Actor, id: string): Promise<void> {
    await this.transactions.run(async (tx) => {
      const before = await lock(tx, id, actor);
      await tx.query('DELETE FROM ledger_view WHERE id = $1', [id]);
      record(tx, actor, 'ledger.view_deleted', { before: contentOf(before) }, before);
    });
  }

  /** Takes an operator out of the views that they made; the searches stay. */
  async forget({ of, id, before }: Erasure): Promise<void> {
    if (of !== 'operator') return;
    await this.pg.query(
      'ledger-views-forget',
      `UPDATE ledger_view SET created_by = '', created_by_id = NULL
       WHERE created_by_id = $1 AND ($2::timestamptz IS NULL OR created_at < $2)`,
      [id, before],
    );
  }
}

async function lock(tx: Tx, id: string, actor: Actor): Promise<ViewRow> {
  const { rows } = await tx.query<ViewRow>(
    `SELECT ${COLUMNS} FROM ledger_view WHERE id = $1 FOR UPDATE`,
    [id],
  );
  const [row] = rows;
  if (!row || !isListed(row, actor)) {
    throw new AppError('not_found', 'ledger_view.not_found', 'There is no such view.');
  }
  if (mayChange(row, actor)) return row;
  throw new AppError(
    'forbidden',
    'ledger_view.not_yours',
    'Somebody else made this view. With a room limit you can change only your own views.',
  );
}

/** Who reads all of the log may change every view; who has a room limit only their own. */
function mayChange(row: ViewRow, actor: Actor): boolean {
  return isOwn(row, actor) || limitOf(actor) === null;
}

/** A view that names rooms is shown to those who may read about all of these rooms. */
function isListed(row: ViewRow, actor: Actor): boolean {
  const limit = limitOf(actor);
  if (limit === null || isOwn(row, actor)) return true;
  const { any = [], none = [] } = parseQuery(row.query).query.fields.room ?? {};
  return [...any, ...none].every(({ text, isPattern }) =>
    limit.some((mine) => patternContains(mine, isPattern ? text : exactPattern(text))),
  );
}

function isOwn({ createdById }: ViewRow, { id }: Actor): boolean {
  return createdById !== null && createdById === id;
}

function limitOf(actor: Actor): string[] | null {
  return actor.roomsFor('ledger.read');
}

function toView(row: ViewRow, actor: Actor): View {
  const { createdById: _, ...view } = row;
  return { ...view, mayChange: actor.can('ledger.save_view') && mayChange(row, actor) };
}

function record(
  tx: Tx,
  actor: Actor,
  kind: 'ledger.view_created' | 'ledger.view_updated' | 'ledger.view_deleted',
  content: Record<string, unknown>,
  { id }: ViewRow,
): void {
  tx.record({ kind, outcome: 'ok', actor, payload: { view: id, ...content } });
}

function contentOf({ name, query, note }: ViewRow) {
  return { name, query, note };
}

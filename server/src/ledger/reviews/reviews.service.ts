import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { AppError, fieldError } from '../../common/errors/app-error.js';
import { DatabaseClock } from '../../database/database-clock.js';
import { PgPool } from '../../database/pg-pool.js';
import { SearchPool } from '../../database/search-pool.js';
import { conditionsOf, LedgerReader } from '../ledger-reader.js';
import { TreeStore } from '../sealing/tree-store.js';
import { Transactions } from '../transactions.js';
import { type Gap, gapsBetween, type Reviewed } from './gaps.js';
import type { Review, ReviewBody } from './reviews.schemas.js';

interface ReviewRow {
  id: string;
  from_at: Date | null;
  until_at: Date;
  rooms: string[] | null;
  by_label: string;
  at: Date;
  note: string | null;
  findings: Review['findings'];
}

const SHOWN = 50;
const COUNTED = 1_000;
const MAX_GAPS = 20;
/** A browser's clock, set by the server's answers. */
const CLOCKS_DIFFER_MS = 5_000;
/** What reviewing itself leaves behind does not have to be reviewed: it would never end. */
const NOT_COUNTED = ['ledger.read', 'ledger.reviewed'];

/** In place of who was erased. */
const ERASED = 'erased';

/** Auditors sign off what they have reviewed, and see what nobody has. */
@Injectable()
export class ReviewsService {
  constructor(
    private readonly pg: PgPool,
    private readonly searches: SearchPool,
    private readonly reader: LedgerReader,
    private readonly transactions: Transactions,
    private readonly clock: DatabaseClock,
    private readonly tree: TreeStore,
  ) {}

  async list(actor: Actor) {
    const rooms = actor.roomsFor('ledger.read');
    const { rows } = await this.pg.query<ReviewRow>(
      'ledger-reviews',
      `SELECT id, from_at, until_at, rooms, by_label, at, note, findings FROM ledger_review
       WHERE $1::text[] IS NULL OR rooms <@ $1 ORDER BY at DESC, id LIMIT ${SHOWN}`,
      [rooms],
    );
    const gaps = (await this.gaps(rooms)).slice(-MAX_GAPS);
    const counted = await this.searches.inTurn(actor, () =>
      Promise.all(gaps.map((gap) => this.count(actor, gap))),
    );
    return { data: rows.map(toReview), unreviewed: counted.filter(({ entries }) => entries > 0) };
  }

  /** Their room limit is the review's: who sees some rooms signs off these. */
  async add(actor: Actor, body: ReviewBody): Promise<Review> {
    const rooms = roomsToReview(actor);
    const now = this.clock.now();
    const asked = body.until ?? now;
    if (+asked > +now + CLOCKS_DIFFER_MS) throw fieldError('until', 'must not be in the future');
    const until = asked < now ? asked : now;
    const from = body.from ?? (await this.gaps(rooms))[0]?.from ?? null;
    if (from !== null && from >= until) throw fieldError('from', 'must be before until');
    await Promise.all(body.findings.map((finding, i) => this.assertReadable(actor, finding, i)));
    const { note = null, findings } = body;
    const id = randomUUID();
    // An entry may be committed after the review with an earlier time: its leaf comes after these.
    const treeSize = (await this.tree.newest())?.size ?? 0;
    return this.transactions.run(async (tx) => {
      const { rows } = await tx.query<ReviewRow>(
        `INSERT INTO ledger_review (id, from_at, until_at, rooms, by_id, by_label, note, findings)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING *`,
        [id, from, until, rooms, actor.id, actor.label, note, JSON.stringify(findings)],
      );
      tx.record({
        kind: 'ledger.reviewed',
        outcome: 'ok',
        actor,
        payload: { review: id, from, until, treeSize, rooms, note, findings },
      });
      return toReview(rows[0] as ReviewRow);
    });
  }

  /** A review of some rooms says nothing of the others. */
  private async gaps(rooms: readonly string[] | null): Promise<Gap[]> {
    const { rows } = await this.pg.query<{ from: Date | null; until: Date }>(
      'ledger-reviewed',
      `SELECT from_at AS "from", until_at AS until FROM ledger_review
       WHERE rooms IS NULL OR rooms @> $1::text[]`,
      [rooms],
    );
    return gapsBetween(rows satisfies Reviewed[]);
  }

  private async count(actor: Actor, { from, until }: Gap) {
    const values: unknown[] = [];
    const parameter = (value: unknown): string => `$${values.push(value)}`;
    const conditions = [
      ...conditionsOf({}, actor, [], parameter),
      `kind <> ALL(${parameter(NOT_COUNTED)}::text[])`,
      ...(from ? [`at > ${parameter(from)}`] : []),
      ...(until ? [`at <= ${parameter(until)}`] : []),
    ];
    const { rows } = await this.searches.query<{ n: string }>(
      '',
      `SELECT count(*) AS n FROM (SELECT FROM ledger_entry WHERE ${conditions.join(' AND ')}
       LIMIT ${COUNTED + 1}) AS found`,
      values,
    );
    const n = Number(rows[0]?.n ?? 0);
    return { from, until, entries: Math.min(n, COUNTED), isMore: n > COUNTED };
  }

  private async assertReadable(
    actor: Actor,
    { entry }: ReviewBody['findings'][number],
    i: number,
  ): Promise<void> {
    if (entry === undefined) return;
    await this.reader.get(actor, entry).catch((error: unknown) => {
      if (!(error instanceof AppError) || error.kind !== 'not_found') throw error;
      throw fieldError(`findings.${i}.entry`, 'there is no such entry');
    });
  }
}

/** Null: all. Nobody signs off what they cannot read. */
function roomsToReview(actor: Actor): string[] | null {
  const readable = actor.roomsFor('ledger.read');
  const limit = actor.roomsFor('ledger.review');
  if (readable === null || limit === null) return readable ?? limit;
  return limit.filter((pattern) => readable.includes(pattern));
}

function toReview(row: ReviewRow): Review {
  return {
    id: row.id,
    from: row.from_at,
    until: row.until_at,
    rooms: row.rooms,
    by: row.by_label === '' ? ERASED : row.by_label,
    at: row.at,
    note: row.note,
    findings: row.findings,
  };
}

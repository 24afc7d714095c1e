import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SearchPool } from '../database/search-pool.js';
import { ledgerId } from './ledger-entry.js';
import type { LedgerKind } from './ledger-kinds.js';

/** An entry that records a decision. */
export interface DecidedEntry {
  readonly id: string;
  readonly at: Date;
  readonly atMicros: string;
  readonly kind: string;
  readonly room: string | null;
  /** Null: erased, or the entry is about nobody. */
  readonly identity: string | null;
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface RandomQuery {
  readonly kinds: readonly LedgerKind[];
  readonly from: Date | null;
  readonly to: Date | null;
  /** LIKE patterns of rooms; null: all. */
  readonly rooms: readonly string[] | null;
  readonly n: number;
}

interface EntryRow {
  at: Date;
  at_us: string;
  shard: number;
  seq: string;
  kind: string;
  room: string | null;
  identity: string | null;
  payload: Record<string, unknown>;
}

/** Up to this many entries of the range each has the same chance; of more, blocks of the table are drawn. */
const DRAWN_ONE_BY_ONE = 20_000;

const CONDITION = `kind = ANY($1) AND outcome IN ('ok', 'refused', 'intent')
  AND ($2::timestamptz IS NULL OR at >= $2) AND ($3::timestamptz IS NULL OR at < $3)
  AND ($4::text[] IS NULL OR room LIKE ANY($4))`;
const COLUMNS = `at, (extract(epoch FROM at) * 1000000)::bigint::text AS at_us, shard, seq, kind, room,
  identity, payload`;

/** Draws entries that nobody chose. */
@Injectable()
export class RandomEntries {
  constructor(private readonly searches: SearchPool) {}

  async draw(query: RandomQuery): Promise<DecidedEntry[]> {
    const values = [query.kinds, query.from, query.to, query.rooms];
    const { rows } = await this.searches.query<{ at_us: string; shard: number; seq: string }>(
      'random-entries-keys',
      `SELECT (extract(epoch FROM at) * 1000000)::bigint::text AS at_us, shard, seq
       FROM ledger_entry WHERE ${CONDITION} LIMIT ${DRAWN_ONE_BY_ONE + 1}`,
      values,
    );
    if (rows.length > DRAWN_ONE_BY_ONE) return this.drawBlocks(values, query.n);
    const drawn = drawFrom(rows, query.n);
    const { rows: entries } = await this.searches.query<EntryRow>(
      'random-entries-read',
      `SELECT ${COLUMNS} FROM unnest($1::bigint[], $2::int[], $3::bigint[]) AS k(at_us, shard_, seq_)
       JOIN ledger_entry ON at = to_timestamp(0) + k.at_us * interval '1 microsecond'
         AND shard = k.shard_ AND seq = k.seq_`,
      [
        drawn.map(({ at_us: at }) => at),
        drawn.map(({ shard }) => shard),
        drawn.map(({ seq }) => seq),
      ],
    );
    return entries.map(toEntry);
  }

  /** Looks at more of the table until there are enough. */
  private async drawBlocks(values: unknown[], n: number): Promise<DecidedEntry[]> {
    for (let percent = 0.1; ; percent *= 8) {
      const { rows } = await this.searches.query<EntryRow>(
        'random-entries-blocks',
        `SELECT ${COLUMNS} FROM ledger_entry TABLESAMPLE SYSTEM ($5) WHERE ${CONDITION}
         ORDER BY random() LIMIT $6`,
        [...values, Math.min(percent, 100), n],
      );
      if (rows.length === n || percent >= 100) return rows.map(toEntry);
    }
  }
}

function drawFrom<T>(all: readonly T[], n: number): T[] {
  const left = [...all];
  const drawn: T[] = [];
  while (drawn.length < n && left.length > 0) {
    const i = randomInt(left.length);
    drawn.push(left[i] as T);
    left[i] = left.at(-1) as T;
    left.pop();
  }
  return drawn;
}

function toEntry({ at, at_us: atMicros, shard, seq, kind, room, identity, payload }: EntryRow) {
  const id = ledgerId({ atMicros, shard, seq: Number(seq) });
  return { id, at, atMicros, kind, room, identity, payload };
}

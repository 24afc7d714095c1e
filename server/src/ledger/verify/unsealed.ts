import type pg from 'pg';
import { ENTRY_COLUMNS } from '../entry-rows.js';
import { copyOut } from './copy-out.js';
import type { ByteEntry } from '../leaf.js';
import { type Finding, hashText } from './finding.js';
import { idOf, toFoundEntry } from './stored-entries.js';

export interface UnsealedReport {
  /** Entries that no checkpoint proves yet. */
  readonly count: number;
  readonly finding: Finding | null;
  /** Of each shard that has any. */
  readonly shards: ReadonlyMap<number, UnsealedNumbers>;
}

/** In order of time. */
export interface UnsealedNumbers {
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** The times of the first and the last one, in µs. */
  readonly micros: readonly [first: number, last: number];
  /** Each number follows the one before it. */
  readonly isInOrder: boolean;
}

/** Entries after the tree: only the hash that was stored with each of them speaks for them. */
export async function checkUnsealed(client: pg.Client): Promise<UnsealedReport> {
  const { rows } = await client.query<{ shard: number; next: string; from: string }>(`
    SELECT h.shard, coalesce(r.next, h.leaves_after + 1) AS next,
      coalesce((extract(epoch FROM r.last_at) * 1000000)::bigint, 0) AS from
    FROM ledger_head h LEFT JOIN LATERAL (
      SELECT first_seq + count AS next, last_at FROM ledger_range
      WHERE shard = h.shard ORDER BY first_seq DESC LIMIT 1) r ON true
    WHERE h.seq >= coalesce(r.next, h.leaves_after + 1) ORDER BY h.shard`);
  let count = 0;
  let finding: Finding | null = null;
  const shards = new Map<number, UnsealedNumbers>();
  for (const { shard, next, from } of rows) {
    const select = `SELECT ${ENTRY_COLUMNS} FROM ledger_entry WHERE shard = ${shard}
      AND seq >= ${next} AND at >= to_timestamp(0) + ${from} * interval '1 microsecond'
      ORDER BY at, shard, seq`;
    await copyOut(client, select, (row) => {
      const entry = toFoundEntry(row);
      const { hash, storedHash } = entry;
      count++;
      shards.set(shard, withNext(shards.get(shard), entry.entry));
      if (storedHash?.equals(hash)) return;
      const problem = 'its columns do not give the hash that was stored with it';
      const [expected, found] = [hashText(storedHash), hashText(hash)];
      finding ??= { leaf: null, entry: idOf(entry), problem, expected, found };
    });
  }
  return { count, finding, shards };
}

function withNext(known: UnsealedNumbers | undefined, entry: ByteEntry): UnsealedNumbers {
  const { seq } = entry;
  const micros = Number(entry.atMicros);
  if (!known) return { firstSeq: seq, lastSeq: seq, micros: [micros, micros], isInOrder: true };
  const isInOrder = known.isInOrder && seq === known.lastSeq + 1;
  return { ...known, lastSeq: seq, micros: [known.micros[0], micros], isInOrder };
}

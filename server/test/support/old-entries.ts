import pg from 'pg';
import { leafHash } from '../../src/ledger/leaf.js';
import { STORED_COLUMNS, type StoredRow, toStoredEntry } from '../../src/ledger/stored-entry.js';
import { rawAppend, type RawEntry } from './raw-append.js';
import type { TestApp } from './test-app.js';

/** One of the entries, as `rawAppend` takes them. */
export function oldEntry(entry: RawEntry): RawEntry {
  return { outcome: 'ok', actor_kind: 'system', actor_label: 'Rolecall', payload: {}, ...entry };
}

/**
 * Entries that were written some days ago, on a shard of their own: no test can wait that long. The
 * owner sets their times before anything is sealed, so that their leaves are made of these.
 */
export async function writeOldEntries(
  { database }: Pick<TestApp, 'database'>,
  daysAgo: number,
  entries: readonly RawEntry[],
): Promise<void> {
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  try {
    await owner.query('BEGIN');
    const { rows: claimed } = await owner.query<{ shard: number; epoch: string; month: string }>(
      `INSERT INTO ledger_head (shard, epoch, holder)
       SELECT max(shard) + 1, 1, 'old entries' FROM ledger_head
       RETURNING shard, epoch,
         to_char((now() - $1::integer * interval '1 day') AT TIME ZONE 'UTC', 'YYYY_MM') AS month`,
      [daysAgo],
    );
    const { shard, epoch, month } = claimed[0] as { shard: number; epoch: string; month: string };
    await rawAppend(owner, shard, epoch, entries);
    const part = `ledger_entry_${month}`;
    const { rows: known } = await owner.query('SELECT to_regclass($1) AS it', [part]);
    if (!known[0]?.it) {
      const first = `${month.replace('_', '-')}-01`;
      await owner.query(`
        CREATE TABLE ${part} PARTITION OF ledger_entry FOR VALUES FROM ('${first} 00:00:00+00')
          TO ('${first} 00:00:00+00'::timestamptz + interval '1 month');`);
      await owner.query(`
        CREATE TRIGGER ledger_entry_never_empties BEFORE TRUNCATE ON ${part}
          FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()`);
    }
    const { rows } = await owner.query<StoredRow>(
      `SELECT ${STORED_COLUMNS} FROM ledger_entry WHERE shard = ${shard} ORDER BY seq`,
    );
    const shift = BigInt(daysAgo) * 86_400_000_000n;
    const hashes = rows.map((row) =>
      leafHash(toStoredEntry({ ...row, at_us: (BigInt(row.at_us) - shift).toString() })),
    );
    const { rows: parts } = await owner.query<{ name: string }>(
      `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'ledger_entry'::regclass
       UNION ALL VALUES ('ledger_entry'), ('ledger_head')`,
    );
    const triggers = async (state: 'DISABLE' | 'ENABLE') => {
      for (const { name } of parts) {
        await owner.query(`ALTER TABLE ${name} ${state} TRIGGER USER`);
      }
    };
    await triggers('DISABLE');
    await owner.query(
      // Nobody else goes on with it.
      `UPDATE ledger_head SET opened_at = opened_at - $1 * interval '1 day', lease_until = 'infinity'
       WHERE shard = $2`,
      [daysAgo, shard],
    );
    await owner.query(
      `UPDATE ledger_entry e SET at = e.at - $1 * interval '1 day', leaf_hash = h.hash
       FROM unnest($2::bigint[], $3::bytea[]) AS h(seq, hash) WHERE e.shard = $4 AND e.seq = h.seq`,
      [daysAgo, rows.map(({ seq }) => seq), hashes, shard],
    );
    await triggers('ENABLE');
    await owner.query('COMMIT');
  } finally {
    await owner.end();
  }
}

import type pg from 'pg';

const COLUMNS = [
  'kind',
  'outcome',
  'actor_kind',
  'actor_id',
  'actor_label',
  'room',
  'identity',
  'request_id',
  'ip',
  'reason',
  'payload',
  'personal',
] as const;

export type RawEntry = Partial<Record<(typeof COLUMNS)[number], unknown>>;

/** Calls the append function as anybody with psql can. Nulls: nothing was written. */
export async function rawAppend(
  client: pg.Client,
  shard: number,
  epoch: number | string,
  entries: readonly RawEntry[],
): Promise<{ seq: string | null; at: Date | null }> {
  const columns = COLUMNS.map((name) =>
    entries.map((entry) => {
      const value = entry[name] ?? null;
      return value === null || typeof value === 'string' ? value : JSON.stringify(value);
    }),
  );
  const { rows } = await client.query<{ seq: string | null; at: Date | null }>(
    `SELECT last_seq AS seq, to_timestamp(0) + at_us * interval '1 microsecond' AS at
     FROM ledger_append($1, $2, ${COLUMNS.map((_, i) => `$${i + 3}`).join(', ')})`,
    [shard, epoch, ...columns],
  );
  return rows[0] as { seq: string | null; at: Date | null };
}

import type pg from 'pg';

/** A transaction that sees what the one that exported `snapshot` sees; null: what is there now. */
export async function beginSnapshot(client: pg.Client, snapshot: string | null): Promise<void> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
  if (snapshot !== null) {
    await client.query(`SET TRANSACTION SNAPSHOT '${snapshot.replaceAll("'", "''")}'`);
  }
}

export async function exportSnapshot(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ snapshot: string }>(
    'SELECT pg_export_snapshot() AS snapshot',
  );
  return rows[0]?.snapshot as string;
}

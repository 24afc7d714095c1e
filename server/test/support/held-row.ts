import pg from 'pg';
import type { TestDatabase } from './test-database.js';
import { until } from './until.js';

interface World {
  readonly database: TestDatabase;
  sql<R extends object>(text: string): Promise<R[]>;
}

/**
 * Begins the steps one after the other while somebody else holds a row, so that each waits for the
 * one before; then lets go. `select` names the row.
 */
export async function whileHeld<T>(
  { database, sql }: World,
  select: string,
  values: readonly unknown[],
  steps: readonly (() => Promise<T>)[],
): Promise<T[]> {
  const waiting = async () => {
    const [row] = await sql<{ n: number }>(
      `SELECT count(DISTINCT pid)::int AS n FROM pg_locks WHERE NOT granted AND pid IN
         (SELECT pid FROM pg_stat_activity WHERE datname = current_database())`,
    );
    return row?.n;
  };
  const other = new pg.Client({ connectionString: database.ownerUrl });
  await other.connect();
  const begun: Promise<T>[] = [];
  try {
    await other.query('BEGIN');
    await other.query(`${select} FOR UPDATE`, [...values]);
    for (const step of steps) {
      begun.push(step());
      await until(`${begun.length} wait`, async () => (await waiting()) === begun.length);
    }
  } finally {
    await other.end();
  }
  return Promise.all(begun);
}

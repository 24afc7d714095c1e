/** Kind of the entries that a test leaves when it changes policy by SQL. */
export const BY_SQL = 'policy.changed_directly';

/** Fails when the server changed policy without an entry that says so. `sql` may be cut off by then. */
export async function assertOwnChangesExplained(
  sql: (text: string) => Promise<{ payload: unknown }[]>,
): Promise<void> {
  const found = await sql(
    `SELECT DISTINCT ON (payload->>'table', payload->>'operation') payload::jsonb AS payload
     FROM ledger_entry WHERE kind = '${BY_SQL}' AND payload->>'application' LIKE 'rolecall%'
       AND payload->>'application' <> 'rolecall-migrate'`,
  ).catch(() => []);
  if (found.length === 0) return;
  const what = found.map(({ payload }) => JSON.stringify(payload)).join('\n');
  throw new Error(`the server changed policy and wrote no entry of it:\n${what}`);
}

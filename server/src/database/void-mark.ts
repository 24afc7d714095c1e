/**
 * Sets `table.tokens_void_before` to this moment, and never back. By Postgres' clock, as the ids of
 * tokens are: a server whose clock is wrong voids no token of tomorrow.
 */
export function voidedNow(table: string): string {
  return `tokens_void_before = greatest(${table}.tokens_void_before, ${VOIDED_AT})`;
}

export const VOIDED_AT = `date_trunc('milliseconds', clock_timestamp())`;

import type { Findings } from './examine-database.js';

/** The oldest Postgres that Rolecall is tested with. */
export const MINIMUM_VERSION = 15;

/** Why Rolecall does not start with this database, and what to do about it. */
export class DatabaseRefused extends Error {
  override name = 'DatabaseRefused';
}

/** Null when Rolecall can work with what was found. */
export function refusalOf(found: Findings): string | null {
  const { variable } = found;
  if (found.version < MINIMUM_VERSION) {
    return `${variable} leads to Postgres ${found.versionText}; Rolecall needs Postgres ${MINIMUM_VERSION} or newer.`;
  }
  if (found.encoding !== 'UTF8') {
    return (
      `The database of ${variable} has the encoding ${found.encoding}; Rolecall needs UTF8. ` +
      'Create the database with ENCODING UTF8 TEMPLATE template0.'
    );
  }
  if (!found.hasIcu) {
    return `The Postgres of ${variable} was built without ICU, which sorts names. Use a build with ICU, as every distribution has.`;
  }
  if (found.isPooledByStatement) {
    return `${variable} leads to a pooler that splits transactions (PgBouncer: pool_mode = statement). Use pool_mode = transaction or session.`;
  }
  if (!found.keepsSessions && found.isolation !== 'read committed') {
    return (
      `Through the pooler of ${variable} transactions are ${found.isolation} by default, which Rolecall cannot change there. ` +
      "Set it in Postgres: ALTER ROLE … SET default_transaction_isolation = 'read committed'."
    );
  }
  return null;
}

import { describe, expect, it } from '@jest/globals';
import { refusalOf } from './database-refused.js';
import type { Findings } from './examine-database.js';

const GOOD: Findings = {
  variable: 'DATABASE_URL',
  version: 15,
  versionText: '15.4',
  encoding: 'UTF8',
  database: 'rolecall',
  hasIcu: true,
  isolation: 'read committed',
  keepsSessions: true,
  isPooledByStatement: false,
};

describe('databases that Rolecall cannot work with', () => {
  it('takes the oldest version that is documented', () => {
    expect(refusalOf(GOOD)).toBeNull();
    expect(refusalOf({ ...GOOD, keepsSessions: false })).toBeNull();
  });

  it.each<[Partial<Findings>, RegExp]>([
    [{ version: 14, versionText: '14.9' }, /Postgres 14\.9; Rolecall needs Postgres 15 or newer/],
    [{ encoding: 'SQL_ASCII' }, /encoding SQL_ASCII.*ENCODING UTF8/],
    [{ hasIcu: false }, /without ICU/],
    [{ keepsSessions: false, isPooledByStatement: true }, /pool_mode = statement/],
    [{ keepsSessions: false, isolation: 'serializable' }, /default_transaction_isolation/],
  ])('refuses %j', (found, sentence) => {
    expect(refusalOf({ ...GOOD, ...found })).toMatch(sentence);
  });
});

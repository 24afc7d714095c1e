/*
 * Tests that may fail once in a run, each with its cause and a last day. A test belongs here only
 * while its cause is known and outside our code, or being mended.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlainError } from './errors.mjs';
import { ROOT } from './paths.mjs';

export const QUARANTINE_FILE = 'tools/quarantine.json';
const MAX_ENTRIES = 3;

/** The tests' names as `path: full name`. Throws when an entry is incomplete, late or one too many. */
export function readQuarantine(
  text = readFileSync(join(ROOT, QUARANTINE_FILE), 'utf8'),
  today = new Date().toISOString().slice(0, 10),
) {
  const entries = JSON.parse(text);
  if (entries.length > MAX_ENTRIES) {
    throw new PlainError(`${QUARANTINE_FILE} has more than ${MAX_ENTRIES} entries`);
  }
  for (const { test, cause, until } of entries) {
    if (!test || !cause || !/^\d{4}-\d{2}-\d{2}$/.test(until ?? '')) {
      throw new PlainError(
        `${QUARANTINE_FILE}: each entry needs a test, a cause and a date (until)`,
      );
    }
    if (until < today) throw new PlainError(`${QUARANTINE_FILE}: ${test} was due on ${until}`);
  }
  return new Set(entries.map(({ test }) => test));
}

import { printable } from '../../common/printable.js';
import { ledgerId } from '../ledger-entry.js';
import { instantOf, isOfSubject, leafHash, type StoredEntry } from '../leaf.js';

export const CSV_COLUMNS = [
  'leaf',
  'id',
  'at',
  'kind',
  'outcome',
  'actor_kind',
  'actor_id',
  'actor_label',
  'ip',
  'room',
  'identity',
  'request_id',
  'reason',
  'payload',
  'personal',
  'leaf_hash',
] as const;

/** Begins the last record, which has the signed manifest. No leaf is called so. */
export const CSV_END = '#manifest';

/** What a spreadsheet takes for the beginning of a formula, also after spaces. */
const FORMULA = /^\s*[=+\-@\uff0b\uff0d\uff1d\uff20|%]/u;

export function csvHead(): string {
  return record(CSV_COLUMNS);
}

/** Without people where `hasPeople` is false, as the leaf has the entry. */
export function csvEntry(leaf: number, entry: StoredEntry, hasPeople: boolean): string {
  const person = (text: string | null): string | null => (hasPeople ? text : null);
  const { reason } = entry;
  return record([
    leaf,
    ledgerId(entry),
    instantOf(entry.atMicros),
    entry.kind,
    entry.outcome,
    entry.actorKind,
    person(entry.actorId),
    person(entry.actorLabel),
    person(entry.ip),
    entry.room,
    person(entry.identity),
    entry.requestId,
    isOfSubject(entry) ? person(reason) : reason,
    entry.payload,
    person(entry.personal),
    leafHash(entry).toString('hex'),
  ]);
}

export function csvEnd(note: string): string {
  return `${CSV_END},${quoted(note)}\r\n`;
}

function record(fields: readonly (string | number | null)[]): string {
  return `${fields.map(field).join(',')}\r\n`;
}

function field(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  // On one line, and with nothing that moves a cursor or changes the order of what is shown.
  const text = printable(value);
  return quoted(FORMULA.test(text) ? `'${text}` : text);
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

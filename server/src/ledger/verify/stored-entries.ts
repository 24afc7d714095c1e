import { hash } from 'node:crypto';
import { type EntryRow, readEntry } from '../entry-rows.js';
import { type ByteEntry, leafBytes } from '../leaf.js';
import { ledgerId } from '../ledger-entry.js';

/** An entry as it is in the table now. */
export interface FoundEntry {
  readonly entry: ByteEntry;
  /** The data of its leaf. */
  readonly text: string;
  /** Of the columns as they are. */
  readonly hash: Buffer;
  /** As it was stored with the entry. */
  readonly storedHash: Buffer | null;
}

export function toFoundEntry(row: Buffer): FoundEntry {
  const { entry, storedHash } = readEntry(row);
  const data = Buffer.from(leafBytes(entry), 'latin1');
  return {
    entry,
    text: data.toString('utf8'),
    hash: hash('sha256', Buffer.concat([Buffer.of(0), data]), 'buffer'),
    storedHash: storedHash === null ? null : Buffer.from(storedHash, 'latin1'),
  };
}

export function idOf({ entry }: EntryRow | FoundEntry): string {
  return ledgerId(entry);
}

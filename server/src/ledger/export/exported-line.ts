import { printableJson } from '../../common/printable.js';
import { actorPart, leafText, type StoredEntry, subjectPart } from '../leaf.js';
import { ledgerId } from '../ledger-entry.js';

/** One line of `entries.ndjson`: the data of the leaf, and what its commitments are made of. */
export function exportedLine(leaf: number, entry: StoredEntry, hasPeople: boolean): string {
  const id = JSON.stringify(ledgerId(entry));
  const people = hasPeople ? peopleOf(entry) : '';
  return printableJson(`{"leaf":${leaf},"id":${id},"entry":${leafText(entry)}${people}}`);
}

function peopleOf(entry: StoredEntry): string {
  const { actorSalt, actorCommitment, subjectSalt, subjectCommitment } = entry;
  return (
    (actorSalt && !actorCommitment ? `,"actor":${partOf(actorPart(entry), actorSalt)}` : '') +
    (subjectSalt && !subjectCommitment
      ? `,"subject":${partOf(subjectPart(entry), subjectSalt)}`
      : '')
  );
}

function partOf(part: string, salt: Uint8Array): string {
  return `{"part":${part},"salt":"${Buffer.from(salt).toString('hex')}"}`;
}

import { printableJson } from '../../common/printable.js';
import { actorPart, leafText, type StoredEntry, subjectPart } from '../leaf.js';
import { ledgerId } from '../ledger-entry.js';

/** Which parts of an entry are told. */
export interface ToldParts {
  readonly actor: boolean;
  readonly subject: boolean;
}

/** One line of `entries.ndjson`: the data of the leaf, and what its commitments are made of. */
export function exportedLine(leaf: number, entry: StoredEntry, hasPeople: boolean): string {
  return lineWithParts(leaf, entry, { actor: hasPeople, subject: hasPeople });
}

/** The same with one of the parts alone, or with none. */
export function lineWithParts(leaf: number, entry: StoredEntry, told: ToldParts): string {
  const id = JSON.stringify(ledgerId(entry));
  const people = peopleOf(entry, told);
  return printableJson(`{"leaf":${leaf},"id":${id},"entry":${leafText(entry)}${people}}`);
}

function peopleOf(entry: StoredEntry, told: ToldParts): string {
  const { actorSalt, actorCommitment, subjectSalt, subjectCommitment } = entry;
  const actor = told.actor && actorSalt && !actorCommitment;
  const subject = told.subject && subjectSalt && !subjectCommitment;
  return (
    (actor ? `,"actor":${partOf(actorPart(entry), actorSalt)}` : '') +
    (subject ? `,"subject":${partOf(subjectPart(entry), subjectSalt)}` : '')
  );
}

function partOf(part: string, salt: Uint8Array): string {
  return `{"part":${part},"salt":"${Buffer.from(salt).toString('hex')}"}`;
}

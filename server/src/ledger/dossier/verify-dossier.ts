import { createPublicKey, verify } from 'node:crypto';
import type { CheckEd25519 } from '../remote/checked-signatures.js';
import { toBase64 } from '../tree/bytes.js';
import type { Sha256 } from '../tree/merkle.js';
import { findingText } from '../verify/finding.js';
import { checkDossier, type DossierReport, type KnownOfLog } from './check-dossier.js';
import type { Dossier } from './dossier-format.js';

const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const DATA = /<script type="application\/json" id="dossier">([^<]*)<\/script>/;
const SHOWN_FINDINGS = 20;

/** Whether a file is a dossier, by how it begins. */
export function isDossier(beginning: string): boolean {
  return /^\s*<!doctype html>/i.test(beginning);
}

/** Proves the file of a dossier, past the page in it. The lines say how that went. */
export async function verifyDossier(
  html: string,
  sha256: Sha256,
  known: KnownOfLog,
): Promise<{ readonly lines: string[]; readonly isProved: boolean }> {
  const dossier = dossierIn(html);
  if (!dossier) {
    const lines = [
      'problem: the file is no dossier, or it was cut off: get it again',
      'not proved',
    ];
    return { lines, isProved: false };
  }
  const report = await checkDossier(dossier, sha256, checkEd25519, known);
  return { lines: describe(report, known), isProved: report.isProved };
}

function dossierIn(html: string): Dossier | null {
  try {
    const dossier = JSON.parse(DATA.exec(html)?.[1] ?? '') as Dossier;
    const { entries, hashes, keys } = dossier;
    return [entries, hashes, keys].every(Array.isArray) ? dossier : null;
  } catch {
    return null;
  }
}

const checkEd25519: CheckEd25519 = (publicKey, message, signature) => {
  const der = Buffer.concat([SPKI, publicKey]);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return Promise.resolve(verify(null, message, key, signature));
};

function describe(report: DossierReport, { vkeys, policy }: KnownOfLog): string[] {
  const { manifest, checkpoint, entries, parts, hashesOnly, problems, findings } = report;
  const lines: string[] = [];
  if (manifest) {
    const { origin, room, startedAt, endedAt, until, madeAt, madeBy } = manifest;
    const end = endedAt ?? `${until}, when it still ran`;
    lines.push(`log: ${origin}`, `made ${madeAt}${madeBy === null ? '' : ` by ${madeBy}`}`);
    lines.push(`session of the room ${room}: ${startedAt} to ${end}`);
    if (manifest.for !== null) lines.push(`for ${manifest.for}: the others are left out`);
    lines.push(`entries: ${entries}, of these as a hash only: ${hashesOnly}`);
    if (manifest.unsealed > 0) lines.push(`not sealed yet, so not in it: ${manifest.unsealed}`);
    if (manifest.beforeTree > 0) lines.push(`from before the tree: ${manifest.beforeTree}`);
  }
  if (checkpoint) {
    lines.push(`checkpoint: ${checkpoint.size} entries, root ${toBase64(checkpoint.root)}`);
  }
  for (const { witness, at, isRight } of report.cosignatures) {
    if (isRight === false) continue; // it is among the problems
    const how = isRight ? '' : ', not checked: this program checks Ed25519 alone';
    lines.push(`cosigned by ${witness}${at ? ` at ${at.toISOString()}` : ''}${how}`);
  }
  if (report.isCosigned) lines.push('cosigned as the policy wants it');
  lines.push(...problems.map((problem) => `problem: ${problem}`));
  const wrong = findings.slice(0, SHOWN_FINDINGS).map(findingText);
  lines.push(...wrong.map((text) => text.replace(/^first /, '')));
  if (findings.length > SHOWN_FINDINGS) {
    lines.push(`and ${findings.length - SHOWN_FINDINGS} more entries`);
  }
  if (!report.isProved) return [...lines, 'not proved'];
  if (vkeys.length === 0 && (policy?.logs ?? []).length === 0) {
    lines.push(
      'Note: the key comes from this file. Give --key with one that you have from elsewhere.',
    );
  }
  if (policy === null && report.cosignatures.length > 0) {
    lines.push('Note: the keys of the witnesses come from this file. Give --policy with yours.');
  }
  lines.push(`people: ${parts.proved} parts proved, ${parts.absent} erased or left out`);
  lines.push(
    'proved: every entry is in the log as it is here, and the key of the log has signed that these are all of the session',
  );
  return lines;
}

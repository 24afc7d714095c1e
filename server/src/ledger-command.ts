import { createWriteStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { INestApplicationContext } from '@nestjs/common';
import type { Actor } from './actor/actor.js';
import type { ChallengeBody } from './audit/challenge.schemas.js';
import { ChallengeService } from './audit/challenge.service.js';
import { printable } from './common/printable.js';
import { DossierService } from './audit/dossier/dossier.service.js';
import { PersonFileService } from './audit/person/person-file.service.js';
import { fieldError } from './common/errors/app-error.js';
import type { DossierArguments, PersonArguments } from './ledger-arguments.js';
import { type ExportRequest, LedgerExporter } from './ledger/export/ledger-exporter.js';
import { CHECKS } from './ledger/ledger-verifier.js';
import { findingText } from './ledger/verify/finding.js';
import { LedgerVerification, type VerificationReport } from './ledger/verify/verification.js';

const TREE_CHECK =
  'the columns of each entry give its leaf in the signed tree; tiles, checkpoints, the mirror and the witnesses agree with it';

/** 0 when all is proved, else 1. `since`: a checkpoint that somebody kept. */
export async function verifyLedger(
  app: INestApplicationContext,
  actor: Actor,
  since: string | null,
): Promise<number> {
  const report = await app.get(LedgerVerification).run(actor, since);
  for (const line of describe(report)) console.log(printable(line));
  return report.isProved ? 0 : 1;
}

/** 0 when it was written. */
export async function exportLedger(
  app: INestApplicationContext,
  actor: Actor,
  request: ExportRequest,
): Promise<number> {
  const manifest = await app.get(LedgerExporter).run(actor, request);
  const { entries, firstLeaf, endLeaf, treeSize } = manifest;
  console.log(
    `${entries} entries, of leaves ${firstLeaf} to ${endLeaf - 1}, in a tree of ${treeSize}`,
  );
  console.log(printable(`Prove them with: node ${join(request.folder, 'verify.mjs')}`));
  return 0;
}

/** 0 when it was written. */
export async function writeDossier(
  app: INestApplicationContext,
  actor: Actor,
  { file, room, session, for: whom }: DossierArguments,
): Promise<number> {
  if (existsSync(file)) throw fieldError('FILE', 'exists already'); // before the ledger says it was made
  const dossiers = app.get(DossierService);
  const { leaves, startedAt, endedAt, until } = await dossiers.make(
    actor,
    room,
    { session, whom },
    async ({ manifest, html }) => {
      const target = createWriteStream(file, { flags: 'wx', mode: 0o640 });
      await pipeline(Readable.from(html), target).catch((error: NodeJS.ErrnoException) => {
        throw fieldError('FILE', `cannot be written: ${error.message}`);
      });
      return manifest;
    },
  );
  console.log(
    `${leaves.length} entries of the session from ${startedAt} to ${endedAt ?? `now (${until}); it still runs`}`,
  );
  console.log(printable(`Open it in a browser, which verifies it: ${file}`));
  console.log(printable(`Or prove it anywhere: node verify.mjs ${file}`));
  return 0;
}

/** 0 when it was written. */
export async function writePerson(
  app: INestApplicationContext,
  actor: Actor,
  { file, identity }: PersonArguments,
): Promise<number> {
  if (existsSync(file)) throw fieldError('FILE', 'exists already'); // before the ledger says it was made
  const stream = await app
    .get(PersonFileService)
    .start(actor, identity, () => Promise.resolve(true));
  const target = createWriteStream(file, { flags: 'wx', mode: 0o600 });
  await pipeline(stream, target).catch((error: NodeJS.ErrnoException) => {
    throw fieldError('FILE', `cannot be written: ${error.message}`);
  });
  console.log(printable(`All that is kept of ${identity} is in ${file}`));
  console.log('Prove it with verify.mjs, which every export has, and the key of the log.');
  return 0;
}

/** 0 when nothing deviates without an explanation, else 1. */
export async function challengeLedger(
  app: INestApplicationContext,
  actor: Actor,
  body: ChallengeBody,
): Promise<number> {
  const { data, counts } = await app.get(ChallengeService).run(actor, body);
  for (const { id, kind, outcome, text } of data) {
    if (outcome !== 'agrees') console.log(printable(`${id} ${kind}: ${outcome}: ${text}`));
  }
  const { agrees, explained, deviates, notDecidedByPolicy, notKnown } = counts;
  console.log(
    `${data.length} entries: ${agrees} agree, ${explained} deviate and are explained, ${deviates} deviate, ` +
      `${notDecidedByPolicy} were not decided by policy, ${notKnown} were erased`,
  );
  return deviates === 0 ? 0 : 1;
}

function describe(report: VerificationReport): string[] {
  const { shards, protection, hasOneRole, tree, unsealed, beforeTree, witnesses } = report;
  const lines = ['Checked:', ...[...CHECKS, TREE_CHECK].map((check) => `  - ${check}`)];
  for (const { shard, entries, problems, firstWrong } of shards) {
    const where = firstWrong ? `; first wrong entry: ${firstWrong}` : '';
    lines.push(`shard ${shard}: ${entries} entries, ${problems.join('; ') || 'complete'}${where}`);
  }
  lines.push(...protection.map((problem) => `protection: ${problem}`));
  if (hasOneRole) {
    lines.push(
      'Note: DATABASE_URL is the owner of the tables, so its holder can switch the protection off.',
    );
  }
  lines.push(
    `tree: ${tree.size} entries sealed, ${tree.checked} computed again from leaf ${tree.from} on, ${tree.checkpoints} checkpoints`,
  );
  for (const { entries, rule, entry } of report.forgotten) {
    lines.push(`forgotten by ${rule}, entry ${entry}: ${entries} entries`);
  }
  if (unsealed > 0) lines.push(`not sealed yet: ${unsealed} entries`);
  if (beforeTree > 0) lines.push(`from before the tree, not proved: ${beforeTree} entries`);
  for (const { name, size } of witnesses?.anchors ?? []) lines.push(`${name}: ${size} entries`);
  for (const { name, why } of witnesses?.silent ?? []) {
    lines.push(`the witness ${name} does not answer: ${why}`);
  }
  if (witnesses?.isMet === false) lines.push('problem: too few witnesses answer for the policy');
  lines.push(...report.problems.map((problem) => `problem: ${problem}`));
  if (report.finding) lines.push(findingText(report.finding));
  const seconds = (report.ms / 1000).toFixed(1);
  lines.push(report.isProved ? `proved in ${seconds} s` : `not proved (${seconds} s)`);
  return lines;
}

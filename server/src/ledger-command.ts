import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { z } from 'zod';
import type { Actor } from './actor/actor.js';
import { challengeBody } from './audit/challenge.schemas.js';
import { ChallengeService } from './audit/challenge.service.js';
import { fieldError } from './common/errors/app-error.js';
import { instant } from './common/http/fields.js';
import { invalid } from './common/http/validation.pipe.js';
import { LedgerExporter } from './ledger/export/ledger-exporter.js';
import { ledgerQuery } from './ledger/ledger.schemas.js';
import { CHECKS } from './ledger/ledger-verifier.js';
import { findingText } from './ledger/verify/finding.js';
import { LedgerVerification, type VerificationReport } from './ledger/verify/verification.js';

export const LEDGER_OPTIONS = {
  since: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  filter: { type: 'string' },
  n: { type: 'string' },
  'without-people': { type: 'boolean' },
} as const;

export const LEDGER_USAGE = `  ledger verify [--since FILE]   proves every entry against the signed tree, the mirror and the witnesses,
                                 or those after a checkpoint that you kept; exits with 1 when it cannot
  ledger export [--from TIME] [--to TIME] [--filter JSON] [--without-people] DIR
                                 writes entries with their proofs into a new folder; node DIR/verify.mjs
                                 proves them on any machine. Times are ISO 8601 with an offset
  ledger challenge --n N [--from TIME] [--to TIME]
                                 decides N random entries again from policy as it was; exits with 1 when
                                 one deviates and the log does not say why`;

const TREE_CHECK =
  'the columns of each entry give its leaf in the signed tree; tiles, checkpoints, the mirror and the witnesses agree with it';

/** 0 when all is proved, else 1. */
export async function verifyLedger(
  app: INestApplicationContext,
  actor: Actor,
  { since }: { since?: string | undefined },
): Promise<number> {
  const note = since === undefined ? null : await readNote(since);
  const report = await app.get(LedgerVerification).run(actor, note);
  for (const line of describe(report)) console.log(line);
  return report.isProved ? 0 : 1;
}

/** 0 when it was written. */
export async function exportLedger(
  app: INestApplicationContext,
  actor: Actor,
  folder: string,
  given: Record<string, unknown>,
): Promise<number> {
  const text = (name: string) => (typeof given[name] === 'string' ? given[name] : undefined);
  const { from, to } = parseInput(z.object({ from: instant.optional(), to: instant.optional() }), {
    from: text('from'),
    to: text('to'),
  });
  const filter = text('filter');
  const query = filter === undefined ? null : parseInput(ledgerQuery, { filter });
  const manifest = await app.get(LedgerExporter).run(actor, {
    folder,
    from: from ? new Date(from) : null,
    to: to ? new Date(to) : null,
    filter: query && query.filter,
    hasPeople: given['without-people'] !== true,
  });
  const { entries, firstLeaf, endLeaf, treeSize } = manifest;
  console.log(
    `${entries} entries, of leaves ${firstLeaf} to ${endLeaf - 1}, in a tree of ${treeSize}`,
  );
  console.log(`Prove them with: node ${join(folder, 'verify.mjs')}`);
  return 0;
}

/** 0 when nothing deviates without an explanation, else 1. */
export async function challengeLedger(
  app: INestApplicationContext,
  actor: Actor,
  { n, from, to }: Record<string, unknown>,
): Promise<number> {
  const body = parseInput(challengeBody, { n: Number(n ?? 20), from, to });
  const { data, counts } = await app.get(ChallengeService).run(actor, body);
  for (const { id, kind, outcome, text } of data) {
    if (outcome !== 'agrees') console.log(`${id} ${kind}: ${outcome}: ${text}`);
  }
  const { agrees, explained, deviates, notDecidedByPolicy, notKnown } = counts;
  console.log(
    `${data.length} entries: ${agrees} agree, ${explained} deviate and are explained, ${deviates} deviate, ` +
      `${notDecidedByPolicy} were not decided by policy, ${notKnown} were erased`,
  );
  return deviates === 0 ? 0 : 1;
}

function parseInput<T>(schema: z.ZodType<T>, value: Record<string, unknown>): T {
  const given = Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw invalid(result.error.issues);
}

async function readNote(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw fieldError('--since', `cannot be read: ${(error as Error).message}`);
  }
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

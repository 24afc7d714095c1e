import type pg from 'pg';
import { parseLedgerId } from '../ledger-entry.js';
import { readShape, type ShardReport, type VerifierReport } from '../ledger-verifier.js';
import type { Checkpoint } from '../tree/checkpoint.js';
import type { Finding } from './finding.js';
import { LedgerTables } from './ledger-tables.js';
import { type Stretch, StretchHasher } from './stretch-hasher.js';
import type { Stretches } from './stretches.js';
import type { Anchor } from './authentic-tiles.js';
import { type TreeCopy, type TreeReport, TreeVerifier } from './tree-verifier.js';
import { checkUnsealed } from './unsealed.js';
import type { VerifyThreads } from './verify-threads.js';

/** What is known outside of the database. */
export interface Outside {
  readonly open: (note: string) => Checkpoint;
  readonly openNewest: (note: string) => Checkpoint;
  readonly anchors: readonly Anchor[];
  readonly mirror: TreeCopy | null;
  readonly since: Anchor | null;
}

export interface SnapshotReport extends VerifierReport {
  readonly tree: TreeReport;
  /** Entries that no checkpoint proves yet. */
  readonly unsealed: number;
  /** Entries from before there were leaves; nothing proves them. */
  readonly beforeTree: number;
  readonly finding: Finding | null;
}

/** With fewer entries, threads cost more than they save. */
const WORTH_THREADS = 16_384;

/**
 * Everything that the database can be asked, in the transaction of the caller. The answer is the same
 * with threads and without; they cannot see what that transaction has changed itself.
 */
export async function verifySnapshot(
  client: pg.Client,
  outside: Outside,
  threads: VerifyThreads | null = null,
): Promise<SnapshotReport> {
  const tables = new LedgerTables(client);
  const { shape, tree } = await readTree(tables, outside, threads);
  const { count: unsealed, finding } = await checkUnsealed(client);
  const beforeTree = await countBefore(client);
  return {
    ...shape,
    tree,
    unsealed,
    beforeTree,
    finding: tree.finding ?? shapeFinding(shape.shards) ?? finding,
  };
}

async function readTree(
  tables: LedgerTables,
  { mirror, since, ...outside }: Outside,
  threads: VerifyThreads | null,
): Promise<{ shape: VerifierReport; tree: TreeReport }> {
  const { client } = tables;
  const verify = (stretches: Stretches) =>
    new TreeVerifier({ tables, mirror, since, stretches, ...outside }).run();
  const size = (await tables.newestCheckpoint())?.size ?? 0;
  if (!threads || size - (since?.size ?? 0) < WORTH_THREADS) {
    const hasher = new StretchHasher(tables, mirror);
    const shape = await readShape(client);
    const here = { atOnce: 1, hash: (stretch: Stretch) => hasher.hash(stretch) };
    return { shape, tree: await verify(here) };
  }
  const helpers = await threads.open(
    client,
    mirror && { folder: mirror.folder, size: mirror.size },
  );
  try {
    const [shape, tree] = await Promise.all([readShape(helpers.client), verify(helpers.workers)]);
    return { shape, tree };
  } finally {
    await helpers.end();
  }
}

/** Entries that are repeated, misdated or beyond the head need no leaf to be wrong. */
function shapeFinding(shards: readonly ShardReport[]): Finding | null {
  const wrong = shards.find(({ problems }) => problems.length > 0);
  if (!wrong) return null;
  const { shard, firstWrong, problems } = wrong;
  return {
    leaf: null,
    entry: firstWrong && parseLedgerId(firstWrong) ? firstWrong : null,
    problem: `shard ${shard} is not whole`,
    expected: 'each number once, in order of time',
    found: problems.join('; '),
  };
}

async function countBefore(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ count: string | null }>(
    'SELECT sum(leaves_after) AS count FROM ledger_head',
  );
  return Number(rows[0]?.count ?? 0);
}

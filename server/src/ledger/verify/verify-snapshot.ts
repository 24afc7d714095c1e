import type pg from 'pg';
import { parseLedgerId } from '../ledger-entry.js';
import { readShape, type ShardReport, type VerifierReport } from '../ledger-verifier.js';
import type { Checkpoint } from '../tree/checkpoint.js';
import type { Finding } from './finding.js';
import { LedgerTables } from './ledger-tables.js';
import { TEXT_FORMATS } from './stored-entries.js';
import type { Anchor } from './authentic-tiles.js';
import { type TreeCopy, type TreeReport, TreeVerifier } from './tree-verifier.js';
import { checkUnsealed } from './unsealed.js';

/** What is known outside of the database. */
export interface Outside {
  readonly open: (note: string) => Checkpoint;
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

/** Everything that the database can be asked, in the transaction of the caller. */
export async function verifySnapshot(client: pg.Client, outside: Outside): Promise<SnapshotReport> {
  await client.query(TEXT_FORMATS);
  const shape = await readShape(client);
  const tree = await new TreeVerifier({ tables: new LedgerTables(client), ...outside }).run();
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

import type pg from 'pg';
import { parseLedgerId } from '../ledger-entry.js';
import {
  type NumbersInOrder,
  readShape,
  readShapeInOrder,
  type ShardReport,
  type VerifierReport,
} from '../ledger-verifier.js';
import type { Checkpoint } from '../tree/checkpoint.js';
import type { Finding } from './finding.js';
import { type Forgotten, type ForgottenReport, NOTHING_FORGOTTEN } from './forgotten-leaves.js';
import { LedgerTables } from './ledger-tables.js';
import { type Stretch, StretchHasher } from './stretch-hasher.js';
import type { Stretches } from './stretches.js';
import type { Anchor } from './authentic-tiles.js';
import {
  type SealedNumbers,
  type TreeCopy,
  type TreeReport,
  TreeVerifier,
} from './tree-verifier.js';
import { checkUnsealed, type UnsealedNumbers, type UnsealedReport } from './unsealed.js';
import type { VerifyThreads } from './verify-threads.js';

/** What is known outside of the database. */
export interface Outside {
  readonly open: (note: string) => Checkpoint;
  readonly openNewest: (note: string) => Checkpoint;
  readonly anchors: readonly Anchor[];
  readonly mirror: TreeCopy | null;
  readonly since: Anchor | null;
  /** What signed entries say was forgotten, in the snapshot of a client. Left out: nothing was. */
  readonly readForgotten?: (client: pg.Client) => Promise<Forgotten>;
}

export interface SnapshotReport extends VerifierReport {
  readonly tree: TreeReport;
  /** Entries that no checkpoint proves yet. */
  readonly unsealed: number;
  /** Entries from before there were leaves; nothing proves them. */
  readonly beforeTree: number;
  /** What rules let go; of these the leaf is left. */
  readonly forgotten: readonly ForgottenReport[];
  /** What says so, and is not signed. */
  readonly unsigned: readonly string[];
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
  const forgotten = (await outside.readForgotten?.(client)) ?? NONE;
  const { shape, tree, unsealed } = await readAll(tables, { ...outside, forgotten }, threads);
  return {
    ...shape,
    tree,
    unsealed: unsealed.count,
    beforeTree: await countBefore(client),
    forgotten: forgotten.reports,
    unsigned: forgotten.problems,
    finding: tree.finding ?? shapeFinding(shape.shards) ?? unsealed.finding,
  };
}

const NONE: Forgotten = { leaves: NOTHING_FORGOTTEN, reports: [], problems: [] };

interface Read {
  readonly shape: VerifierReport;
  readonly tree: TreeReport;
  readonly unsealed: UnsealedReport;
}

async function readAll(
  tables: LedgerTables,
  { mirror, since, forgotten, ...outside }: Outside & { readonly forgotten: Forgotten },
  threads: VerifyThreads | null,
): Promise<Read> {
  const { client } = tables;
  const verifier = (stretches: Stretches) =>
    new TreeVerifier({
      tables,
      mirror,
      since,
      stretches,
      forgotten: forgotten.leaves,
      ...outside,
    });
  const size = (await tables.newestCheckpoint())?.size ?? 0;
  if (!threads || size - (since?.size ?? 0) < WORTH_THREADS) {
    const hasher = new StretchHasher(tables, mirror, forgotten.leaves);
    const shape = await readShape(client);
    const here = { atOnce: 1, hash: (stretch: Stretch) => hasher.hash(stretch) };
    const tree = await verifier(here).run();
    return { shape, tree, unsealed: await checkUnsealed(client) };
  }
  const helpers = await threads.open(
    client,
    mirror && { folder: mirror.folder, size: mirror.size },
    forgotten.leaves.stretches,
  );
  try {
    const verifying = verifier(helpers.workers);
    const reading = verifying.run().then(async (tree) => {
      return { tree, unsealed: await checkUnsealed(client) };
    });
    if (since) {
      const [read, shape] = await Promise.all([reading, readShape(helpers.client)]);
      return { ...read, shape };
    }
    const inOrder = reading.then(({ tree, unsealed }) =>
      tree.finding === null ? numbersInOrder(verifying.sealedNumbers, unsealed.shards) : null,
    );
    inOrder.catch(() => undefined); // who reads it may have failed before
    const [read, shape] = await Promise.all([reading, readShapeInOrder(helpers.client, inOrder)]);
    return { ...read, shape: shape ?? (await readShape(helpers.client)) };
  } finally {
    await helpers.end();
  }
}

/** Of the entries with leaves and of those after them; null when one is out of order. */
function numbersInOrder(
  sealed: ReadonlyMap<number, SealedNumbers>,
  unsealed: ReadonlyMap<number, UnsealedNumbers>,
): ReadonlyMap<number, NumbersInOrder> | null {
  const all = new Map<number, NumbersInOrder>();
  for (const shard of new Set([...sealed.keys(), ...unsealed.keys()])) {
    const { lastSeq = 0, micros = null, isInOrder = true } = sealed.get(shard) ?? {};
    const after = unsealed.get(shard);
    if (!isInOrder || (after && !follows(after, lastSeq, micros))) return null;
    const last = after?.micros ?? micros;
    if (last === null) continue;
    all.set(shard, {
      entries: after?.lastSeq ?? lastSeq,
      micros: [(micros ?? last)[0], last[1]],
    });
  }
  return all;
}

function follows(
  { firstSeq, micros, isInOrder }: UnsealedNumbers,
  lastSeq: number,
  before: SealedNumbers['micros'],
): boolean {
  return isInOrder && firstSeq === lastSeq + 1 && micros[0] >= (before?.[1] ?? 0);
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

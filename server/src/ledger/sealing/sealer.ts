import { Injectable, Logger } from '@nestjs/common';
import { Metrics } from '../../metrics/metrics.service.js';
import { areEqual } from '../tree/bytes.js';
import { type Checkpoint, openCheckpoint, signCheckpoint } from '../tree/checkpoint.js';
import { NoteError } from '../tree/note.js';
import type { TreeEdge } from '../tree/tree-edge.js';
import { LastSigned } from './last-signed.js';
import { LedgerKeys, type LogKeys } from './ledger-keys.js';
import { LedgerMirror } from './ledger-mirror.js';
import { type Batch, readBatch } from './read-batch.js';
import { SealingStopped } from './sealing-stopped.js';
import { type StoredCheckpoint, TreeStore } from './tree-store.js';
import { TreeReader } from './tree-reader.js';

/** Leaves of one batch. */
export const MAX_BATCH = 10_000;

const NOTHING: Batch = { hashes: [], ranges: [], oldestMicros: null, missing: [] };

const OWN_FILE = 'the file of this server';
/** While there is nothing to seal, the tree is compared with what is outside this often. */
const COMPARE_MS = 5_000;

/** A checkpoint that is outside of Postgres, and where. */
interface Witnessed {
  readonly note: string;
  readonly where: string;
  readonly stop: 'postgres_behind' | 'foreign_mirror';
}

/**
 * Puts committed entries into the tree and signs it, one batch a pass. Before it signs it compares
 * the tree in Postgres with the checkpoints that are outside of it, and throws `SealingStopped`
 * rather than sign two histories.
 */
@Injectable()
export class Sealer {
  private readonly log = new Logger(Sealer.name);
  /** The right edge of the tree as it was last checked; null: it has to be read again. */
  private edge: TreeEdge | null = null;
  /** Notes that were found to be consistent with the tree at `edge`. */
  private readonly agreed = new Map<string, string>();
  /** When no shard had an entry that was not sealed. */
  private seenMicros = 0;
  private compareAt = 0;

  constructor(
    private readonly store: TreeStore,
    private readonly reader: TreeReader,
    private readonly keys: LedgerKeys,
    private readonly lastSigned: LastSigned,
    private readonly mirror: LedgerMirror,
    private readonly metrics: Metrics,
  ) {}

  /** The next pass reads and compares everything again. */
  forget(): void {
    this.edge = null;
    this.agreed.clear();
    this.seenMicros = 0;
  }

  /** Seals what there is. Resolves to what was read of it; null: the tree grew meanwhile. */
  async pass(): Promise<Batch | null> {
    const isIdle = this.edge && performance.now() < this.compareAt;
    if (isIdle && (await this.store.unsealed()).length === 0) return NOTHING;
    const keys = await this.keys.read();
    // These first: what is in them was in Postgres before.
    const outside = await this.readOutside();
    const newest = await this.store.newest();
    const edge = await this.checkTree(keys, newest);
    for (const note of outside) await this.compare(keys, note, edge, newest);
    this.compareAt = performance.now() + COMPARE_MS;
    const startedMicros = Date.now() * 1_000;
    const batch = await readBatch(this.store, edge.size, MAX_BATCH, () => this.seenMicros);
    if (batch.hashes.length > 0 && !(await this.seal(keys, edge, batch))) return null;
    if (batch.hashes.length < MAX_BATCH && batch.missing.length === 0) {
      this.seenMicros = startedMicros;
    }
    return batch;
  }

  private async seal(keys: LogKeys, edge: TreeEdge, batch: Batch): Promise<boolean> {
    const grown = edge.copy();
    const tiles = grown.append(batch.hashes);
    const checkpoint = { origin: keys.origin, size: grown.size, root: grown.root() };
    const note = signCheckpoint(checkpoint, keys.signers);
    this.edge = null; // until it is known whether the commit was
    const isSealed = await this.store.seal({
      fromSize: edge.size,
      generation: keys.generation,
      root: checkpoint.root,
      note,
      tiles,
      ranges: batch.ranges,
    });
    if (!isSealed) return false;
    this.edge = grown;
    await this.remember(note);
    this.metrics.ledgerSize.set(grown.size);
    if (batch.oldestMicros !== null) {
      this.metrics.ledgerSealingLag.observe(
        Math.max(0, Date.now() / 1e3 - batch.oldestMicros / 1e6),
      );
    }
    return true;
  }

  /** Keeps the newest checkpoint in a file of this server, whoever signed it. */
  async remember(note: string): Promise<void> {
    try {
      await this.lastSigned.write(note);
      this.agreed.set(OWN_FILE, note);
    } catch (error) {
      // The mirror has it too; the next checkpoint tries again.
      this.log.warn('The last checkpoint cannot be kept beside the key', { error });
    }
  }

  private async readOutside(): Promise<Witnessed[]> {
    const found: Witnessed[] = [];
    const own = await this.lastSigned.read();
    if (own !== null) {
      found.push({ note: own, where: OWN_FILE, stop: 'postgres_behind' });
    }
    try {
      const mirrored = await this.mirror.checkpoint();
      if (mirrored !== null) {
        const where = `the mirror ${this.mirror.store.place}`;
        found.push({ note: mirrored, where, stop: 'foreign_mirror' });
      }
    } catch {
      // What writes the mirror reports that it is away.
    }
    return found;
  }

  /** The right edge of the tree in Postgres, whose root is the one that was signed. */
  private async checkTree(keys: LogKeys, newest: StoredCheckpoint | null): Promise<TreeEdge> {
    const size = newest?.size ?? 0;
    const root = newest?.root;
    const known = this.edge;
    if (known?.size === size && (!root || areEqual(known.root(), root))) return known;
    const edge = await this.reader.edge(size);
    if (newest) {
      const signed = openOr(newest.note, keys, (problem) => {
        throw new SealingStopped(
          'tree_changed',
          `The newest checkpoint in Postgres is not the log's: ${problem}.`,
        );
      });
      if (signed.size !== size || !areEqual(signed.root, edge.root())) {
        throw new SealingStopped(
          'tree_changed',
          `The tree in Postgres is not the one that was signed at size ${size}.`,
        );
      }
    }
    this.agreed.clear();
    return (this.edge = edge);
  }

  private async compare(
    keys: LogKeys,
    { note, where, stop }: Witnessed,
    edge: TreeEdge,
    newest: StoredCheckpoint | null,
  ): Promise<void> {
    if (note === newest?.note || this.agreed.get(where) === note) return;
    const signed = openOr(note, keys, (problem) => {
      throw new SealingStopped(stop, `The checkpoint in ${where} is not this log's: ${problem}.`);
    });
    if (signed.size > edge.size) {
      throw new SealingStopped(
        'postgres_behind',
        `Postgres has ${edge.size} sealed entries, and ${where} a checkpoint of ${signed.size}: entries were lost or removed.`,
      );
    }
    const then = signed.size === edge.size ? edge : await this.reader.edge(signed.size);
    if (!areEqual(then.root(), signed.root)) {
      throw new SealingStopped(
        'tree_changed',
        `The first ${signed.size} entries in Postgres are not those of the checkpoint in ${where}: history was rewritten.`,
      );
    }
    this.agreed.set(where, note);
  }
}

function openOr(note: string, keys: LogKeys, refuse: (problem: string) => never): Checkpoint {
  try {
    return openCheckpoint(note, keys.origin, keys.verifiers);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    return refuse(error.message);
  }
}

import { Injectable } from '@nestjs/common';
import { openCheckpoint } from '../tree/checkpoint.js';
import { LastSigned } from './last-signed.js';
import { LedgerKeys } from './ledger-keys.js';
import { SealingStopped } from './sealing-stopped.js';
import { TreeStore } from './tree-store.js';

const EVERY_MS = 10_000;

/**
 * A server that does not seal keeps the newest checkpoint as well, when it has the key: should it
 * seal later, it knows how far the tree was.
 */
@Injectable()
export class StandbyCopy {
  private keptAt = -Infinity;

  constructor(
    private readonly store: TreeStore,
    private readonly keys: LedgerKeys,
    private readonly lastSigned: LastSigned,
  ) {}

  async keep(): Promise<void> {
    if (performance.now() - this.keptAt < EVERY_MS) return;
    this.keptAt = performance.now();
    const newest = await this.store.newest();
    if (!newest) return;
    try {
      const { origin, verifiers } = await this.keys.read();
      const { size } = openCheckpoint(newest.note, origin, verifiers);
      const own = await this.lastSigned.read();
      if (own === null || openCheckpoint(own, origin, verifiers).size < size) {
        await this.lastSigned.write(newest.note);
      }
    } catch (error) {
      // Without the key it cannot seal either.
      if (!(error instanceof SealingStopped)) throw error;
    }
  }
}

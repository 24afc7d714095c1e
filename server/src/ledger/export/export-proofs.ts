import { Injectable } from '@nestjs/common';
import type pg from 'pg';
import { AppError } from '../../common/errors/app-error.js';
import { LedgerMirror } from '../sealing/ledger-mirror.js';
import { TreeStore } from '../sealing/tree-store.js';
import { formatVerifierKey } from '../tree/note.js';
import type { TileSource } from '../verify/authentic-tiles.js';
import { LedgerTables } from '../verify/ledger-tables.js';
import { mirrorCopy } from '../verify/mirror-copy.js';
import { CosignatureStore } from '../witness/cosignature-store.js';
import { cosignedBy } from '../witness/cosigned.js';
import { WitnessPolicyFile } from '../witness/policy-file.js';

/** The checkpoint and the tiles that an export proves its entries with. */
@Injectable()
export class ExportProofs {
  constructor(
    private readonly store: TreeStore,
    private readonly cosignatures: CosignatureStore,
    private readonly policyFile: WitnessPolicyFile,
    private readonly mirror: LedgerMirror,
  ) {}

  /** The newest one that enough witnesses cosigned, when it has the leaves; else the newest. */
  async checkpointFor(end: number): Promise<string> {
    const policy = await this.policyFile.read();
    for (const row of policy ? await this.cosignatures.newestCosigned(20) : []) {
      const cosigned = policy && row.size >= end ? cosignedBy(policy, row) : null;
      if (cosigned) return cosigned.note;
    }
    const newest = await this.store.newest();
    if (newest) return newest.note;
    throw new AppError('conflict', 'ledger.not_sealed', 'No entry of the ledger is sealed yet.');
  }

  /** Those of the log's policy; none: it has none. */
  async witnesses(): Promise<{ name: string; vkey: string }[]> {
    const policy = await this.policyFile.read();
    return (policy?.witnesses ?? []).map(({ name, key }) => ({
      name,
      vkey: formatVerifierKey(key),
    }));
  }

  async tileSources(client: pg.Client): Promise<TileSource[]> {
    const own = new LedgerTables(client).tileSource;
    try {
      const newest = await this.store.newest();
      return [own, mirrorCopy(this.mirror.store, newest?.size ?? 0).tiles];
    } catch {
      return [own]; // a mirror that is away proves nothing
    }
  }
}

import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors/app-error.js';
import { TreeStore } from '../sealing/tree-store.js';
import { CosignatureStore } from '../witness/cosignature-store.js';
import { cosignedBy } from '../witness/cosigned.js';
import { WitnessPolicyFile } from '../witness/policy-file.js';

/** Which checkpoint goes along with entries that leave the server. */
@Injectable()
export class ExportedCheckpoint {
  constructor(
    private readonly store: TreeStore,
    private readonly cosignatures: CosignatureStore,
    private readonly policyFile: WitnessPolicyFile,
  ) {}

  /** The newest one that enough witnesses cosigned, when it has `end` leaves; else the newest. */
  async having(end: number): Promise<string> {
    const policy = await this.policyFile.read();
    for (const row of policy ? await this.cosignatures.newestCosigned(20) : []) {
      const cosigned = policy && row.size >= end ? cosignedBy(policy, row) : null;
      if (cosigned) return cosigned.note;
    }
    const newest = await this.store.newest();
    if (newest) return newest.note;
    throw new AppError('conflict', 'ledger.not_sealed', 'No entry of the ledger is sealed yet.');
  }
}

import { Global, Module, type OnModuleInit } from '@nestjs/common';
import { Housekeeping } from '../database/housekeeping.js';
import { LedgerController } from './ledger.controller.js';
import { LedgerLookup } from './ledger-lookup.js';
import { LedgerReader } from './ledger-reader.js';
import { LedgerService } from './ledger.service.js';
import { LedgerVerifier } from './ledger-verifier.js';
import { LastSigned } from './sealing/last-signed.js';
import { LedgerHealth } from './sealing/ledger-health.js';
import { LedgerKeys } from './sealing/ledger-keys.js';
import { LedgerMirror } from './sealing/ledger-mirror.js';
import { LedgerProofs } from './sealing/ledger-proofs.js';
import { LedgerSealing } from './sealing/ledger-sealing.js';
import { MirrorWriter } from './sealing/mirror-writer.js';
import { SealLock } from './sealing/seal-lock.js';
import { Sealer } from './sealing/sealer.js';
import { StandbyCopy } from './sealing/standby-copy.js';
import { TreeReader } from './sealing/tree-reader.js';
import { TreeStore } from './sealing/tree-store.js';
import { TreeController } from './sealing/tree.controller.js';
import { Transactions } from './transactions.js';

const SEALING = [
  LastSigned,
  LedgerHealth,
  LedgerKeys,
  LedgerMirror,
  LedgerProofs,
  LedgerSealing,
  MirrorWriter,
  SealLock,
  Sealer,
  StandbyCopy,
  TreeReader,
  TreeStore,
];

@Global()
@Module({
  controllers: [LedgerController, TreeController],
  providers: [LedgerLookup, LedgerReader, LedgerService, LedgerVerifier, Transactions, ...SEALING],
  exports: [
    LedgerHealth,
    LedgerKeys,
    LedgerLookup,
    LedgerSealing,
    LedgerService,
    LedgerVerifier,
    Transactions,
    TreeReader,
    TreeStore,
  ],
})
export class LedgerModule implements OnModuleInit {
  constructor(
    private readonly housekeeping: Housekeeping,
    private readonly ledger: LedgerService,
    private readonly tree: TreeStore,
  ) {}

  onModuleInit(): void {
    this.housekeeping.add(() => this.ledger.ensurePartitions());
    this.housekeeping.add(() => this.tree.pruneCheckpoints());
  }
}

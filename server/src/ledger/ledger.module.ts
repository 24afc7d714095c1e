import { Global, Module, type OnModuleInit } from '@nestjs/common';
import { Housekeeping } from '../database/housekeeping.js';
import { LedgerController } from './ledger.controller.js';
import { LedgerEraser } from './ledger-eraser.js';
import { LedgerLookup } from './ledger-lookup.js';
import { LedgerReader } from './ledger-reader.js';
import { LedgerService } from './ledger.service.js';
import { LedgerVerifier } from './ledger-verifier.js';
import { Transactions } from './transactions.js';

@Global()
@Module({
  controllers: [LedgerController],
  providers: [
    LedgerEraser,
    LedgerLookup,
    LedgerReader,
    LedgerService,
    LedgerVerifier,
    Transactions,
  ],
  exports: [LedgerEraser, LedgerLookup, LedgerService, LedgerVerifier, Transactions],
})
export class LedgerModule implements OnModuleInit {
  constructor(
    private readonly housekeeping: Housekeeping,
    private readonly ledger: LedgerService,
  ) {}

  onModuleInit(): void {
    this.housekeeping.add(() => this.ledger.ensurePartitions());
  }
}

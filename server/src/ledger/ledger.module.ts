import { Global, Module } from '@nestjs/common';
import { LedgerController } from './ledger.controller.js';
import { LedgerReader } from './ledger-reader.js';
import { LedgerService } from './ledger.service.js';
import { LedgerVerifier } from './ledger-verifier.js';
import { Transactions } from './transactions.js';

@Global()
@Module({
  controllers: [LedgerController],
  providers: [LedgerReader, LedgerService, LedgerVerifier, Transactions],
  exports: [LedgerService, LedgerVerifier, Transactions],
})
export class LedgerModule {}

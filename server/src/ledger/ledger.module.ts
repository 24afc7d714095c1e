import { Global, Module } from '@nestjs/common';
import { LedgerController } from './ledger.controller.js';
import { LedgerReader } from './ledger-reader.js';
import { LedgerService } from './ledger.service.js';
import { LedgerVerifier } from './ledger-verifier.js';

@Global()
@Module({
  controllers: [LedgerController],
  providers: [LedgerReader, LedgerService, LedgerVerifier],
  exports: [LedgerService, LedgerVerifier],
})
export class LedgerModule {}

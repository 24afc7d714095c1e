import { Global, Module } from '@nestjs/common';
import { LedgerController } from './ledger.controller.js';
import { LedgerReader } from './ledger-reader.js';
import { LedgerService } from './ledger.service.js';

@Global()
@Module({
  controllers: [LedgerController],
  providers: [LedgerReader, LedgerService],
  exports: [LedgerService],
})
export class LedgerModule {}

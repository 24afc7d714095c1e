import type { INestApplicationContext } from '@nestjs/common';
import { LedgerHealth } from './ledger-health.js';
import { LedgerSealing } from './ledger-sealing.js';

/** For a server that is prepared; commands on the same database do not seal. */
export function startSealing(app: INestApplicationContext): void {
  app.get(LedgerSealing).start();
  app.get(LedgerHealth).start();
}

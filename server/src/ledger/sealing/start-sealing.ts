import type { INestApplicationContext } from '@nestjs/common';
import { LedgerHealth } from './ledger-health.js';
import { LedgerStreams } from '../stream/ledger-streams.js';
import { Retention } from '../retention/retention.js';
import { LedgerSealing } from './ledger-sealing.js';

/** For a server that is prepared; commands on the same database neither seal, send nor forget. */
export function startSealing(app: INestApplicationContext): void {
  app.get(LedgerSealing).start();
  app.get(LedgerHealth).start();
  app.get(LedgerStreams).start();
  app.get(Retention).start();
}

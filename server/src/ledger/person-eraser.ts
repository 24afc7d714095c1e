import { Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { AppError } from '../common/errors/app-error.js';
import { Connections } from '../database/connections.js';
import { unavailableOn } from '../database/database-errors.js';
import type { ErasedCounts } from './ledger-eraser.js';

interface Row extends ErasedCounts {
  readonly held_by: string[] | null;
}

/** It reads every entry once. */
const STATEMENT_MS = 15 * 60_000;

/**
 * Takes a participant out of the ledger as the server may: by one function of Postgres, which appends
 * the entry that says so. `LedgerEraser` does the same as the owner, and for operators.
 */
@Injectable()
export class PersonEraser {
  constructor(private readonly connections: Connections) {}

  /** Throws `ledger.held` where a legal hold keeps them; then nothing is done. */
  async erase(actor: Actor, identity: string, before: Date | null): Promise<ErasedCounts> {
    const client = this.connections.client({
      application_name: 'rolecall-erasure',
      connectionTimeoutMillis: 5_000,
      settings: { statement_timeout: String(STATEMENT_MS), max_parallel_workers_per_gather: '0' },
    });
    client.on('error', () => undefined); // a lost connection also fails the query
    try {
      await client.connect();
      const { kind, id, label, requestId, ip } = actor;
      const { rows } = await client.query<Row>(
        'SELECT * FROM ledger_erase_person($1, $2, $3, $4, $5, $6, $7)',
        [identity, before, kind, id, label, requestId, ip],
      );
      const { held_by: holds, ...counts } = rows[0] as Row;
      if (holds === null) return counts;
      throw new AppError(
        'conflict',
        'ledger.held',
        'A legal hold keeps what the log says of them, until it is lifted. Nothing was erased.',
        { extra: { holds } },
      );
    } catch (error) {
      throw unavailableOn(error);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

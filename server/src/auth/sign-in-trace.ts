import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { RequestFacts } from '../actor/actor.js';
import { networkOf } from '../common/http/client-address.js';
import { Loop } from '../common/loop.js';
import { PgPool } from '../database/pg-pool.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import type { LedgerEntryInput } from '../ledger/ledger-entry.js';

const SUM_EVERY_MS = 5_000;
/** What is refused within this time after an entry becomes one entry. */
const SUM_AFTER = `interval '30 seconds'`;
/** After so long without another one, a refusal is a first one again. */
const QUIET_AFTER = `interval '15 minutes'`;
const MAX_ADDRESSES = 20;

export interface Refusal {
  /** Null for an e-mail that is nobody's: those are summed up by where they come from. */
  readonly operatorId: string | null;
  readonly label: string;
  readonly via: 'sign_in' | 'password_change';
  readonly because: string;
  /** Refused before the password was looked at. */
  readonly isSlowed: boolean;
  readonly from: RequestFacts;
}

interface SumRow {
  bucket: string;
  operator_id: string | null;
  label: string;
  via: string;
  wrong: number;
  slowed: number;
  addresses: string[];
  since: Date;
  last_at: Date;
}

/**
 * Writes down refused passwords so that an attack leaves a trace and cannot fill the ledger: the
 * first as it is, what follows as a sum.
 */
@Injectable()
export class SignInTrace implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly sums = new Loop(
    {
      name: 'summing up refused sign-ins',
      everyMs: SUM_EVERY_MS,
      log: new Logger(SignInTrace.name),
    },
    () => this.sumUp(),
  );

  constructor(
    private readonly pg: PgPool,
    private readonly transactions: Transactions,
  ) {}

  onApplicationBootstrap(): void {
    this.sums.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.sums.stop();
  }

  /** Returns once it is written down, or counted for the next sum. */
  async refused(refusal: Refusal): Promise<void> {
    const { operatorId, label, via, because, isSlowed, from } = refusal;
    const counts = [bucketOf(refusal), Number(!isSlowed), Number(isSlowed), from.ip ?? ''];
    const { rowCount } = await this.pg.query(
      'sign-in-refused-again',
      `UPDATE sign_in_refusal r SET ${ADD} WHERE bucket = $1`,
      counts,
    );
    if (rowCount) return;
    await this.transactions.run(async (tx) => {
      const { rows } = await tx.query<{ is_first: boolean }>(
        `INSERT INTO sign_in_refusal AS r (bucket, operator_id, label, via)
         VALUES ($1, $5, $6, $7)
         ON CONFLICT (bucket) DO UPDATE SET ${ADD} RETURNING xmax = 0 AS is_first`,
        [...counts, operatorId, label, via],
      );
      if (!rows[0]?.is_first) return;
      tx.record({
        kind: 'operator.sign_in_refused',
        outcome: 'refused',
        actor: { kind: 'operator', id: operatorId, label, ...from },
        payload: { because, via },
      });
    });
  }

  /** Part of a sign-in that works: what was refused before it comes first in the ledger. */
  async sumUpOf(tx: Tx, operatorId: string): Promise<void> {
    const { rows } = await tx.query<SumRow>(
      `DELETE FROM sign_in_refusal WHERE bucket = ANY($1) RETURNING *`,
      [[`sign_in ${operatorId}`, `password_change ${operatorId}`]],
    );
    for (const row of rows) if (row.wrong + row.slowed > 0) tx.record(toSum(row));
  }

  /** Writes the sums that are due, each once, whichever server gets to it. */
  async sumUp(): Promise<void> {
    await this.transactions.run(async (tx) => {
      const { rows } = await tx.query<SumRow>(
        `SELECT * FROM sign_in_refusal
         WHERE wrong + slowed > 0 AND since < now() - ${SUM_AFTER}
         ORDER BY since LIMIT 200 FOR UPDATE SKIP LOCKED`,
      );
      if (rows.length > 0) {
        await tx.query(
          `UPDATE sign_in_refusal SET wrong = 0, slowed = 0, addresses = '{}', since = now()
           WHERE bucket = ANY($1)`,
          [rows.map(({ bucket }) => bucket)],
        );
      }
      await tx.query(
        `DELETE FROM sign_in_refusal
         WHERE wrong + slowed = 0 AND last_at < now() - ${QUIET_AFTER}`,
      );
      for (const row of rows) tx.record(toSum(row));
    });
  }
}

/** $2 looked at, $3 slowed down, $4 the address. */
const ADD = `wrong = r.wrong + $2::int, slowed = r.slowed + $3::int, last_at = now(),
  addresses = CASE WHEN $4::text = ANY(r.addresses) OR cardinality(r.addresses) >= ${MAX_ADDRESSES}
    THEN r.addresses ELSE r.addresses || $4::text END`;

function bucketOf({ operatorId, via, from }: Refusal): string {
  return `${via} ${operatorId ?? networkOf(from.ip ?? '')}`;
}

function toSum(row: SumRow): LedgerEntryInput {
  const attempts = row.wrong + row.slowed;
  return {
    kind: 'operator.sign_in_refused',
    outcome: 'refused',
    actor: { kind: 'operator', id: row.operator_id, label: row.label },
    payload: {
      because: 'more attempts',
      via: row.via,
      attempts,
      wrong: row.wrong,
      slowed: row.slowed,
      addresses: row.addresses,
      since: row.since.toISOString(),
      until: row.last_at.toISOString(),
    },
  };
}

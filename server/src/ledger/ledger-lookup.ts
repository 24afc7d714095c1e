import { Injectable } from '@nestjs/common';
import { PgPool } from '../database/pg-pool.js';

// What other features look up in the ledger. Fragments are for statements that have to stay one.

/** (identity, at) of the newest token of each identity that was issued one for the room. */
export function tokensIssued(room: string, identity: string): string {
  return `(SELECT e.identity, max(e.at) AS at FROM ledger_entry e
    WHERE e.identity = ${identity} AND e.room = ${room} AND e.kind = 'token.issued'
    GROUP BY e.identity)`;
}

/** The rooms that tokens were issued for within the last minutes. */
export function roomsIssuedFor(minutes: number): string {
  return `(SELECT room FROM ledger_entry
    WHERE at > now() - interval '${minutes} minutes' AND kind = 'token.issued' AND room IS NOT NULL)`;
}

/** (outcome, operation) of the newest entry of the kind about the room that is no intent. */
export function lastOutcome(room: string, kind: string): string {
  return `(SELECT e.outcome, e.payload->>'operationId' AS operation FROM ledger_entry e
    WHERE e.room = ${room} AND e.kind = '${kind}' AND e.outcome <> 'intent'
    ORDER BY e.at DESC, e.shard DESC, e.seq DESC LIMIT 1)`;
}

@Injectable()
export class LedgerLookup {
  constructor(private readonly pg: PgPool) {}

  /** Whether an entry of the kind about the room was written after `at`. */
  async hasSince(room: string, kind: string, at: Date): Promise<boolean> {
    const { rowCount } = await this.pg.query(
      'ledger-has-since',
      `SELECT FROM ledger_entry WHERE room = $1 AND kind = $2 AND at > $3 LIMIT 1`,
      [room, kind, at],
    );
    return rowCount === 1;
  }

  /** Whether a token was ever issued for the seat. */
  async wasIssued(room: string, identity: string): Promise<boolean> {
    const { rowCount } = await this.pg.query(
      'ledger-was-issued',
      `SELECT FROM ledger_entry
       WHERE identity = $2 AND room = $1 AND kind = 'token.issued' ORDER BY at DESC LIMIT 1`,
      [room, identity],
    );
    return rowCount === 1;
  }
}

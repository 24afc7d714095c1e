import { Injectable } from '@nestjs/common';
import { PgPool } from '../../database/pg-pool.js';
import { VOIDED_AT, voidedNow } from '../../database/void-mark.js';
import { tokensIssued } from '../../ledger/ledger-lookup.js';
import type { Tx } from '../../ledger/transactions.js';
import { knownRoom } from '../../policy/room-conditions.js';

/** Admissions to a seat by tokens that were not refreshed ones, since the last voiding. */
export interface Admission {
  /** When the oldest of these tokens was made. */
  readonly proofAt: Date | null;
  /** From when on the first of them was let in: a whole second. */
  readonly admittedAt: Date | null;
}

/** The columns of `seat` about tokens and admissions. */
@Injectable()
export class AdmissionStore {
  constructor(private readonly pg: PgPool) {}

  /**
   * Issuing writes only a ledger entry. True when one says that this seat, which knows of no token,
   * was issued one; the seat knows it from then on.
   */
  async findIssued(room: string, identity: string): Promise<boolean> {
    const { rowCount } = await this.pg.query(
      'seat-expect',
      `INSERT INTO seat (room, identity, last_issued_at)
       SELECT $1, issued.identity, issued.at FROM ${tokensIssued('$1', '$2')} AS issued
       ON CONFLICT (room, identity) DO UPDATE SET last_issued_at = EXCLUDED.last_issued_at
       WHERE seat.last_issued_at IS NULL`,
      [room, identity],
    );
    return rowCount === 1;
  }

  /**
   * Records an admission with a token made at `proofAt` after older ones were voided. Answers with
   * the time before which they must not connect; null where an earlier admission is enough.
   */
  async admitAfterVoiding(
    room: string,
    identity: string,
    admission: { proofAt: Date | null; from: Date; voidBefore: Date; now: Date },
  ): Promise<Date | null> {
    const { proofAt, from, voidBefore, now } = admission;
    const { rows } = await this.pg.query<{ admitted_at: Date }>(
      'proof-admit',
      `INSERT INTO seat (room, identity, proof_at, admitted_at) VALUES ($1, $2, $3, $4)
       ON CONFLICT (room, identity) DO UPDATE SET
         proof_at = least(CASE WHEN seat.proof_at > $5 THEN seat.proof_at END, EXCLUDED.proof_at),
         admitted_at = CASE WHEN seat.proof_at > $5 THEN seat.admitted_at
           ELSE EXCLUDED.admitted_at END
       WHERE seat.proof_at IS NULL OR seat.proof_at <= $5 OR seat.proof_at > EXCLUDED.proof_at
         OR seat.admitted_at > $6
       RETURNING admitted_at`,
      [room, identity, proofAt, from, voidBefore, now],
    );
    return rows[0]?.admitted_at ?? null;
  }

  /** Binds the connection that comes up to its token's ceiling; null: to nothing. */
  async bind(
    room: string,
    identity: string,
    bound: { readonly id: string | null; readonly ceiling: unknown } | null,
  ): Promise<void> {
    await this.pg.query(
      'proof-bind',
      `INSERT INTO seat (room, identity, admitted)
       VALUES ($1, $2, $3::jsonb || jsonb_build_object('at', clock_timestamp()))
       ON CONFLICT (room, identity) DO UPDATE SET admitted = EXCLUDED.admitted`,
      [room, identity, bound && JSON.stringify(bound)],
    );
  }

  async isBoundTo(room: string, identity: string, id: string): Promise<boolean> {
    const { rowCount } = await this.pg.query(
      'proof-is-bound',
      `SELECT FROM seat WHERE room = $1 AND identity = $2 AND admitted->>'id' = $3`,
      [room, identity, id],
    );
    return rowCount === 1;
  }

  /** Binds the seat to nothing, unless something else than `id` has bound it since. */
  async unbind(room: string, identity: string, id: string): Promise<boolean> {
    const { rowCount } = await this.pg.query(
      'proof-unbind',
      `UPDATE seat SET admitted = NULL
       WHERE room = $1 AND identity = $2 AND (admitted IS NULL OR admitted->>'id' = $3)`,
      [room, identity, id],
    );
    return rowCount === 1;
  }

  async lastAdmission(room: string, identity: string): Promise<Admission> {
    const { rows } = await this.pg.query<{ proof_at: Date | null; admitted_at: Date | null }>(
      'proof-last-admission',
      'SELECT proof_at, admitted_at FROM seat WHERE room = $1 AND identity = $2',
      [room, identity],
    );
    return { proofAt: rows[0]?.proof_at ?? null, admittedAt: rows[0]?.admitted_at ?? null };
  }

  /** Voids every token of the seat made until now, by Postgres' clock. Null for no such room. */
  async voidTokens(tx: Tx, room: string, identity: string): Promise<Date | null> {
    const { rows } = await tx.query<{ voidBefore: Date }>(
      `INSERT INTO seat (room, identity, tokens_void_before)
       SELECT r.name, $2::text, ${VOIDED_AT} FROM ${knownRoom('$1')} AS r
       ON CONFLICT (room, identity) DO UPDATE SET ${voidedNow('seat')}
       RETURNING tokens_void_before AS "voidBefore"`,
      [room, identity],
    );
    return rows[0]?.voidBefore ?? null;
  }
}

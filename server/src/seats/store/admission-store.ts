import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '../../config/app-config.js';
import { PgPool } from '../../database/pg-pool.js';
import { VOIDED_AT, voidedNow } from '../../database/void-mark.js';
import { tokensIssued } from '../../ledger/ledger-lookup.js';
import { Transactions, type Tx } from '../../ledger/transactions.js';
import { LiveKitClock } from '../../livekit/livekit-clock.js';
import type { BroughtByToken } from '../../grants/brought.js';
import { knownRoom } from '../../policy/room-conditions.js';
import {
  type Admissions,
  awaitConnection,
  confirm,
  type Decision,
  forgetOverdue,
  settle,
  withdraw,
} from '../model/admissions.js';

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
  private readonly isGateOn: boolean;

  constructor(
    private readonly pg: PgPool,
    private readonly transactions: Transactions,
    private readonly livekit: LiveKitClock,
    @Inject(APP_CONFIG) { isGateOn }: AppConfig,
  ) {
    this.isGateOn = isGateOn;
  }

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

  /** What the token says that somebody brings along to whom none of ours was issued. */
  async bring(
    room: string,
    identity: string,
    brought: BroughtByToken,
    { mayReplace }: { mayReplace: boolean },
  ): Promise<void> {
    await this.pg.query(
      'seat-bring',
      `INSERT INTO seat (room, identity, brought)
       SELECT r.name, $2, $3::jsonb FROM ${knownRoom('$1')} AS r
       -- Who connects again and again locks nothing.
       WHERE NOT EXISTS (SELECT FROM seat s WHERE s.room = $1 AND s.identity = $2
         AND (s.last_issued_at IS NOT NULL OR s.brought = $3::jsonb
           OR (s.brought IS NOT NULL AND NOT $4)))
       ON CONFLICT (room, identity) DO UPDATE SET brought = EXCLUDED.brought
       WHERE seat.last_issued_at IS NULL AND (seat.brought IS NULL OR $4)`,
      [room, identity, JSON.stringify({ ...brought, of: null, givenTo: null }), mayReplace],
    );
  }

  /** Notes a connect that the gate is about to let in. */
  async await(room: string, identity: string, decision: Decision): Promise<void> {
    await this.transactions.run(async (tx) => {
      await tx.query(
        `INSERT INTO seat (room, identity) SELECT r.name, $2 FROM ${knownRoom('$1')} AS r
         ON CONFLICT DO NOTHING`,
        [room, identity],
      );
      await this.change(tx, room, [identity], (row) =>
        awaitConnection(toAdmissions(row), decision, row.now, row.sid),
      );
    });
  }

  /**
   * The gate joins a connection to its client. False when another one was joined since it was decided;
   * then nothing changes.
   */
  async confirm(room: string, identity: string, key: string): Promise<boolean> {
    let isConfirmed = false;
    await this.transactions.run((tx) =>
      this.change(tx, room, [identity], (row) => {
        const confirmed = confirm(toAdmissions(row), key);
        isConfirmed = confirmed !== null;
        return confirmed;
      }),
    );
    return isConfirmed;
  }

  /** Whether no bound connection is there, or on its way. */
  async isUnbound(room: string, identity: string): Promise<boolean> {
    const { rows } = await this.pg.query(
      'seat-bound',
      `SELECT FROM seat WHERE room = $1 AND identity = $2
         AND (admitted IS NOT NULL OR awaited IS NOT NULL)`,
      [room, identity],
    );
    return rows.length === 0;
  }

  /** The connect did not come up. */
  async withdraw(room: string, identity: string, key: string): Promise<void> {
    await this.transactions.run((tx) =>
      this.change(tx, room, [identity], (row) => withdraw(toAdmissions(row), key)),
    );
  }

  /**
   * LiveKit told who is there: finds out what their connections are bound to. `askedAt`: when it was
   * asked, at the earliest; null: it told of the join by itself.
   */
  async settle(
    tx: Tx,
    room: string,
    identities: readonly string[],
    askedAt: Date | null,
  ): Promise<void> {
    await this.change(tx, room, identities, (row) => {
      const { sid, is_present: isPresent, joined_at: joinedAt } = row;
      if (!row.awaited || !isPresent || !sid || !joinedAt) return null;
      const joined = this.livekit.toDatabase(joinedAt);
      const seenAt = askedAt ?? joined;
      return this.isGateOn
        ? forgetOverdue(toAdmissions(row), seenAt)
        : settle(toAdmissions(row), { sid, joinedAt: joined, seenAt });
    });
  }

  /** `settle` in a transaction of its own. */
  async settleNow(room: string, identities: readonly string[], askedAt: Date): Promise<void> {
    await this.transactions.run((tx) => this.settle(tx, room, identities, askedAt));
  }

  private async change(
    tx: Tx,
    room: string,
    identities: readonly string[],
    work: (row: AdmissionRow) => Admissions | null,
  ): Promise<void> {
    const { rows } = await tx.query<AdmissionRow>(
      `SELECT identity, admitted, awaited, is_present, sid, joined_at,
         clock_timestamp() AS now
       FROM seat WHERE room = $1 AND identity = ANY($2) ORDER BY identity FOR UPDATE`,
      [room, identities],
    );
    for (const row of rows) {
      const changed = work(row);
      if (!changed) continue;
      const { admitted, awaited } = changed;
      await tx.query(
        'UPDATE seat SET admitted = $3, awaited = $4 WHERE room = $1 AND identity = $2',
        [
          room,
          row.identity,
          admitted && JSON.stringify(admitted),
          awaited.length > 0 ? JSON.stringify(awaited) : null,
        ],
      );
    }
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

interface AdmissionRow {
  identity: string;
  admitted: Admissions['admitted'];
  awaited: Admissions['awaited'] | null;
  is_present: boolean;
  sid: string | null;
  joined_at: Date | null;
  now: Date;
}

function toAdmissions({ admitted, awaited }: AdmissionRow): Admissions {
  return { admitted, awaited: awaited ?? [] };
}

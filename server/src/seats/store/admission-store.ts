import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '../../config/app-config.js';
import { PgPool } from '../../database/pg-pool.js';
import { VOIDED_AT, voidedNow } from '../../database/void-mark.js';
import { tokensIssued } from '../../ledger/ledger-lookup.js';
import { Transactions, type Tx } from '../../ledger/transactions.js';
import { LiveKitClock } from '../../livekit/livekit-clock.js';
import type { BroughtByToken } from '../../grants/brought.js';
import type { PermissionLike } from '../../grants/compile-grant.js';
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
import {
  broughtEntry,
  ceilingLiftedEntry,
  readmittedEntry,
  setAsideEntry,
} from './bound-entries.js';

/** Admissions to a seat by tokens that were not refreshed ones, since the last voiding. */
export interface Admission {
  /** When the oldest of these tokens was made. */
  readonly proofAt: Date | null;
  /** From when on the first of them was let in: a whole second. */
  readonly admittedAt: Date | null;
}

/** Whether an admission by a token made at $3 says more than the one before; $4: what is void, $5: now. */
const ADMITS = `(seat.proof_at IS NULL OR seat.proof_at <= $4 OR seat.proof_at > $3
  OR seat.admitted_at > $5)`;

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
    const { rowCount } = await this.pg.query(
      'proof-is-admitted',
      `SELECT FROM seat WHERE room = $1 AND identity = $2 AND ${ADMITS} IS NOT TRUE`,
      [room, identity, proofAt, voidBefore, now],
    );
    if (rowCount === 1) return null;
    return this.transactions.run(async (tx) => {
      const { rows } = await tx.query<{ admitted_at: Date }>(
        `INSERT INTO seat (room, identity, proof_at, admitted_at) VALUES ($1, $2, $3, $6)
         ON CONFLICT (room, identity) DO UPDATE SET
           proof_at = least(CASE WHEN seat.proof_at > $4 THEN seat.proof_at END, EXCLUDED.proof_at),
           admitted_at = CASE WHEN seat.proof_at > $4 THEN seat.admitted_at
             ELSE EXCLUDED.admitted_at END
         WHERE ${ADMITS}
         RETURNING admitted_at`,
        [room, identity, proofAt, voidBefore, now, from],
      );
      const admittedAt = rows[0]?.admitted_at ?? null;
      if (admittedAt) {
        const times = { voidBefore, tokenMadeAt: proofAt, from: admittedAt };
        tx.record(readmittedEntry({ room, identity }, times));
      }
      return admittedAt;
    });
  }

  /** What the token says that somebody brings along to whom none of ours was issued. */
  async bring(
    room: string,
    identity: string,
    brought: BroughtByToken,
    { mayReplace }: { mayReplace: boolean },
  ): Promise<void> {
    const kept = { ...brought, of: null, givenTo: null };
    const values = [room, identity, JSON.stringify(kept), mayReplace];
    // Who connects again and again locks nothing.
    const { rowCount } = await this.pg.query(
      'seat-is-brought',
      `SELECT FROM seat s WHERE s.room = $1 AND s.identity = $2
         AND (s.last_issued_at IS NOT NULL OR s.brought = $3::jsonb
           OR (s.brought IS NOT NULL AND NOT $4))`,
      values,
    );
    if (rowCount === 1) return;
    await this.transactions.run(async (tx) => {
      const written = await tx.query(
        `INSERT INTO seat (room, identity, brought)
         SELECT r.name, $2, $3::jsonb FROM ${knownRoom('$1')} AS r
         ON CONFLICT (room, identity) DO UPDATE SET brought = EXCLUDED.brought
         WHERE seat.last_issued_at IS NULL
           AND (seat.brought IS NULL OR ($4 AND seat.brought <> EXCLUDED.brought))`,
        values,
      );
      if (written.rowCount === 1) tx.record(broughtEntry({ room, identity }, kept, 'token'));
    });
  }

  /**
   * A token that LiveKit did not refresh says what they have when the scene or the hold is over that
   * took something from them, in place of what an earlier token said.
   */
  async bringUnderScene(room: string, identity: string, permission: PermissionLike): Promise<void> {
    await this.transactions.run(async (tx) => {
      const { rowCount } = await tx.query(
        `UPDATE seat SET before_scene = $3::jsonb
         WHERE room = $1 AND identity = $2 AND last_issued_at IS NULL
           AND before_scene <> $3::jsonb`,
        [room, identity, JSON.stringify(permission)],
      );
      if (rowCount === 1) tx.record(setAsideEntry({ room, identity }, permission, 'token'));
    });
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
      const { rows: written } = await tx.query<{ isLifted: boolean }>(
        `UPDATE seat SET admitted = $3, awaited = $4 FROM (
           SELECT admitted, awaited FROM seat WHERE room = $1 AND identity = $2) AS was
         WHERE room = $1 AND identity = $2
         RETURNING seat_lifts_ceiling(was.admitted, was.awaited, seat.admitted, seat.awaited)
           AS "isLifted"`,
        [
          room,
          row.identity,
          admitted && JSON.stringify(admitted),
          awaited.length > 0 ? JSON.stringify(awaited) : null,
        ],
      );
      if (!written[0]?.isLifted) continue;
      const seat = { room, identity: row.identity };
      tx.record(ceilingLiftedEntry(seat, toAdmissions(row), changed));
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

import { Injectable } from '@nestjs/common';
import type { Tx } from '../../ledger/transactions.js';
import type { DesiredState } from '../model/seat.js';
import { columnsOf, GIVES_OVERRIDE, SEAT_COLUMNS, type SeatRow, toSeat } from './seat-rows.js';

/** An override or hold that ended with the session of its room. */
export interface EndedWithSession {
  readonly identity: string;
  readonly template: string;
  readonly version: number;
  readonly sources: string[] | null;
  readonly isOverride: boolean;
  readonly isHold: boolean;
  /** What is set on the seat from then on. */
  readonly desired: DesiredState;
}

/**
 * Of `ending` (identity, `at` of its override, `is_override`; room: $1): `lasting`, who has an
 * override underneath that lasts longer than the session. What is on top of it becomes a lease that
 * ends now, and the end of a lease gives the other one back.
 */
const LASTING_UNDER = `
  under AS (
    SELECT e.identity, o.before->'override' AS override
    FROM ending e JOIN seat_operation o ON o.room = $1 AND o.identity = e.identity
      AND o.created_at = e.at AND ${GIVES_OVERRIDE}
    WHERE e.is_override AND jsonb_typeof(o.before->'override') = 'object'
    UNION ALL
    SELECT u.identity, o.before->'override'
    FROM under u JOIN seat_operation o ON o.room = $1 AND o.identity = u.identity
      AND o.created_at = (u.override->>'at')::timestamptz AND ${GIVES_OVERRIDE}
    WHERE (o.before->'override'->>'at')::timestamptz < (u.override->>'at')::timestamptz),
  lasting AS (
    SELECT DISTINCT identity FROM under WHERE (override->>'until')::timestamptz > now())`;

/**
 * A token was issued with the override, may still be valid ($3: the longest life of one), and its
 * holder has not come yet: the session that ends was not theirs. LiveKit ends a room that stays
 * empty sooner than tokens expire.
 */
const AWAITED = `last_issued_at >= override_at
  AND last_issued_at > now() - make_interval(secs => $3)
  AND (joined_at IS NULL OR joined_at < override_at)`;

/** What ends on the seats of a room with its session. */
@Injectable()
export class SessionStore {
  /**
   * Ends overrides and holds for the session; `before` spares those of a later one. A hold is about
   * who was there, so nobody is awaited with one.
   */
  async endSession(
    tx: Tx,
    room: string,
    before: Date | null,
    longestTokenSeconds: number,
  ): Promise<EndedWithSession[]> {
    const { rows } = await tx.query<SeatRow & Omit<EndedWithSession, 'desired'>>(
      `WITH RECURSIVE ending AS MATERIALIZED (
         SELECT identity, override_template AS template, override_version AS version,
           override_at AS at, hold_sources AS sources,
           coalesce(override_scope = 'session'
             AND ($2::timestamptz IS NULL OR override_at < $2) AND NOT (${AWAITED}), false) AS is_override,
           coalesce(hold_at IS NOT NULL AND hold_until IS NULL
             AND ($2::timestamptz IS NULL OR hold_at < $2), false) AS is_hold
         FROM seat WHERE room = $1 AND (override_scope = 'session' OR hold_at IS NOT NULL)
         ORDER BY identity FOR UPDATE), ${LASTING_UNDER},
       ends AS (
         SELECT e.*, is_override AND l.identity IS NOT NULL AS is_lasting,
           is_override AND l.identity IS NULL AS is_gone
         FROM ending e LEFT JOIN lasting l ON l.identity = e.identity)
       UPDATE seat SET epoch = epoch + 1,
         override_template = CASE WHEN NOT is_gone THEN override_template END,
         override_version = CASE WHEN NOT is_gone THEN override_version END,
         override_scope = CASE WHEN is_lasting THEN 'until' WHEN NOT is_gone THEN override_scope END,
         override_until = CASE WHEN is_lasting THEN now() WHEN NOT is_gone THEN override_until END,
         override_at = CASE WHEN NOT is_gone THEN override_at END,
         override_by = CASE WHEN NOT is_gone THEN override_by END,
         override_by_kind = CASE WHEN NOT is_gone THEN override_by_kind END,
         override_reason = CASE WHEN NOT is_gone THEN override_reason END,
         hold_sources = CASE WHEN NOT is_hold THEN hold_sources END,
         hold_at = CASE WHEN NOT is_hold THEN hold_at END,
         hold_by = CASE WHEN NOT is_hold THEN hold_by END,
         hold_by_kind = CASE WHEN NOT is_hold THEN hold_by_kind END,
         hold_reason = CASE WHEN NOT is_hold THEN hold_reason END
       FROM ends
       WHERE seat.room = $1 AND seat.identity = ends.identity AND (is_override OR is_hold)
       RETURNING ${columnsOf('seat', SEAT_COLUMNS)}, ends.template, ends.version, ends.sources,
         is_override AS "isOverride", is_hold AS "isHold"`,
      [room, before, longestTokenSeconds],
    );
    return rows.map((row) => {
      const { identity, template, version, sources, isOverride, isHold } = row;
      const { override, block, hold } = toSeat(row);
      const desired = { override, block, hold };
      return { identity, template, version, sources, isOverride, isHold, desired };
    });
  }

  /** Nobody is in the room, and what a scene took from them is not given back in a later session. */
  async emptyRoom(tx: Tx, room: string): Promise<void> {
    await tx.query(
      `SELECT FROM seat WHERE room = $1 AND (is_present OR before_scene IS NOT NULL)
       ORDER BY identity FOR UPDATE`,
      [room],
    );
    await tx.query(
      `UPDATE seat SET is_present = false, state = 'disconnected', permission = NULL, tracks = '[]',
         left_at = now(), is_unlisted = false
       WHERE room = $1 AND is_present`,
      [room],
    );
    await tx.query(
      `UPDATE seat SET before_scene = NULL WHERE room = $1 AND before_scene IS NOT NULL`,
      [room],
    );
  }
}

import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors/app-error.js';
import { SearchPool } from '../../database/search-pool.js';
import type { ActorKind, Decision } from '../../grants/policy.js';
import { resolve } from '../../grants/resolve.js';
import { foldPolicy, type PastPolicy } from './fold.js';
import type { PolicyEntry } from './policy-entry.js';
import {
  anyKind,
  ASSIGNMENT_KINDS,
  ROOM_KINDS,
  SEAT_STATE_KINDS,
  TEMPLATE_KINDS,
  USER_KINDS,
} from './policy-kinds.js';

export interface PastQuestion {
  readonly room: string;
  readonly identity: string;
  /** To the end of this millisecond, as instants of the API have no more. */
  readonly at: Date;
  /** Entries of this instant and later are left out, to the microsecond; null: see `at`. */
  readonly beforeMicros?: string;
  /** A room that there was not is looked at as if it were made then. */
  readonly mayRoomBeNew?: boolean;
}

export interface PastDecision extends PastPolicy {
  readonly at: Date;
  /** Null: Rolecall had no such room. */
  readonly decision: Decision | null;
  /** A token had been issued for this seat by then. */
  readonly wasIssued: boolean;
}

/** More entries than this about one room or person are not folded at once. */
const MAX_ENTRIES = 100_000;
const MOST_BYTES = 64 * 1024 * 1024;

const COLUMNS = `at, shard, seq, kind, outcome, actor_label, actor_kind, room, identity, reason, payload,
  personal, subject_commitment IS NOT NULL AS is_erased`;
const NEWEST = 'ORDER BY at DESC, shard DESC, seq DESC LIMIT 1';
const OF_SEAT = `identity = $2 AND room = $1 AND at < $3 AND outcome IN ('intent', 'ok')`;

/**
 * $1 room, $2 identity, $3 before when. Each part is one range of `ix_ledger_entry_policy`: the
 * person, their seat (its newest entry has all that is set), the room, and what is for all rooms.
 */
const ENTRIES = `(
    SELECT ${COLUMNS} FROM ledger_entry
    WHERE identity = $2 AND at < $3 AND ${anyKind(...ASSIGNMENT_KINDS, ...USER_KINDS, 'token.voided')}
      AND (kind <> 'token.voided' OR room IS NULL OR room = $1)
    UNION ALL
    (SELECT ${COLUMNS} FROM ledger_entry
     WHERE ${OF_SEAT} AND ${anyKind(...SEAT_STATE_KINDS)} ${NEWEST})
    UNION ALL
    (SELECT ${COLUMNS} FROM ledger_entry
     WHERE ${OF_SEAT} AND ${anyKind('seat.state_recorded')} ${NEWEST})
    UNION ALL
    SELECT ${COLUMNS} FROM ledger_entry
    WHERE identity IS NULL AND room = $1 AND at < $3
      AND ${anyKind(...ASSIGNMENT_KINDS, ...ROOM_KINDS, 'token.voided')}
    UNION ALL
    SELECT ${COLUMNS} FROM ledger_entry
    WHERE identity IS NULL AND room IS NULL AND at < $3
      AND ${anyKind(...ASSIGNMENT_KINDS, ...TEMPLATE_KINDS, 'token.voided')}
  ) e`;
const READ = `SELECT * FROM ${ENTRIES} ORDER BY at, shard, seq LIMIT ${MAX_ENTRIES + 1}`;
const READ_NEWEST = `SELECT * FROM ${ENTRIES} WHERE at >= $4 ORDER BY at DESC LIMIT 1`;

/** Without one of these the answer may be another one. */
const FOLDED = [
  ...ASSIGNMENT_KINDS,
  ...ROOM_KINDS,
  ...SEAT_STATE_KINDS,
  ...TEMPLATE_KINDS,
  ...USER_KINDS,
  'token.voided',
]
  .map((kind) => `'${kind}'`)
  .join(', ');

/** What the log says beside policy: whether it is whole, and whether a token was issued. */
const READ_SURROUNDINGS = `
  SELECT (SELECT policy_logged_since FROM installation) AS since,
    (SELECT true FROM ledger_entry
      WHERE identity = $2 AND room = $1 AND kind = 'token.issued' AND at < $3
      ORDER BY at DESC LIMIT 1) IS NOT NULL AS was_issued,
    EXISTS (SELECT FROM ledger_entry
      WHERE identity IS NULL AND room = $1 AND at < $3 AND subject_commitment IS NOT NULL
        AND ${anyKind(...SEAT_STATE_KINDS)}) AS is_seat_erased,
    EXISTS (SELECT FROM ledger_entry
      WHERE identity IS NULL AND room IS NULL AND at < $3 AND subject_commitment IS NOT NULL
        AND ${anyKind(...USER_KINDS)}) AS is_user_erased,
    EXISTS (SELECT FROM ledger_archive
      WHERE forgotten_at IS NOT NULL AND from_at < $3
        AND (rule->>'rooms' IS NULL OR $1 LIKE rolecall_like_of_pattern(rule->>'rooms'))
        AND (jsonb_typeof(rule->'kinds') <> 'array' OR rule->'kinds' ?| ARRAY[${FOLDED}])) AS is_forgotten`;

interface EntryRow {
  at: Date;
  kind: string;
  outcome: string;
  actor_label: string | null;
  actor_kind: ActorKind;
  room: string | null;
  identity: string | null;
  reason: string | null;
  payload: Record<string, unknown>;
  personal: Record<string, unknown> | null;
  is_erased: boolean;
}

interface SurroundingsRow {
  since: Date | null;
  was_issued: boolean;
  is_seat_erased: boolean;
  is_user_erased: boolean;
  is_forgotten: boolean;
}

/** Reads policy as it was from the log alone, and decides with the same `resolve` as always. */
@Injectable()
export class PastPolicyReader {
  constructor(private readonly searches: SearchPool) {}

  async decide(question: PastQuestion): Promise<PastDecision> {
    const { room, identity, at, beforeMicros, mayRoomBeNew } = question;
    const before =
      beforeMicros === undefined ? new Date(at.getTime() + 1) : instantOfMicros(beforeMicros);
    const values = [room, identity, before];
    const [{ rows }, surroundings] = await Promise.all([
      this.searches.query<EntryRow>('past-policy', READ, values, MOST_BYTES),
      this.searches.query<SurroundingsRow>('past-surroundings', READ_SURROUNDINGS, values),
    ]);
    if (rows.length > MAX_ENTRIES) {
      const text = `The log has more than ${MAX_ENTRIES} changes of policy for this room and identity.`;
      throw new AppError('unavailable', 'ledger.too_much', text);
    }
    const past = foldPolicy(room, identity, rows.map(toPolicyEntry), mayRoomBeNew);
    const around = surroundings.rows[0] as SurroundingsRow;
    return {
      ...past,
      gaps: [...gapsAround(past, around, at), ...past.gaps],
      at,
      decision: past.input && resolve(past.input, at),
      wasIssued: around.was_issued,
    };
  }

  /** When the newest change of policy about them was written, within the two instants. */
  async lastChange(
    { room, identity }: Pick<PastQuestion, 'room' | 'identity'>,
    from: Date,
    to: Date,
  ): Promise<{ at: Date; kind: string } | null> {
    const { rows } = await this.searches.query<EntryRow>('past-last-change', READ_NEWEST, [
      room,
      identity,
      to,
      from,
    ]);
    return rows[0] ? { at: rows[0].at, kind: rows[0].kind } : null;
  }
}

function gapsAround(
  { isKnown }: PastPolicy,
  {
    since,
    is_seat_erased: isSeatErased,
    is_user_erased: isUserErased,
    is_forgotten: isForgotten,
  }: SurroundingsRow,
  at: Date,
): PastPolicy['gaps'] {
  const gaps: PastPolicy['gaps'][number][] = [];
  if (since && at < since) {
    const text = `Entries from before ${since.toISOString()} do not say all that was set on a seat.`;
    gaps.push({ code: 'before_full_entries', text });
  }
  // Whom an erased entry spoke of is not known; of a user whom the log knows it was not.
  if (!isKnown && (isSeatErased || isUserErased)) {
    const text = 'Entries were erased that may have been about this identity.';
    gaps.push({ code: 'erased', text });
  }
  if (isForgotten) {
    const text = 'A rule let entries go that may have been about this: they are in an archive.';
    gaps.push({ code: 'forgotten', text });
  }
  return gaps;
}

function toPolicyEntry(row: EntryRow): PolicyEntry {
  return {
    at: row.at,
    kind: row.kind,
    outcome: row.outcome,
    actorLabel: row.actor_label,
    actorKind: row.actor_kind,
    room: row.room,
    identity: row.identity,
    reason: row.reason,
    payload: row.personal ? { ...row.payload, ...row.personal } : row.payload,
    isErased: row.is_erased,
  };
}

/** Postgres reads microseconds; a Date has none. */
function instantOfMicros(micros: string): string {
  const whole = BigInt(micros);
  const seconds = new Date(Number(whole / 1_000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(whole % 1_000_000n).padStart(6, '0')}Z`;
}

import { Injectable } from '@nestjs/common';
import { SharedParts } from '../common/shared-parts.js';
import { PgPool } from '../database/pg-pool.js';
import type { Tx } from '../ledger/transactions.js';
import { samePermission } from '../grants/compile-grant.js';
import type { ObservedParticipant } from '../livekit/participant-view.js';
import { toStorable } from '../livekit/storable.js';
import type { EventParticipant } from '../livekit/webhook-event.js';
import type { Seat } from './seat.js';

/** Somebody who is in a room, as a list of LiveKit's tells of them. */
type Listed = Omit<ObservedParticipant, 'metadata' | 'attributes' | 'disconnectReason'>;

export interface Observation {
  /** Identities whose seat shows something else than before. */
  readonly changed: readonly string[];
  /** Of these, who is in the room without a token of ours, seen so for the first time. */
  readonly unlisted: readonly string[];
}

/**
 * Issuing writes nothing but its ledger entry, so that entry tells whether somebody ever got a
 * token here. It is looked for once for each seat, when somebody sits down on it.
 */
const RECOGNISE = `UPDATE seat SET last_issued_at = issued.at, is_unlisted = false
  FROM (SELECT e.identity, max(e.at) AS at FROM ledger_entry e
    WHERE e.identity = ANY($2) AND e.room = $1 AND e.kind = 'token.issued'
    GROUP BY e.identity) AS issued
  WHERE seat.room = $1 AND seat.identity = issued.identity AND seat.last_issued_at IS NULL
  RETURNING seat.identity`;

/** (joined_at, sid) orders the connections of one identity; what is older than the row changes nothing. */
const IS_NEWER = `(seat.joined_at IS NULL
  OR (seat.joined_at, coalesce(seat.sid, '')) < (EXCLUDED.joined_at, EXCLUDED.sid))`;

/**
 * What LiveKit was seen to have, kept in the seats. Webhooks come late, twice or not at all, and
 * lists may be read while people come and go: every statement here orders by the connection and by
 * the time at which LiveKit was asked, never by arrival.
 */
@Injectable()
export class SeatObservations {
  constructor(private readonly pg: PgPool) {}

  /**
   * Locks the seats that a transaction is going to write, in the order of their identities as every
   * statement over many seats does: else two of them may wait for each other.
   */
  async lock(tx: Tx, room: string, identities: readonly string[]): Promise<void> {
    await tx.query(
      'SELECT FROM seat WHERE room = $1 AND identity = ANY($2) ORDER BY identity FOR UPDATE',
      [room, identities],
    );
  }

  /** A connection that came up. One that is known to have ended does not come back. */
  async joined(tx: Tx, room: string, participant: EventParticipant): Promise<Observation> {
    const { identity, sid, name, kind, joinedAt, permission } = participant;
    const { rows: known } = await tx.query<{ is_unlisted: boolean }>(
      'SELECT is_unlisted FROM seat WHERE room = $1 AND identity = $2 FOR UPDATE',
      [room, identity],
    );
    const { rows } = await tx.query<{ is_unlisted: boolean }>(
      `INSERT INTO seat (room, identity, is_present, sid, state, name, kind, permission, joined_at,
         is_unlisted)
       SELECT r.name, $2, true, $3, 'active', $4, $5, $6, $7, true FROM room r WHERE r.name = $1
       ON CONFLICT (room, identity) DO UPDATE SET is_present = true, sid = EXCLUDED.sid,
         state = 'active', name = EXCLUDED.name, kind = EXCLUDED.kind,
         permission = EXCLUDED.permission,
         tracks = CASE WHEN seat.sid = EXCLUDED.sid THEN seat.tracks ELSE '[]' END,
         joined_at = EXCLUDED.joined_at, left_at = NULL, observed_at = NULL,
         is_unlisted = seat.last_issued_at IS NULL
       WHERE ${IS_NEWER}
         OR (seat.sid = EXCLUDED.sid AND seat.is_present AND seat.observed_at IS NULL)
         OR (seat.sid = EXCLUDED.sid AND seat.is_present AND seat.state <> 'active')
       RETURNING is_unlisted`,
      [room, identity, sid, toStorable(name), kind, JSON.stringify(permission), joinedAt],
    );
    const row = rows[0];
    if (!row) return { changed: [], unlisted: [] };
    if (!row.is_unlisted) return { changed: [identity], unlisted: [] };
    const { rowCount } = await tx.query(RECOGNISE, [room, [identity]]);
    const isNewlyUnlisted = rowCount === 0 && known[0]?.is_unlisted !== true;
    return { changed: [identity], unlisted: isNewlyUnlisted ? [identity] : [] };
  }

  /** A connection that ended. The end of an older one than is known changes nothing. */
  async left(tx: Tx, room: string, participant: EventParticipant): Promise<Observation> {
    const { identity, sid, name, kind, joinedAt } = participant;
    const { rowCount } = await tx.query(
      `INSERT INTO seat (room, identity, is_present, sid, state, name, kind, joined_at, left_at)
       SELECT r.name, $2, false, $3, 'disconnected', $4, $5, $6, now() FROM room r WHERE r.name = $1
       ON CONFLICT (room, identity) DO UPDATE SET is_present = false, sid = EXCLUDED.sid,
         state = 'disconnected', permission = NULL, tracks = '[]',
         joined_at = greatest(seat.joined_at, EXCLUDED.joined_at), left_at = now(),
         is_unlisted = false
       WHERE (seat.sid = EXCLUDED.sid AND (seat.is_present OR seat.left_at IS NULL)) OR ${IS_NEWER}`,
      [room, identity, sid, toStorable(name), kind, joinedAt],
    );
    return { changed: rowCount ? [identity] : [], unlisted: [] };
  }

  /**
   * A list of who is in the room, asked for at `askedAt` (Postgres' time), after `known` was read:
   * a connection that was known before and is not in the list has ended.
   */
  async listed(
    room: string,
    participants: readonly Listed[],
    known: readonly Seat[],
    askedAt: Date,
  ): Promise<Observation> {
    const seats = new Map(known.map((seat) => [seat.identity, seat]));
    const here = participants.filter(({ state }) => state !== 'disconnected');
    const present = new Set(here.map(({ identity }) => identity));
    const news = here.filter((participant) => isNews(participant, seats.get(participant.identity)));
    const gone = known.filter((seat) => seat.isPresent && !present.has(seat.identity));
    const seen = news.map((participant) => ({ participant, at: askedAt }));
    const came = news.length > 0 ? await this.writePresent(room, seen) : [];
    const went = gone.length > 0 ? await this.writeAbsent(room, gone) : [];
    const unlisted = came
      .filter((row) => row.is_unlisted && !seats.get(row.identity)?.isUnlisted)
      .map(({ identity }) => identity);
    const recognised = unlisted.length > 0 ? await this.recognise(room, unlisted) : [];
    return {
      changed: [...came.map(({ identity }) => identity), ...went],
      unlisted: unlisted.filter((identity) => !recognised.includes(identity)),
    };
  }

  /**
   * Answers of LiveKit's about single people, each to a question of its own time. Answers with those
   * whose seats show something else than before.
   */
  async told(
    room: string,
    sights: readonly { participant: Listed; seat: Seat | null; at: Date }[],
  ): Promise<string[]> {
    // One statement writes a row once; the newest answer about somebody is the one that counts.
    const newest = new Map(
      sights
        .toSorted((a, b) => a.at.getTime() - b.at.getTime())
        .map((sight) => [sight.participant.identity, sight]),
    );
    const news = [...newest.values()].filter(
      ({ participant, seat }) =>
        participant.state !== 'disconnected' && isNews(participant, seat ?? undefined),
    );
    if (news.length === 0) return [];
    const came = await this.writePresent(room, news);
    const unlisted = came.filter(
      ({ identity, is_unlisted }) => is_unlisted && !newest.get(identity)?.seat?.isUnlisted,
    );
    if (unlisted.length > 0) {
      await this.recognise(
        room,
        unlisted.map(({ identity }) => identity),
      );
    }
    return came.map(({ identity }) => identity);
  }

  /** Everybody whom the room's seats show as present; for a room that does not run. */
  async everyoneLeft(room: string): Promise<string[]> {
    const { rows } = await this.pg.query<{ identity: string }>(
      'seat-everyone-left',
      `UPDATE seat SET is_present = false, state = 'disconnected', permission = NULL, tracks = '[]',
         left_at = now(), is_unlisted = false
       WHERE room = $1 AND is_present RETURNING identity`,
      [room],
    );
    return rows.map(({ identity }) => identity);
  }

  /** The room's own count of who is there. True when it changed. */
  async count(room: string): Promise<boolean> {
    const { rowCount } = await this.pg.query(
      'seat-count',
      `UPDATE room SET num_participants = present.n
       FROM (SELECT count(*)::int AS n FROM seat WHERE room = $1 AND is_present) AS present
       WHERE name = $1 AND num_participants <> present.n`,
      [room],
    );
    return rowCount === 1;
  }

  /**
   * Somebody is about to come whose seat knows of no token. True when one was issued to them after
   * all, which the seat knows from then on.
   */
  async expect(room: string, identity: string): Promise<boolean> {
    const { rowCount } = await this.pg.query(
      'seat-expect',
      `INSERT INTO seat (room, identity, last_issued_at)
       SELECT $1, $2, max(at) FROM ledger_entry
       WHERE identity = $2 AND room = $1 AND kind = 'token.issued' HAVING max(at) IS NOT NULL
       ON CONFLICT (room, identity) DO UPDATE SET last_issued_at = EXCLUDED.last_issued_at
       WHERE seat.last_issued_at IS NULL`,
      [room, identity],
    );
    return rowCount === 1;
  }

  private async recognise(room: string, identities: readonly string[]): Promise<string[]> {
    const { rows } = await this.pg.query<{ identity: string }>('seat-recognise', RECOGNISE, [
      room,
      identities,
    ]);
    return rows.map(({ identity }) => identity);
  }

  private async writePresent(
    room: string,
    sights: readonly { participant: Listed; at: Date }[],
  ): Promise<{ identity: string; is_unlisted: boolean }[]> {
    const parts = new SharedParts();
    const numbers = sights.map(({ participant, at }) =>
      parts.numberOf({
        state: participant.state,
        name: toStorable(participant.name),
        kind: participant.kind,
        permission: participant.permission,
        tracks: participant.tracks.map((track) => ({ ...track, name: toStorable(track.name) })),
        observed_at: at,
      }),
    );
    const { rows } = await this.pg.query<{ identity: string; is_unlisted: boolean }>(
      'seat-write-present',
      `INSERT INTO seat (room, identity, is_present, sid, state, name, kind, permission, tracks,
         joined_at, observed_at, is_unlisted)
       SELECT r.name, o.identity, true, o.sid, p.state, p.name, p.kind, p.permission, p.tracks,
         o.joined_at, p.observed_at, true
       FROM room r, unnest($2::text[], $3::text[], $4::timestamptz[], $5::int[])
         AS o(identity, sid, joined_at, part)
       JOIN ROWS FROM (jsonb_to_recordset($6::jsonb) AS (state text, name text, kind text,
         permission jsonb, tracks jsonb, observed_at timestamptz)) WITH ORDINALITY
         AS p(state, name, kind, permission, tracks, observed_at, ord) ON p.ord = o.part
       WHERE r.name = $1 ORDER BY o.identity
       ON CONFLICT (room, identity) DO UPDATE SET is_present = true, sid = EXCLUDED.sid,
         state = EXCLUDED.state, name = EXCLUDED.name, kind = EXCLUDED.kind,
         permission = EXCLUDED.permission, tracks = EXCLUDED.tracks,
         joined_at = EXCLUDED.joined_at, left_at = NULL, observed_at = EXCLUDED.observed_at,
         is_unlisted = seat.last_issued_at IS NULL
       WHERE ${IS_NEWER}
         OR (seat.sid = EXCLUDED.sid
           AND (seat.is_present OR seat.left_at < EXCLUDED.observed_at)
           AND (seat.observed_at IS NULL OR seat.observed_at <= EXCLUDED.observed_at))
       RETURNING identity, is_unlisted`,
      [
        room,
        sights.map(({ participant }) => participant.identity),
        sights.map(({ participant }) => participant.sid),
        sights.map(({ participant }) => participant.joinedAt),
        numbers,
        parts.toJson(),
      ],
    );
    return rows;
  }

  private async writeAbsent(room: string, gone: readonly Seat[]): Promise<string[]> {
    const { rows } = await this.pg.query<{ identity: string }>(
      'seat-write-absent',
      `WITH gone AS MATERIALIZED (
         SELECT s.identity FROM seat s JOIN unnest($2::text[], $3::text[]) AS g(identity, sid)
           ON s.room = $1 AND s.identity = g.identity AND s.sid = g.sid
         WHERE s.is_present ORDER BY s.identity FOR UPDATE OF s)
       UPDATE seat SET is_present = false, state = 'disconnected', permission = NULL, tracks = '[]',
         left_at = now(), is_unlisted = false
       FROM gone WHERE seat.room = $1 AND seat.identity = gone.identity
       RETURNING seat.identity`,
      [room, gone.map(({ identity }) => identity), gone.map(({ sid }) => sid)],
    );
    return rows.map(({ identity }) => identity);
  }
}

function isNews(participant: Listed, seat: Seat | undefined): boolean {
  return (
    !seat ||
    !seat.isPresent ||
    seat.sid !== participant.sid ||
    seat.state !== participant.state ||
    seat.name !== toStorable(participant.name) ||
    seat.kind !== participant.kind ||
    !seat.permission ||
    !samePermission(seat.permission, participant.permission) ||
    JSON.stringify(seat.tracks.map(trackKey)) !== JSON.stringify(participant.tracks.map(trackKey))
  );
}

function trackKey(track: Listed['tracks'][number]): unknown[] {
  return [track.sid, track.type, track.source, toStorable(track.name), track.isMuted];
}

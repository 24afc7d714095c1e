import { Injectable } from '@nestjs/common';
import { SharedParts } from '../../common/shared-parts.js';
import { PgPool } from '../../database/pg-pool.js';
import { tokensIssued } from '../../ledger/ledger-lookup.js';
import type { Tx } from '../../ledger/transactions.js';
import { knownRoom } from '../../policy/room-conditions.js';
import { samePermission } from '../../grants/compile-grant.js';
import type { CallTimes } from '../../livekit/call-clock.js';
import type { ObservedParticipant } from '../../livekit/participant-view.js';
import { toStorable } from '../../livekit/storable.js';
import type { EventParticipant } from '../../livekit/webhook-event.js';
import type { Seat } from '../model/seat.js';
import { AdmissionStore } from './admission-store.js';

/** A participant in LiveKit's list or answer. */
type Listed = Omit<ObservedParticipant, 'metadata' | 'attributes' | 'disconnectReason'>;

/** A connection without a token of ours. */
export interface Unlisted {
  readonly identity: string;
  readonly sid: string;
  readonly kind: string;
}

/** What an observation changed. */
export interface Observation {
  /** Identities whose seat has changed. */
  readonly changed: readonly string[];
  /** Those of them who are now known to be in the room without a token of ours. */
  readonly unlisted: readonly Unlisted[];
  /** Somebody may have come or left. */
  readonly mayChangeCount: boolean;
}

/** A participant as LiveKit reported them, with the seat as it was read before LiveKit was asked. */
export interface Sighting {
  readonly participant: Listed;
  readonly seat: Seat | null;
  readonly times: CallTimes;
}

const NO_CHANGE: Observation = { changed: [], unlisted: [], mayChangeCount: false };

/**
 * Issuing writes only its ledger entry, so that entry says whether somebody was ever issued a token
 * here. It is looked for once for each seat, at the first join.
 */
const RECOGNISE = `UPDATE seat SET last_issued_at = issued.at, is_unlisted = false
  FROM ${tokensIssued('$1', 'ANY($2)')} AS issued
  WHERE seat.room = $1 AND seat.identity = issued.identity AND seat.last_issued_at IS NULL
  RETURNING seat.identity`;

/** Of several observations of a connection, one notes that it came without a token. */
const NOTE_UNLISTED = `UPDATE seat SET unlisted_sid = sid
  WHERE room = $1 AND identity = ANY($2) AND is_unlisted AND unlisted_sid IS DISTINCT FROM sid
  RETURNING identity, sid, coalesce(kind, 'standard') AS kind`;

/** (joined_at, sid) orders the connections of one identity; what is older than the row changes nothing. */
const IS_NEWER = `(seat.joined_at IS NULL
  OR (seat.joined_at, coalesce(seat.sid, '')) < (EXCLUDED.joined_at, EXCLUDED.sid))`;

/**
 * What LiveKit reported, in the columns of `seat`. Webhooks come late, twice or never, and lists are
 * read while people come and go, so every statement orders by connection and time, not by arrival.
 */
@Injectable()
export class ObservationStore {
  constructor(
    private readonly pg: PgPool,
    private readonly admissions: AdmissionStore,
  ) {}

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
  async writeJoined(tx: Tx, room: string, participant: EventParticipant): Promise<Observation> {
    const { identity, sid, name, kind, joinedAt, permission } = participant;
    const { rows } = await tx.query<{ is_unlisted: boolean; is_awaited: boolean }>(
      `INSERT INTO seat (room, identity, is_present, sid, state, name, kind, permission, joined_at,
         is_unlisted)
       SELECT r.name, $2, true, $3, 'active', $4, $5, $6, $7, true FROM ${knownRoom('$1')} AS r
       ON CONFLICT (room, identity) DO UPDATE SET is_present = true, sid = EXCLUDED.sid,
         state = 'active', name = EXCLUDED.name, kind = EXCLUDED.kind,
         permission = EXCLUDED.permission,
         tracks = CASE WHEN seat.sid = EXCLUDED.sid THEN seat.tracks ELSE '[]' END,
         joined_at = EXCLUDED.joined_at, left_at = NULL,
         observed_at = CASE WHEN seat.sid = EXCLUDED.sid THEN seat.observed_at END,
         is_unlisted = seat.last_issued_at IS NULL
       WHERE ${IS_NEWER}
         OR (seat.sid = EXCLUDED.sid AND seat.is_present AND seat.observed_at IS NULL)
         OR (seat.sid = EXCLUDED.sid AND seat.is_present AND seat.state <> 'active')
       RETURNING is_unlisted, awaited IS NOT NULL AS is_awaited`,
      [room, identity, sid, toStorable(name), kind, JSON.stringify(permission), joinedAt],
    );
    const row = rows[0];
    if (!row) return NO_CHANGE;
    if (row.is_awaited) await this.admissions.settle(tx, room, [identity], null);
    if (!row.is_unlisted) return { changed: [identity], unlisted: [], mayChangeCount: true };
    const { rowCount: isKnown } = await tx.query(RECOGNISE, [room, [identity]]);
    const noted = isKnown
      ? null
      : await tx.query<Unlisted & object>(NOTE_UNLISTED, [room, [identity]]);
    return { changed: [identity], unlisted: noted?.rows ?? [], mayChangeCount: true };
  }

  /** A connection that ended. The end of an older one than is known changes nothing. */
  async writeLeft(tx: Tx, room: string, participant: EventParticipant): Promise<Observation> {
    const { identity, sid, name, kind, joinedAt } = participant;
    const { rowCount } = await tx.query(
      `INSERT INTO seat (room, identity, is_present, sid, state, name, kind, joined_at, left_at)
       SELECT r.name, $2, false, $3, 'disconnected', $4, $5, $6, now() FROM ${knownRoom('$1')} AS r
       ON CONFLICT (room, identity) DO UPDATE SET is_present = false, sid = EXCLUDED.sid,
         state = 'disconnected', permission = NULL, tracks = '[]',
         joined_at = greatest(seat.joined_at, EXCLUDED.joined_at), left_at = now(),
         is_unlisted = false
       WHERE (seat.sid = EXCLUDED.sid AND (seat.is_present OR seat.left_at IS NULL)) OR ${IS_NEWER}`,
      [room, identity, sid, toStorable(name), kind, joinedAt],
    );
    return rowCount ? { changed: [identity], unlisted: [], mayChangeCount: true } : NO_CHANGE;
  }

  /**
   * A list of the participants in the room, requested after `known` was read: a known connection that
   * is not in the list has ended.
   */
  async writeList(
    room: string,
    participants: readonly Listed[],
    known: readonly Seat[],
    times: CallTimes,
  ): Promise<Observation> {
    const seats = new Map(known.map((seat) => [seat.identity, seat]));
    const here = participants.filter(({ state }) => state !== 'disconnected');
    const present = new Set(here.map(({ identity }) => identity));
    const gone = known.filter((seat) => seat.isPresent && !present.has(seat.identity));
    const came = await this.writePresent(
      room,
      here.map((participant) => ({
        participant,
        seat: seats.get(participant.identity) ?? null,
        times,
      })),
    );
    const left = gone.length > 0 ? await this.writeAbsent(room, gone) : [];
    const changed = [...came.changed, ...left];
    return { changed, unlisted: came.unlisted, mayChangeCount: changed.length > 0 };
  }

  /** Answers about single participants of a room, each to a question of its own time. */
  async writeAnswers(room: string, answers: readonly Sighting[]): Promise<Observation> {
    // One statement writes a row once; the newest answer about a participant counts.
    const newest = new Map(
      answers
        .toSorted((a, b) => a.times.asOf.getTime() - b.times.asOf.getTime())
        .map((answer) => [answer.participant.identity, answer]),
    );
    const here = [...newest.values()].filter(({ participant: { state } }) => {
      return state !== 'disconnected';
    });
    const { changed, unlisted } = await this.writePresent(room, here);
    // An answer may be the first news of a participant: their webhook is late, or lost.
    const mayChangeCount = changed.some((identity) => !newest.get(identity)?.seat?.isPresent);
    return { changed, unlisted, mayChangeCount };
  }

  /** Nobody is present any longer: the room does not run. */
  async writeEveryoneLeft(room: string): Promise<Observation> {
    const { rows } = await this.pg.query<{ identity: string }>(
      'seat-everyone-left',
      `WITH here AS MATERIALIZED (
         SELECT identity FROM seat WHERE room = $1 AND is_present ORDER BY identity FOR UPDATE)
       UPDATE seat SET is_present = false, state = 'disconnected', permission = NULL, tracks = '[]',
         left_at = now(), is_unlisted = false
       FROM here WHERE seat.room = $1 AND seat.identity = here.identity RETURNING seat.identity`,
      [room],
    );
    const changed = rows.map(({ identity }) => identity);
    return { changed, unlisted: [], mayChangeCount: changed.length > 0 };
  }

  private async recognise(room: string, identities: readonly string[]): Promise<string[]> {
    const { rows } = await this.pg.query<{ identity: string }>('seat-recognise', RECOGNISE, [
      room,
      identities,
    ]);
    return rows.map(({ identity }) => identity);
  }

  /** Writes those who differ from their seat, and finds who of them is newly unlisted. */
  private async writePresent(
    room: string,
    sightings: readonly Sighting[],
  ): Promise<Pick<Observation, 'changed' | 'unlisted'>> {
    const news = sightings.filter(isNews);
    if (news.length === 0) return NO_CHANGE;
    const askedAt = new Date(Math.min(...news.map(({ times }) => times.askedAt.getTime())));
    const rows = await this.upsertPresent(room, news, askedAt);
    const awaited = rows.flatMap(({ identity, is_awaited }) => (is_awaited ? identity : []));
    if (awaited.length > 0) await this.admissions.settleNow(room, awaited, askedAt);
    const unlisted = rows.flatMap(({ identity, is_unlisted }) => (is_unlisted ? identity : []));
    return {
      changed: rows.map(({ identity }) => identity),
      unlisted: unlisted.length > 0 ? await this.noteUnlisted(room, unlisted) : [],
    };
  }

  /** Marks those without an issued token as noted, and answers with those not noted before. */
  private async noteUnlisted(room: string, identities: readonly string[]): Promise<Unlisted[]> {
    const recognised = await this.recognise(room, identities);
    const rest = identities.filter((identity) => !recognised.includes(identity));
    if (rest.length === 0) return [];
    const { rows } = await this.pg.query<Unlisted & object>('seat-note-unlisted', NOTE_UNLISTED, [
      room,
      rest,
    ]);
    return rows;
  }

  /** `askedAt`: of the first call. Who left after it does not come back by its answer. */
  private async upsertPresent(
    room: string,
    sightings: readonly Sighting[],
    askedAt: Date,
  ): Promise<{ identity: string; is_unlisted: boolean; is_awaited: boolean }[]> {
    const parts = new SharedParts();
    const numbers = sightings.map(({ participant }) =>
      parts.numberOf({
        state: participant.state,
        name: toStorable(participant.name),
        kind: participant.kind,
        permission: participant.permission,
        tracks: participant.tracks.map((track) => ({ ...track, name: toStorable(track.name) })),
      }),
    );
    const { rows } = await this.pg.query<{
      identity: string;
      is_unlisted: boolean;
      is_awaited: boolean;
    }>(
      'seat-write-present',
      `INSERT INTO seat (room, identity, is_present, sid, state, name, kind, permission, tracks,
         joined_at, observed_at, is_unlisted)
       SELECT r.name, o.identity, true, o.sid, p.state, p.name, p.kind, p.permission, p.tracks,
         o.joined_at, o.observed_at, true
       FROM ${knownRoom('$1')} AS r, unnest($2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[],
         $6::int[]) AS o(identity, sid, joined_at, observed_at, part)
       JOIN ROWS FROM (jsonb_to_recordset($7::jsonb) AS (state text, name text, kind text,
         permission jsonb, tracks jsonb)) WITH ORDINALITY
         AS p(state, name, kind, permission, tracks, ord) ON p.ord = o.part
       ORDER BY o.identity
       ON CONFLICT (room, identity) DO UPDATE SET is_present = true, sid = EXCLUDED.sid,
         state = EXCLUDED.state, name = EXCLUDED.name, kind = EXCLUDED.kind,
         permission = EXCLUDED.permission, tracks = EXCLUDED.tracks,
         joined_at = EXCLUDED.joined_at, left_at = NULL, observed_at = EXCLUDED.observed_at,
         is_unlisted = seat.last_issued_at IS NULL
       WHERE ${IS_NEWER}
         OR (seat.sid = EXCLUDED.sid
           AND (seat.is_present OR seat.left_at < $8)
           AND (seat.observed_at IS NULL OR seat.observed_at <= EXCLUDED.observed_at))
       RETURNING identity, is_unlisted, awaited IS NOT NULL AS is_awaited`,
      [
        room,
        sightings.map(({ participant }) => participant.identity),
        sightings.map(({ participant }) => participant.sid),
        sightings.map(({ participant }) => participant.joinedAt),
        sightings.map(({ times }) => times.asOf),
        numbers,
        parts.toJson(),
        askedAt,
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

/** The answer to a change is written in any case, so that what was asked before it cannot follow it. */
function isNews({ participant, seat, times }: Sighting): boolean {
  return (
    times.asOf > times.askedAt ||
    !seat ||
    seat.isAwaited ||
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

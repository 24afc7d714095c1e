import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { SYSTEM_ACTOR } from '../../actor/actor.js';
import { PgPool } from '../../database/pg-pool.js';
import { Transactions, type Tx } from '../../ledger/transactions.js';
import { Hints } from '../../hints/hints.js';
import type { ObservedTrack } from '../../livekit/participant-view.js';
import { RoomsPort } from '../../livekit/rooms-port.js';
import { Metrics } from '../../metrics/metrics.service.js';
import type {
  Publishing,
  SeatAction,
  SeatOperation,
  TakenTrack,
  TrackEvent,
} from '../model/seat.js';
import { tracksTaken } from '../model/effects.js';

/** When it is asked by ourselves, after the call: the webhook comes within some milliseconds. */
const CHECK_AFTER_MS = [80, 300];

/** What LiveKit reported about tracks of a room. */
interface Report {
  readonly room: string;
  /** Null: everybody in it. */
  readonly identities: readonly string[] | null;
  /** The tracks that there are; or else those that ended. */
  readonly present?: readonly string[];
  /** Of those that there are, the ones that are not muted. */
  readonly audible?: readonly string[];
  readonly gone?: readonly string[];
  /** The connection that it is about, where it is about one. */
  readonly connection?: string;
  /** Postgres' time from which on it is true; what was begun later is not meant. */
  readonly askedAt: Date | null;
  /** Postgres' time at which it was known here. */
  readonly knownAt: Date | null;
}

/** Who takes a track: a moderator at one seat, or a scene at many. */
type Taker = SeatAction | 'scene';

interface GoneRow {
  id: string;
  room: string;
  identity: string;
  action: Taker;
  bulk: string | null;
  gone_ms: number | null;
  takes: TakenTrack[];
}

/** In SQL: rows of `seat_operation` whose tracks have not all gone yet. */
export const OPEN_WATCH = `watched_tracks IS NOT NULL AND gone_at IS NULL`;

/**
 * A track's sid never comes back, so a track that is missing has ended; where it was to be muted, a
 * muted one has. No time is counted for a track that was not taken: it ended before the click, or a
 * moderator exempted its publisher from the scene. Seats are locked before their operations.
 */
const NOTE = `
  WITH watched AS (
    SELECT DISTINCT room, identity FROM seat_operation
    WHERE room = $1 AND ($2::text[] IS NULL OR identity = ANY($2)) AND ${OPEN_WATCH}),
  mine AS MATERIALIZED (
    SELECT s.room, s.identity, s.override_at FROM seat s JOIN watched w ON w.room = s.room AND w.identity = s.identity
    ORDER BY s.identity FOR NO KEY UPDATE OF s),
  left_over AS MATERIALIZED (
    SELECT o.id,
      coalesce($7::timestamptz < o.created_at, false)
        OR (o.action = 'scene' AND coalesce(mine.override_at > o.created_at, false)) AS is_struck,
      ARRAY(
      SELECT sid FROM unnest(o.watched_tracks) AS sid
      WHERE CASE WHEN $3::text[] IS NULL THEN sid <> ALL($4::text[])
        WHEN o.after ? 'mutes' THEN sid = ANY($8::text[]) ELSE sid = ANY($3) END) AS sids
    FROM mine JOIN seat_operation AS o ON o.room = mine.room AND o.identity = mine.identity
    WHERE ${OPEN_WATCH}
      AND ($5::text IS NULL OR o.before->>'sid' = $5)
      AND ($6::timestamptz IS NULL OR o.created_at <= $6)
    FOR UPDATE OF o)
  UPDATE seat_operation AS o SET
    watched_tracks = CASE WHEN is_struck THEN nullif(sids, '{}') ELSE sids END,
    gone_at = CASE WHEN cardinality(sids) = 0 AND NOT is_struck
      THEN coalesce($7, clock_timestamp()) END,
    gone_ms = CASE WHEN cardinality(sids) = 0 AND NOT is_struck THEN extract(epoch FROM
      coalesce($7, clock_timestamp()) - created_at) * 1000
      + coalesce((after->>'headMs')::float8, 0) END
  FROM left_over WHERE o.id = left_over.id AND cardinality(sids) < cardinality(watched_tracks)
  RETURNING o.id, o.room, o.identity, o.action, o.bulk, o.gone_ms,
    coalesce(o.after->'takes', '[]') AS takes`;

/**
 * What somebody had on that was not known yet when it was decided to take it: the newest operation on
 * them, if it is fresh and meant this very connection.
 */
const FRESH_TAKER = `
  SELECT o.id, o.after->'allows' AS allows, coalesce(o.after->'takes', '[]') AS takes, s.tracks
  FROM seat_operation o JOIN seat s ON s.room = o.room AND s.identity = o.identity
  WHERE o.room = $1 AND o.identity = $2
    AND o.created_at BETWEEN $4::timestamptz - interval '5 seconds' AND $4
    AND o.gone_at IS NULL AND o.outcome IN ('intent', 'applied', 'pending')
    AND o.before->>'sid' = $3 AND o.after ? 'allows'
    AND (o.action = 'remove' OR o.epoch = s.epoch)
  ORDER BY o.created_at DESC LIMIT 1`;

const REVEAL = `
  WITH mine AS MATERIALIZED (
    SELECT room, identity FROM seat WHERE room = $1 AND identity = $2 FOR NO KEY UPDATE)
  UPDATE seat_operation AS o SET
    watched_tracks = coalesce(o.watched_tracks, '{}') || $4::text[],
    after = jsonb_set(o.after, '{takes}', coalesce(o.after->'takes', '[]') || $5::jsonb)
  FROM mine WHERE o.id = $3 AND o.gone_at IS NULL`;

/**
 * How long it takes until somebody is really silent: from the click until LiveKit reports the last
 * track gone that an operation took, by webhook, by an answer of its own, or by the sweep's list.
 */
@Injectable()
export class SilenceWatch implements OnApplicationShutdown {
  private readonly log = new Logger(SilenceWatch.name);
  private readonly timers = new Set<NodeJS.Timeout>();
  private isStopped = false;

  constructor(
    private readonly pg: PgPool,
    private readonly transactions: Transactions,
    private readonly rooms: RoomsPort,
    private readonly hints: Hints,
    private readonly metrics: Metrics,
  ) {}

  onApplicationShutdown(): void {
    this.isStopped = true;
    for (const timer of this.timers) clearTimeout(timer);
  }

  /** It may have been on before the click, with its news on the way. */
  async published(tx: Tx, event: TrackEvent): Promise<void> {
    const { room, identity, connection, track, knownAt } = event;
    const { rows } = await tx.query<{
      id: string;
      allows: Publishing | null;
      takes: TakenTrack[];
      tracks: ObservedTrack[];
    }>(FRESH_TAKER, [room, identity, connection, knownAt]);
    const taker = rows[0];
    if (!taker) return;
    const tracks = [track, ...taker.tracks.filter(({ sid }) => sid !== track.sid)];
    const known = new Set(taker.takes.map(({ sid }) => sid));
    const takes = tracksTaken({ isPresent: true, tracks }, taker.allows).filter(
      ({ sid }) => !known.has(sid),
    );
    if (takes.length === 0) return;
    const sids = takes.map(({ sid }) => sid);
    await tx.query(REVEAL, [room, identity, taker.id, sids, JSON.stringify(takes)]);
  }

  async unpublished(tx: Tx, event: TrackEvent): Promise<void> {
    await this.published(tx, event);
    const { room, identity, track, knownAt } = event;
    await this.note(tx, {
      room,
      identities: [identity],
      gone: [track.sid],
      askedAt: null,
      knownAt,
    });
  }

  /** A webhook about a connection that ended, and all its tracks with it. */
  left(tx: Tx, room: string, identity: string, connection: string, knownAt: Date): Promise<void> {
    return this.note(tx, {
      room,
      identities: [identity],
      present: [],
      connection,
      askedAt: null,
      knownAt,
    });
  }

  /** The room is empty. */
  roomEnded(tx: Tx, room: string): Promise<void> {
    return this.note(tx, { room, identities: null, present: [], askedAt: null, knownAt: null });
  }

  /** Who publishes what, as LiveKit answered; `identities` null: everybody of the room. */
  async observed(
    room: string,
    identities: readonly string[] | null,
    participants: readonly { readonly tracks: readonly ObservedTrack[] }[],
    askedAt: Date,
  ): Promise<void> {
    if (!(await this.isWatching(room))) return;
    const tracks = participants.flatMap((participant) => participant.tracks);
    const present = tracks.map(({ sid }) => sid);
    const audible = tracks.flatMap(({ sid, isMuted }) => (isMuted ? [] : sid));
    await this.transactions.run((tx) =>
      this.note(tx, { room, identities, present, audible, askedAt, knownAt: null }),
    );
  }

  /** Of these rooms, those in which it is waited for a track to go. */
  async watched(rooms: readonly string[]): Promise<Set<string>> {
    const { rows } = await this.pg.query<{ room: string }>(
      'silence-watched',
      `SELECT DISTINCT room FROM seat_operation WHERE room = ANY($1) AND ${OPEN_WATCH}`,
      [rooms],
    );
    return new Set(rows.map(({ room }) => room));
  }

  /** Asks about the operation's tracks shortly after its call, unless a webhook was faster. */
  checkSoon({ id, room, identity, after }: SeatOperation): void {
    if (after.takes.length > 0) this.soon(() => this.check(id, room, identity));
  }

  /** The same for all of a room: one question, however many were called. */
  checkRoomSoon(room: string): void {
    this.soon(() => this.checkRoom(room));
  }

  /** Not a `Loop`: each question is asked at two moments after its act, and then no longer. */
  private soon(check: () => Promise<void>): void {
    for (const delay of CHECK_AFTER_MS) {
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        if (this.isStopped) return;
        check().catch((error: unknown) => {
          this.log.debug(`left to the sweep: ${String(error)}`);
        });
      }, delay);
      timer.unref();
      this.timers.add(timer);
    }
  }

  private async check(id: string, room: string, identity: string): Promise<void> {
    const { rows } = await this.pg.query<{ at: Date }>(
      'silence-open',
      `SELECT clock_timestamp() AS at FROM seat_operation WHERE id = $1 AND ${OPEN_WATCH}`,
      [id],
    );
    const at = rows[0]?.at;
    if (!at) return;
    const participant = await this.rooms.findParticipant(room, identity);
    await this.observed(room, [identity], participant ? [participant] : [], at);
  }

  private async checkRoom(room: string): Promise<void> {
    const { rows } = await this.pg.query<{ at: Date }>(
      'silence-open-room',
      `SELECT clock_timestamp() AS at FROM seat_operation WHERE room = $1 AND ${OPEN_WATCH} LIMIT 1`,
      [room],
    );
    const at = rows[0]?.at;
    if (at) await this.observed(room, null, await this.rooms.listParticipants(room), at);
  }

  private async isWatching(room: string): Promise<boolean> {
    const { rowCount } = await this.pg.query(
      'silence-watching',
      `SELECT FROM seat_operation WHERE room = $1 AND ${OPEN_WATCH} LIMIT 1`,
      [room],
    );
    return rowCount === 1;
  }

  private async note(tx: Tx, report: Report): Promise<void> {
    const { room, identities, present, audible, gone, connection, askedAt, knownAt } = report;
    const { rows } = await tx.query<GoneRow>(NOTE, [
      room,
      identities,
      present ?? null,
      gone ?? null,
      connection ?? null,
      askedAt,
      knownAt,
      audible ?? [],
    ]);
    for (const row of rows) if (row.gone_ms !== null) this.announce(tx, row, row.gone_ms);
  }

  private announce(tx: Tx, gone: GoneRow, goneMs: number): void {
    const { room, identity, action, takes } = gone;
    const ms = Math.round(goneMs * 10) / 10;
    tx.record({
      kind: 'seat.silenced',
      outcome: 'ok',
      actor: SYSTEM_ACTOR,
      room,
      identity,
      payload: {
        operationId: action === 'scene' ? gone.bulk : gone.id,
        action,
        ms,
        tracks: takes,
      },
    });
    tx.afterCommit(() => {
      this.metrics.seatSilenced.observe({ action }, ms / 1000);
      this.hints.publish([
        { topic: `room:${room}`, type: 'seat', key: identity },
        { topic: `room:${room}`, type: 'room', key: room },
      ]);
    });
  }
}

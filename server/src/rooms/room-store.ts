import { Injectable } from '@nestjs/common';
import { voidedNow } from '../database/void-mark.js';
import { likeOfPattern } from '../database/like-of-pattern.js';
import { PgPool } from '../database/pg-pool.js';
import type { ActiveScene } from '../grants/policy.js';
import { roomsIssuedFor } from '../ledger/ledger-lookup.js';
import type { Tx } from '../ledger/transactions.js';
import type { ObservedRoom } from '../livekit/participant-view.js';
import { isStorable } from '../livekit/storable.js';
import { countPresent } from '../seats/public/sql.js';

/** A room that Rolecall has, with what it is created with. */
export interface RunningRoom {
  readonly name: string;
  /** Null for one that is not thought to run. */
  readonly liveSid: string | null;
  readonly numParticipants: number;
  readonly emptyTimeout: number;
  readonly departureTimeout: number;
  readonly maxParticipants: number;
  readonly metadata: string;
  readonly isClosed: boolean;
  /** Seconds, by Postgres' clock. */
  readonly unseenFor: number;
}

/** The scene that a room plays, as it is stored. */
export type StoredScene = Omit<ActiveScene, 'at'> & { readonly at: string };

export interface LiveSession {
  /** Null: the room does not run. */
  readonly sid: string | null;
  readonly since: Date | null;
}

/** The table `room`, for features that follow LiveKit's rooms, play scenes or void tokens. */
@Injectable()
export class RoomStore {
  constructor(private readonly pg: PgPool) {}

  /** Keeps the room from being deleted until the commit. False when there is none. */
  async share(tx: Tx, room: string): Promise<boolean> {
    const { rowCount } = await tx.query('SELECT 1 FROM room WHERE name = $1 FOR KEY SHARE', [room]);
    return rowCount === 1;
  }

  /**
   * Null when there is no such room. As every lock of a room it comes before those of its seats, and
   * keeps nobody from adding rows that refer to the room.
   */
  async lockSession(tx: Tx, room: string): Promise<LiveSession | null> {
    const { rows } = await tx.query<LiveSession>(
      'SELECT live_sid AS sid, live_since AS since FROM room WHERE name = $1 FOR NO KEY UPDATE',
      [room],
    );
    return rows[0] ?? null;
  }

  /** False when it was known to run under this sid. */
  async noteStarted(tx: Tx, room: string, sid: string): Promise<boolean> {
    const { rowCount } = await tx.query(
      `UPDATE room SET live_sid = $2, live_since = now(), last_seen_live_at = now()
       WHERE name = $1 AND live_sid IS DISTINCT FROM $2`,
      [room, sid],
    );
    return rowCount === 1;
  }

  async noteStopped(tx: Tx, room: string): Promise<void> {
    await tx.query(
      `UPDATE room SET live_sid = NULL, live_since = NULL, num_participants = 0 WHERE name = $1`,
      [room],
    );
  }

  /** Rooms of LiveKit's list that Rolecall has; new: they run under another sid than was known. */
  async noteSeen(rooms: readonly ObservedRoom[]): Promise<{ name: string; isNew: boolean }[]> {
    const storable = rooms.filter(({ name }) => isStorable(name));
    const { rows } = await this.pg.query<{ name: string; isNew: boolean }>(
      'room-seen',
      `WITH listed AS (SELECT * FROM unnest($1::text[], $2::text[]) AS l(name, sid)),
       before AS (SELECT r.name, r.live_sid IS DISTINCT FROM l.sid AS is_new
         FROM room r JOIN listed l ON l.name = r.name),
       written AS (UPDATE room SET live_sid = listed.sid,
           live_since = CASE WHEN room.live_sid IS DISTINCT FROM listed.sid THEN now() ELSE room.live_since END,
           last_seen_live_at = now()
         FROM listed WHERE room.name = listed.name
           AND (room.live_sid IS DISTINCT FROM listed.sid
             OR room.last_seen_live_at IS NULL
             OR room.last_seen_live_at < now() - interval '2 seconds'))
       SELECT name, is_new AS "isNew" FROM before`,
      [storable.map(({ name }) => name), storable.map(({ sid }) => sid)],
    );
    return rows;
  }

  /** Counts who is in the room. True when the number has changed. */
  async count(room: string): Promise<boolean> {
    const { rowCount } = await this.pg.query(
      'room-count',
      `UPDATE room SET num_participants = present.n
       FROM (SELECT ${countPresent('$1')} AS n) AS present
       WHERE name = $1 AND num_participants <> present.n`,
      [room],
    );
    return rowCount === 1;
  }

  /**
   * Rooms that are thought to run, or to have people in them, and are not among `running`. Who is
   * shown in them is counted: what the room says of that may be older.
   */
  async listMissing(running: readonly string[]): Promise<RunningRoom[]> {
    const { rows } = await this.pg.query<RunningRoom>(
      'room-missing',
      `SELECT name, live_sid AS "liveSid",
         ${countPresent('room.name')} AS "numParticipants",
         empty_timeout AS "emptyTimeout", departure_timeout AS "departureTimeout",
         max_participants AS "maxParticipants", metadata, is_closed AS "isClosed",
         coalesce(extract(epoch FROM now() - last_seen_live_at), 1e9)::float8 AS "unseenFor"
       FROM room
       WHERE (live_sid IS NOT NULL OR num_participants > 0) AND name <> ALL($1)`,
      [running.filter(isStorable)],
    );
    return rows;
  }

  /** What the metadata of these rooms should be. */
  async readMetadata(rooms: readonly string[]): Promise<Map<string, string>> {
    const { rows } = await this.pg.query<{ name: string; metadata: string }>(
      'room-metadata',
      'SELECT name, metadata FROM room WHERE name = ANY($1)',
      [rooms],
    );
    return new Map(rows.map(({ name, metadata }) => [name, metadata]));
  }

  /** Rooms that do not run but for which somebody who has not come yet holds a token. */
  async listExpected(running: readonly string[]): Promise<RunningRoom[]> {
    const { rows } = await this.pg.query<RunningRoom>(
      'room-expected',
      `SELECT name, NULL AS "liveSid", 0 AS "numParticipants", empty_timeout AS "emptyTimeout",
         departure_timeout AS "departureTimeout", max_participants AS "maxParticipants", metadata,
         is_closed AS "isClosed", 0::float8 AS "unseenFor"
       FROM room WHERE NOT is_closed AND name <> ALL($1) AND name IN ${roomsIssuedFor(10)}`,
      [running.filter(isStorable)],
    );
    return rows;
  }

  /** Live rooms with one of these names or matching one of the patterns, or all: the fullest first. */
  async listLive(
    tx: Tx,
    of: { isAll: boolean; names: readonly string[]; patterns: readonly string[] },
    limit: number,
  ): Promise<string[]> {
    const { rows } = await tx.query<{ name: string }>(
      `SELECT name FROM room WHERE live_sid IS NOT NULL
         AND ($1 OR name = ANY($2::text[]) OR name LIKE ANY($3::text[]))
       ORDER BY num_participants DESC LIMIT $4`,
      [of.isAll, of.names, of.patterns.map(likeOfPattern), limit],
    );
    return rows.map(({ name }) => name);
  }

  /** Null when there is no such room. `at` is Postgres' time. */
  async lockScene(tx: Tx, room: string): Promise<{ before: StoredScene | null; at: Date } | null> {
    const { rows } = await tx.query<{ before: StoredScene | null; at: Date }>(
      `SELECT active_scene AS before, date_trunc('milliseconds', clock_timestamp()) AS at
       FROM room WHERE name = $1 FOR NO KEY UPDATE`,
      [room],
    );
    return rows[0] ?? null;
  }

  async setScene(tx: Tx, room: string, scene: StoredScene | null): Promise<void> {
    await tx.query('UPDATE room SET active_scene = $2 WHERE name = $1', [
      room,
      scene && JSON.stringify(scene),
    ]);
  }

  /** Ends the scene that was entered before then, or whichever plays. Null when none ended. */
  async endScene(tx: Tx, room: string, before: Date | null): Promise<StoredScene | null> {
    const { rows } = await tx.query<{ scene: StoredScene }>(
      `UPDATE room SET active_scene = NULL FROM (SELECT active_scene FROM room WHERE name = $1) was
       WHERE name = $1 AND room.active_scene IS NOT NULL
         AND ($2::timestamptz IS NULL OR (room.active_scene->>'at')::timestamptz < $2)
       RETURNING was.active_scene AS scene`,
      [room, before],
    );
    return rows[0]?.scene ?? null;
  }

  /** Tokens for the room that were made until now are worthless. Null when there is no such room. */
  async voidTokens(tx: Tx, room: string): Promise<Date | null> {
    const { rows } = await tx.query<{ at: Date }>(
      `UPDATE room SET ${voidedNow('room')} WHERE name = $1 RETURNING tokens_void_before AS at`,
      [room],
    );
    return rows[0]?.at ?? null;
  }

  async listDemo(): Promise<string[]> {
    const { rows } = await this.pg.query<{ name: string }>(
      'room-demo',
      'SELECT name FROM room WHERE is_demo ORDER BY name',
    );
    return rows.map(({ name }) => name);
  }
}

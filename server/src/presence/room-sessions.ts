import { Injectable } from '@nestjs/common';
import { SYSTEM_ACTOR } from '../actor/actor.js';
import { PgPool } from '../database/pg-pool.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import { Hints, roomHints } from '../hints/hints.js';
import type { ObservedRoom } from '../livekit/participant-view.js';
import { isStorable } from '../livekit/storable.js';
import { SessionEnd } from '../seats/commands/session-end.js';

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

/**
 * A session of a room begins when LiveKit starts it and ends when LiveKit finishes it. It outlives
 * a restart of LiveKit: the room comes back under another sid, and its session goes on.
 */
@Injectable()
export class RoomSessions {
  constructor(
    private readonly pg: PgPool,
    private readonly transactions: Transactions,
    private readonly hints: Hints,
    private readonly seats: SessionEnd,
  ) {}

  async started(tx: Tx, room: string, sid: string): Promise<void> {
    const { rowCount } = await tx.query(
      `UPDATE room SET live_sid = $2, live_since = now(), last_seen_live_at = now()
       WHERE name = $1 AND live_sid IS DISTINCT FROM $2`,
      [room, sid],
    );
    if (rowCount) tx.afterCommit(() => this.tell(room));
  }

  /**
   * `room_finished`, perhaps late: of the session that runs, or of an earlier one while the room
   * runs anew. Then only what was wished before the present session began ends.
   */
  async finished(tx: Tx, room: string, sid: string, at: Date): Promise<void> {
    const { rows } = await tx.query<{ live_sid: string | null; live_since: Date | null }>(
      'SELECT live_sid, live_since FROM room WHERE name = $1 FOR UPDATE',
      [room],
    );
    const row = rows[0];
    if (!row) return;
    const isOfEarlier = row.live_sid !== null && row.live_sid !== sid;
    if (!isOfEarlier) await this.stop(tx, room);
    // LiveKit's times are whole seconds, so what was wished within the last one may be older.
    const before = isOfEarlier
      ? row.live_since
      : row.live_sid === null
        ? new Date(at.getTime() + 1000)
        : null;
    await this.endScene(tx, room, before, 'LiveKit');
    await this.seats.endSession(tx, room, before, 'LiveKit');
  }

  /** The room does not run any more, and nobody told: its session is over. */
  async end(room: RunningRoom): Promise<void> {
    await this.transactions.run(async (tx) => {
      const { rowCount } = await tx.query(
        'SELECT 1 FROM room WHERE name = $1 AND live_sid = $2 FOR UPDATE',
        [room.name, room.liveSid],
      );
      if (!rowCount) return;
      await this.stop(tx, room.name);
      await this.endScene(tx, room.name, null, SYSTEM_ACTOR.label);
      await this.seats.endSession(tx, room.name, null, SYSTEM_ACTOR.label);
      tx.record({
        kind: 'room.finished',
        outcome: 'ok',
        actor: SYSTEM_ACTOR,
        room: room.name,
        payload: { sid: room.liveSid, because: 'LiveKit has not had it for its departure timeout' },
      });
    });
  }

  /** Rooms of LiveKit's list that Rolecall has; what changed about them is written down. */
  async seen(rooms: readonly ObservedRoom[]): Promise<string[]> {
    const storable = rooms.filter(({ name }) => isStorable(name));
    const { rows } = await this.pg.query<{ name: string; is_news: boolean }>(
      'room-seen',
      `WITH listed AS (SELECT * FROM unnest($1::text[], $2::text[]) AS l(name, sid)),
       before AS (SELECT r.name, r.live_sid IS DISTINCT FROM l.sid AS is_news
         FROM room r JOIN listed l ON l.name = r.name),
       written AS (UPDATE room SET live_sid = listed.sid,
           live_since = CASE WHEN room.live_sid IS DISTINCT FROM listed.sid THEN now() ELSE room.live_since END,
           last_seen_live_at = now()
         FROM listed WHERE room.name = listed.name
           AND (room.live_sid IS DISTINCT FROM listed.sid
             OR room.last_seen_live_at IS NULL
             OR room.last_seen_live_at < now() - interval '2 seconds'))
       SELECT name, is_news FROM before`,
      [storable.map(({ name }) => name), storable.map(({ sid }) => sid)],
    );
    for (const { name, is_news } of rows) if (is_news) this.tell(name);
    return rows.map(({ name }) => name);
  }

  /**
   * Rooms that are thought to run, or to have people in them, and are not among `running`. Who is
   * shown in them is counted: what the room says of that may be older.
   */
  async listMissing(running: readonly string[]): Promise<RunningRoom[]> {
    const { rows } = await this.pg.query<RunningRoom>(
      'room-missing',
      `SELECT name, live_sid AS "liveSid",
         (SELECT count(*)::int FROM seat WHERE room = room.name AND is_present) AS "numParticipants",
         empty_timeout AS "emptyTimeout", departure_timeout AS "departureTimeout",
         max_participants AS "maxParticipants", metadata, is_closed AS "isClosed",
         coalesce(extract(epoch FROM now() - last_seen_live_at), 1e9)::float8 AS "unseenFor"
       FROM room
       WHERE (live_sid IS NOT NULL OR num_participants > 0) AND name <> ALL($1)`,
      [running.filter(isStorable)],
    );
    return rows;
  }

  /** Rooms that do not run but that somebody holds a token for who has not come yet. */
  async listExpected(running: readonly string[]): Promise<RunningRoom[]> {
    const { rows } = await this.pg.query<RunningRoom>(
      'room-expected',
      `SELECT name, NULL AS "liveSid", 0 AS "numParticipants", empty_timeout AS "emptyTimeout",
         departure_timeout AS "departureTimeout", max_participants AS "maxParticipants", metadata,
         is_closed AS "isClosed", 0::float8 AS "unseenFor"
       FROM room WHERE NOT is_closed AND name <> ALL($1) AND name IN (
         SELECT room FROM ledger_entry
         WHERE at > now() - interval '10 minutes' AND kind = 'token.issued' AND room IS NOT NULL)`,
      [running.filter(isStorable)],
    );
    return rows;
  }

  private async stop(tx: Tx, room: string): Promise<void> {
    await tx.query(
      `UPDATE room SET live_sid = NULL, live_since = NULL, num_participants = 0 WHERE name = $1`,
      [room],
    );
    await this.seats.emptyRoom(tx, room);
    tx.afterCommit(() => this.tell(room));
  }

  /** A scene is for the session that it was entered in. Nobody is there any more who has to be told. */
  private async endScene(tx: Tx, room: string, before: Date | null, by: string): Promise<void> {
    const { rows } = await tx.query<{ scene: unknown }>(
      `UPDATE room SET active_scene = NULL FROM (SELECT active_scene FROM room WHERE name = $1) was
       WHERE name = $1 AND room.active_scene IS NOT NULL
         AND ($2::timestamptz IS NULL OR (room.active_scene->>'at')::timestamptz < $2)
       RETURNING was.active_scene AS scene`,
      [room, before],
    );
    if (!rows[0]) return;
    tx.record({
      kind: 'scene.left',
      outcome: 'ok',
      actor: { kind: 'system', id: null, label: by },
      room,
      payload: { before: rows[0].scene, because: 'the session of the room ended' },
    });
    tx.afterCommit(() => this.hints.publish([{ topic: `room:${room}`, type: 'scene', key: null }]));
  }

  tell(room: string): void {
    this.hints.publish(roomHints(room));
  }
}

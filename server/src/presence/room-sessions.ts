import { Inject, Injectable } from '@nestjs/common';
import { type Actor, SYSTEM_ACTOR } from '../actor/actor.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import { Hints, roomHints } from '../hints/hints.js';
import type { ObservedRoom } from '../livekit/participant-view.js';
import { RoomStore, type RunningRoom } from '../rooms/room-store.js';
import { LEASES, SeatOperations } from '../seats/seat-operations.js';
import { LASTING_UNDER } from '../seats/seat-store.js';
import { SilenceWatch } from '../seats/silence-watch.js';

interface EndedWish {
  identity: string;
  template: string;
  version: number;
  sources: string[] | null;
  is_override: boolean;
  is_hold: boolean;
}

/**
 * A token was issued with the override, may still be valid ($3: the longest life of one), and its
 * holder has not come yet: the session that ends was not theirs. LiveKit ends a room that stays
 * empty sooner than tokens expire.
 */
const AWAITED = `last_issued_at >= override_at
  AND last_issued_at > now() - make_interval(secs => $3)
  AND (joined_at IS NULL OR joined_at < override_at)`;

/**
 * A session of a room begins when LiveKit starts it and ends when LiveKit finishes it. It outlives
 * a restart of LiveKit: the room comes back under another sid, and its session goes on.
 */
@Injectable()
export class RoomSessions {
  constructor(
    private readonly rooms: RoomStore,
    private readonly transactions: Transactions,
    private readonly hints: Hints,
    private readonly silence: SilenceWatch,
    private readonly operations: SeatOperations,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  async started(tx: Tx, room: string, sid: string): Promise<void> {
    if (await this.rooms.noteStarted(tx, room, sid)) tx.afterCommit(() => this.notifyRoom(room));
  }

  /**
   * `room_finished`, perhaps late: of the session that runs, or of an earlier one while the room
   * runs again. Then only overrides from before the present session end.
   */
  async finished(tx: Tx, room: string, sid: string, at: Date): Promise<void> {
    const session = await this.rooms.lockSession(tx, room);
    if (!session) return;
    const isOfEarlier = session.sid !== null && session.sid !== sid;
    if (!isOfEarlier) await this.stop(tx, room);
    // LiveKit's times are whole seconds, so what was wished within the last one may be older.
    const before = isOfEarlier
      ? session.since
      : session.sid === null
        ? new Date(at.getTime() + 1000)
        : null;
    await this.endScene(tx, room, before, 'LiveKit');
    await this.endOverrides(tx, room, before, 'LiveKit');
  }

  /** The room stopped running and no webhook came: its session is over. */
  async end(room: RunningRoom): Promise<void> {
    await this.transactions.run(async (tx) => {
      const session = await this.rooms.lockSession(tx, room.name);
      if (!session || session.sid === null || session.sid !== room.liveSid) return;
      await this.stop(tx, room.name);
      await this.endScene(tx, room.name, null, SYSTEM_ACTOR.label);
      await this.endOverrides(tx, room.name, null, SYSTEM_ACTOR.label);
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
    const seen = await this.rooms.noteSeen(rooms);
    for (const { name, isNew } of seen) if (isNew) this.notifyRoom(name);
    return seen.map(({ name }) => name);
  }

  private async stop(tx: Tx, room: string): Promise<void> {
    await this.rooms.noteStopped(tx, room);
    await tx.query(
      `UPDATE seat SET is_present = false, state = 'disconnected', permission = NULL, tracks = '[]',
         left_at = now(), is_unlisted = false
       WHERE room = $1 AND is_present`,
      [room],
    );
    await this.silence.roomEnded(tx, room);
    // What they had in a session that is over is nothing to give back in the next.
    await tx.query(
      `UPDATE seat SET before_scene = NULL WHERE room = $1 AND before_scene IS NOT NULL`,
      [room],
    );
    tx.afterCommit(() => this.notifyRoom(room));
  }

  /** A scene is for the session that it was entered in. Nobody is left in the room to update. */
  private async endScene(tx: Tx, room: string, before: Date | null, by: string): Promise<void> {
    const scene = await this.rooms.endScene(tx, room, before);
    if (!scene) return;
    tx.record({
      kind: 'scene.left',
      outcome: 'ok',
      actor: { kind: 'system', id: null, label: by },
      room,
      payload: { before: scene, because: 'the session of the room ended' },
    });
    tx.afterCommit(() => this.hints.publish([{ topic: `room:${room}`, type: 'scene', key: null }]));
  }

  /**
   * Overrides and holds for *this session* end with it; `before` spares those of a later one. A hold
   * is about who was there, so nobody is awaited with one.
   */
  private async endOverrides(tx: Tx, room: string, before: Date | null, by: string): Promise<void> {
    const { rows } = await tx.query<EndedWish>(
      `WITH RECURSIVE ending AS MATERIALIZED (
         SELECT identity, override_template AS template, override_version AS version,
           override_at AS at, hold_sources AS sources,
           coalesce(override_scope = 'session'
             AND ($2::timestamptz IS NULL OR override_at < $2) AND NOT (${AWAITED}), false) AS is_override,
           coalesce(hold_at IS NOT NULL AND hold_until IS NULL
             AND ($2::timestamptz IS NULL OR hold_at < $2), false) AS is_hold
         FROM seat WHERE room = $1 AND (override_scope = 'session' OR hold_at IS NOT NULL)
         FOR UPDATE), ${LASTING_UNDER},
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
       RETURNING seat.identity, ends.template, ends.version, ends.sources, is_override, is_hold`,
      [room, before, this.config.tokenTtlMax],
    );
    const ended = rows.map(({ identity }) => identity);
    if (ended.length > 0) await this.operations.supersede(tx, room, ended);
    const actor: Pick<Actor, 'kind' | 'id' | 'label'> = { kind: 'system', id: null, label: by };
    for (const { identity, template, version, sources, is_override, is_hold } of rows) {
      tx.record({
        kind: 'seat.session_ended',
        outcome: 'ok',
        actor,
        room,
        identity,
        payload: {
          before: {
            ...(is_override ? { template, version } : {}),
            ...(is_hold ? { hold: sources } : {}),
          },
          because: 'the session of the room ended',
        },
      });
    }
    const hints = rows.map(({ identity }) => ({
      topic: `room:${room}`,
      type: 'seat',
      key: identity,
    }));
    const due = { topic: LEASES, type: 'lease' };
    if (hints.length > 0) tx.afterCommit(() => this.hints.publish([...hints, due]));
  }

  notifyRoom(room: string): void {
    this.hints.publish(roomHints(room));
  }
}

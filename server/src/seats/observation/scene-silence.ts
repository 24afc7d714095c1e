import { Injectable } from '@nestjs/common';
import type { ActorRef } from '../../actor/actor.js';
import type { Tx } from '../../ledger/transactions.js';
import type { Seat, TakenTrack } from '../model/seat.js';
import { OPEN_WATCH } from './silence-watch.js';

/** A room that was brought to a scene, or back from one, by one click. */
export interface SceneClick {
  readonly operationId: string;
  readonly room: string;
  readonly actor: ActorRef;
  readonly reason: string | null;
  /** Postgres' time of the commit that all of it follows from. */
  readonly at: Date;
  /** Milliseconds from the click to `at`. */
  readonly headMs: number;
}

/** Somebody who publishes what a scene takes away. */
export interface Silenced {
  readonly seat: Seat;
  readonly takes: readonly TakenTrack[];
  /** They are muted, and not taken from LiveKit. */
  readonly isMuted: boolean;
}

/**
 * The tracks that a scene takes, for `SilenceWatch` to wait for: a row of `seat_operation` for each
 * publisher. It is no operation of its own, because the scene belongs to the room: it waits for no outcome
 * and no list of a seat's operations shows it.
 */
@Injectable()
export class SceneSilence {
  /** Before LiveKit is called. Harmless to repeat. */
  async begin(tx: Tx, click: SceneClick, silenced: readonly Silenced[]): Promise<void> {
    if (silenced.length === 0) return;
    const records = silenced.map(({ seat: { identity, epoch, sid }, takes, isMuted }) => ({
      identity,
      epoch,
      before: { sid },
      after: { takes, headMs: click.headMs, ...(isMuted ? { mutes: true } : {}) },
      watched: takes.map((track) => track.sid),
    }));
    await tx.query(
      `INSERT INTO seat_operation (room, identity, action, actor_kind, actor_id, actor_label, reason,
         before, after, epoch, outcome, settled_at, created_at, watched_tracks, bulk)
       SELECT $1, t.identity, 'scene', $2, $3, $4, $5, t.before, t.after, t.epoch, 'applied', now(),
         $6, t.watched, $7
       FROM jsonb_to_recordset($8::jsonb) AS
         t(identity text, epoch integer, before jsonb, after jsonb, watched text[])
       WHERE NOT EXISTS (SELECT FROM seat_operation o
         WHERE o.room = $1 AND o.identity = t.identity AND o.bulk = $7 AND o.action = 'scene')`,
      [
        click.room,
        click.actor.kind,
        click.actor.id,
        click.actor.label,
        click.reason,
        click.at,
        click.operationId,
        JSON.stringify(records),
      ],
    );
  }

  /**
   * Another scene plays from here on, or none: what the last one was to take is not waited for. Rows
   * that somebody is just writing are passed over: noting the end of a track takes more locks.
   */
  async supersede(tx: Tx, room: string): Promise<void> {
    await tx.query(
      `WITH mine AS MATERIALIZED (
         SELECT id FROM seat_operation WHERE room = $1 AND action = 'scene' AND ${OPEN_WATCH}
         FOR UPDATE SKIP LOCKED)
       UPDATE seat_operation AS o SET watched_tracks = NULL FROM mine WHERE o.id = mine.id`,
      [room],
    );
  }
}

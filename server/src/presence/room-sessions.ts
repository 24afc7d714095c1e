import { Injectable } from '@nestjs/common';
import { SYSTEM_ACTOR } from '../actor/actor.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import { Hints, roomHints } from '../hints/hints.js';
import type { ObservedRoom } from '../livekit/participant-view.js';
import { RoomStore, type RunningRoom } from '../rooms/room-store.js';
import { SessionEnd } from '../seats/public/observations.js';

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
    private readonly seats: SessionEnd,
  ) {}

  /** Before the seats of a room are locked by who then calls `started` or `finished`. */
  async lock(tx: Tx, room: string): Promise<void> {
    await this.rooms.lockSession(tx, room);
  }

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
    // LiveKit's times are whole seconds, so an override from within the last one may be older.
    const before = isOfEarlier
      ? session.since
      : session.sid === null
        ? new Date(at.getTime() + 1000)
        : null;
    await this.endScene(tx, room, before, 'LiveKit');
    await this.seats.endSession(tx, room, before, 'LiveKit');
  }

  /** The room stopped running and no webhook came: its session is over. */
  async end(room: RunningRoom): Promise<void> {
    await this.transactions.run(async (tx) => {
      const session = await this.rooms.lockSession(tx, room.name);
      if (!session || session.sid === null || session.sid !== room.liveSid) return;
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
    const seen = await this.rooms.noteSeen(rooms);
    for (const { name, isNew } of seen) if (isNew) this.notifyRoom(name);
    return seen.map(({ name }) => name);
  }

  private async stop(tx: Tx, room: string): Promise<void> {
    await this.rooms.noteStopped(tx, room);
    await this.seats.emptyRoom(tx, room);
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

  notifyRoom(room: string): void {
    this.hints.publish(roomHints(room));
  }
}

import { Injectable } from '@nestjs/common';
import { pause } from '../../common/pause.js';
import type { ObservedPermission } from '../../livekit/participant-view.js';
import type { Seat } from '../model/seat.js';
import { type Evaluation, permissionWanted } from '../model/seat-policy.js';
import { seatKey } from './keyed-mutex.js';

/** LiveKit may lose a track that is published again sooner after its right was taken (v1.13.5). */
const DELAY_MS = 400;

/** Delays calls that give a source back too soon after it was taken. */
@Injectable()
export class PublishDelays {
  /** Seat → when a source was last taken from it, by the monotonic clock. */
  private readonly narrowedAt = new Map<string, number>();

  /** Remembers that a source was taken, after LiveKit confirmed it. */
  note(
    room: string,
    identity: string,
    before: ObservedPermission | null,
    after: ObservedPermission,
  ): void {
    const isNarrower = before?.canPublishSources.some(
      (source) => before.canPublish && !after.canPublishSources.includes(source),
    );
    if (!isNarrower) return;
    const now = performance.now();
    const key = seatKey(room, identity);
    this.narrowedAt.delete(key);
    this.narrowedAt.set(key, now);
    for (const [old, at] of this.narrowedAt) {
      if (now - at <= DELAY_MS) break;
      this.narrowedAt.delete(old);
    }
  }

  /** Waits and answers true: the seat has to be read again after the wait. */
  async wait(evaluation: Evaluation, seat: Seat | null): Promise<boolean> {
    const rest = this.restMs(evaluation, seat);
    if (rest <= 0) return false;
    await pause(rest);
    return true;
  }

  /** How long a call that gives a source back has to wait. */
  restMs({ room, identity, wanted }: Evaluation, seat: Seat | null): number {
    const at = this.narrowedAt.get(seatKey(room.name, identity));
    const desired = permissionWanted(wanted);
    if (at === undefined || !desired) return 0;
    const has: readonly string[] = seat?.permission?.canPublishSources ?? [];
    if (desired.canPublishSources.every((source) => has.includes(source))) return 0;
    return DELAY_MS - (performance.now() - at);
  }
}

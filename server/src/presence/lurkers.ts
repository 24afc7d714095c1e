import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { SYSTEM_ACTOR } from '../actor/actor.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { formatTtl } from '../grants/ttl.js';
import { LiveKitClock } from '../livekit/livekit-clock.js';
import type { ObservedParticipant } from '../livekit/participant-view.js';
import { RoomsPort } from '../livekit/rooms-port.js';
import { KINDS_WITH_A_ROLE } from '../livekit/whip.js';
import { SeatsService } from '../seats/public/acts.js';

/** A connection that has been seen without media. */
interface Lurker {
  readonly room: string;
  readonly identity: string;
  readonly timer: NodeJS.Timeout;
}

/**
 * A client that opens only a WebSocket is in the room for a minute: nobody sees it, no webhook reports
 * it, and it receives names, metadata and data. The sweep sees it, and it is removed when it has no
 * media in time. Our own clock counts as well, so that clocks that differ end no good connection.
 */
@Injectable()
export class Lurkers implements OnApplicationShutdown {
  private readonly log = new Logger(Lurkers.name);
  /** By the connection's sid. */
  private readonly waiting = new Map<string, Lurker>();
  private isStopped = false;

  constructor(
    private readonly rooms: RoomsPort,
    private readonly seats: SeatsService,
    private readonly clock: LiveKitClock,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  onApplicationShutdown(): void {
    this.isStopped = true;
    for (const { timer } of this.waiting.values()) clearTimeout(timer);
    this.waiting.clear();
  }

  /** Everybody who is in the room, as LiveKit has just answered. */
  noteParticipants(room: string, participants: readonly ObservedParticipant[]): void {
    const patience = this.config.lurkers;
    if (patience === null || this.isStopped) return;
    const lurking = participants.filter(isLurking);
    const sids = new Set(lurking.map(({ sid }) => sid));
    for (const [sid, lurker] of this.waiting) {
      if (lurker.room === room && !sids.has(sid)) this.forget(sid);
    }
    for (const { sid, identity, joinedAt } of lurking) {
      if (this.waiting.has(sid)) continue;
      const rest = joinedAt.getTime() + patience * 1000 - this.clock.now().getTime();
      const delay = Math.max(rest, (patience * 1000 * 2) / 3);
      const timer = setTimeout(() => this.onTimeout(sid), Math.min(delay, patience * 1000));
      timer.unref();
      this.waiting.set(sid, { room, identity, timer });
    }
  }

  private onTimeout(sid: string): void {
    const lurker = this.waiting.get(sid);
    if (!lurker || this.isStopped) return;
    this.remove(lurker, sid)
      .catch((error: unknown) =>
        this.log.debug(`a lurker stays until the next sweep: ${String(error)}`),
      )
      .finally(() => this.forget(sid));
  }

  private async remove({ room, identity }: Lurker, sid: string): Promise<void> {
    const isStill = async () => {
      const found = await this.rooms.findParticipant(room, identity);
      return found !== null && found.sid === sid && isLurking(found);
    };
    if (!(await isStill())) return;
    const reason = `connected without media for ${formatTtl(this.config.lurkers ?? 0)}`;
    await this.seats.act(
      SYSTEM_ACTOR,
      'remove',
      { room, identity },
      { reason },
      { onlyIf: isStill },
    );
  }

  private forget(sid: string): void {
    clearTimeout(this.waiting.get(sid)?.timer);
    this.waiting.delete(sid);
  }
}

/** What LiveKit brings along may stay without media for as long as it needs, such as a ringing phone. */
function isLurking({ state, kind }: ObservedParticipant): boolean {
  return KINDS_WITH_A_ROLE.has(kind) && (state === 'joining' || state === 'joined');
}

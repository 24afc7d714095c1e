import { Inject, Injectable } from '@nestjs/common';
import type { AgentDispatch } from '../grants/issuer-ceiling.js';
import { AppError } from '../common/errors/app-error.js';
import { withTimeout } from '../common/with-timeout.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { PgPool } from '../database/pg-pool.js';
import { Hints } from '../hints/hints.js';
import { isUnavailable } from '../livekit/livekit-error.js';
import { LiveKitHealth } from '../livekit/livekit.health.js';
import { RoomsPort } from '../livekit/rooms-port.js';
import type { PolicyRoom } from '../policy/policy-facts.js';

/** How long somebody who can do without the room waits for it. */
const PATIENCE_MS = 700;
/** After a failure nobody waits for a while, or every token would. */
const PAUSE_MS = 2_000;
/**
 * A room that runs is seen by every sweep. One that was not seen by so many may have been lost with a
 * LiveKit server that was back before anybody missed it.
 */
const SWEEPS_UNSEEN = 3;

/** Makes LiveKit run the rooms that Rolecall knows, with their stored options. */
@Injectable()
export class LiveRooms {
  /** At most one call at a time for each room. */
  private readonly starting = new Map<string, Promise<void>>();
  private pausedUntil = 0;

  constructor(
    private readonly port: RoomsPort,
    private readonly health: LiveKitHealth,
    private readonly pg: PgPool,
    private readonly hints: Hints,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  /**
   * Resolves once the room runs. Repeating it is harmless: LiveKit answers with the room that is
   * there, without further agents. Throws `unavailable` when LiveKit cannot start it.
   */
  async ensure(room: PolicyRoom, agents: readonly AgentDispatch[] = []): Promise<void> {
    const running = this.starting.get(room.name);
    if (running) return running;
    const start = this.start(room, agents).finally(() => this.starting.delete(room.name));
    this.starting.set(room.name, start);
    return start;
  }

  /**
   * Tries the same for a moment, unless the room is known to run. Not being able to is no error, and
   * later tries go on by themselves.
   */
  async ensureSoon(room: PolicyRoom, agents: readonly AgentDispatch[] = []): Promise<void> {
    if (this.isSeenToRun(room)) return;
    if (this.health.status.state !== 'up' || performance.now() < this.pausedUntil) return;
    const started = this.ensure(room, agents).catch(() => {
      this.pausedUntil = performance.now() + PAUSE_MS;
    });
    await withTimeout(started, PATIENCE_MS, () => undefined);
  }

  /** Whether LiveKit runs the room now. Throws `unavailable` when LiveKit cannot be asked. */
  async isRunning(room: string): Promise<boolean> {
    return (await this.port.listRooms([room])).some(({ name }) => name === room);
  }

  private isSeenToRun({ liveSid, unseenFor }: PolicyRoom): boolean {
    return liveSid !== null && unseenFor !== null && unseenFor < SWEEPS_UNSEEN * this.config.sweep;
  }

  private async start(room: PolicyRoom, agents: readonly AgentDispatch[]): Promise<void> {
    const { name, emptyTimeout, departureTimeout, maxParticipants, metadata } = room;
    const options = { name, emptyTimeout, departureTimeout, maxParticipants, metadata, agents };
    const live = await this.port.createRoom(options).catch((error: unknown) => {
      throw isUnavailable(error) ? error : cannotStart(error);
    });
    const { rows } = await this.pg.query<{ is_news: boolean }>(
      'live-room-started',
      `UPDATE room SET live_sid = $2, last_seen_live_at = now(),
         live_since = CASE WHEN before.is_news THEN $3 ELSE live_since END
       FROM (SELECT live_sid IS DISTINCT FROM $2 AS is_news FROM room WHERE name = $1) AS before
       WHERE name = $1 RETURNING before.is_news`,
      [name, live.sid, live.createdAt],
    );
    if (rows[0]?.is_news) this.hints.publish([{ topic: 'rooms', type: 'room', key: name }]);
  }
}

function cannotStart(error: unknown): AppError {
  const detail = error instanceof AppError ? error.message : 'LiveKit cannot start the room.';
  return new AppError('unavailable', 'livekit.room_not_started', detail, { cause: error });
}

import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { inParallel } from '../common/in-parallel.js';
import { Loop } from '../common/loop.js';
import { type Hint, Hints } from '../hints/hints.js';
import { LiveKitHealth } from '../livekit/livekit.health.js';
import { SeatReader } from '../seats/public/seats.js';
import { Sweep } from './sweep.js';

const COLLECT_MS = 30;
const ROOM = 'room:';

/**
 * A change of policy names the seats that it affects; people in the room get it at once, from the
 * server that made the change. The next sweep finds what is lost here.
 */
@Injectable()
export class PolicyWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  /** Room → identities; null: everybody in it. */
  private readonly waiting = new Map<string, Set<string> | null>();
  private readonly checks = new Loop(
    {
      name: 'checking seats after a change of policy',
      everyMs: Infinity,
      log: new Logger(PolicyWatch.name),
    },
    () => this.checkWaiting(),
  );
  private stopListening: (() => void) | null = null;

  constructor(
    private readonly hints: Hints,
    private readonly store: SeatReader,
    private readonly sweep: Sweep,
    private readonly health: LiveKitHealth,
  ) {}

  onApplicationBootstrap(): void {
    this.checks.start();
    this.stopListening = this.hints.listen((hints) => this.onHints(hints));
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopListening?.();
    await this.checks.stop();
  }

  private onHints(hints: readonly Hint[]): void {
    for (const { topic, type, key } of hints) {
      if (type !== 'policy' || !topic.startsWith(ROOM)) continue;
      const room = topic.slice(ROOM.length);
      if (key === null || key === undefined) this.waiting.set(room, null);
      else if (this.waiting.get(room) !== null) {
        this.waiting.set(room, (this.waiting.get(room) ?? new Set()).add(key));
      }
    }
    if (this.waiting.size > 0) this.checks.wake(COLLECT_MS);
  }

  private async checkWaiting(): Promise<void> {
    const rooms = [...this.waiting];
    this.waiting.clear();
    if (this.health.status.state !== 'up') return;
    await inParallel(rooms, 1, async ([room, identities]) => {
      const seats = identities
        ? await this.store.findMany(room, [...identities])
        : await this.store.listPresent(room);
      const present = seats.filter(({ isPresent }) => isPresent);
      if (present.length > 0) await this.sweep.checkSeats(room, present);
    });
  }
}

import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { inParallel } from '../common/in-parallel.js';
import { type Hint, Hints } from '../hints/hints.js';
import { LiveKitHealth } from '../livekit/livekit.health.js';
import { SeatStore } from '../seats/store/seat-store.js';
import { Sweep } from './sweep.js';

const GATHER_MS = 30;
const ROOM = 'room:';

/**
 * Whoever changes policy says which seats it bears on; those who are in the room get it at once,
 * from the server that made the change. What is lost here is found by the next sweep.
 */
@Injectable()
export class PolicyWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger(PolicyWatch.name);
  /** Room → identities; null: everybody in it. */
  private readonly waiting = new Map<string, Set<string> | null>();
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;
  private isStopped = false;
  private stopListening: (() => void) | null = null;

  constructor(
    private readonly hints: Hints,
    private readonly store: SeatStore,
    private readonly sweep: Sweep,
    private readonly health: LiveKitHealth,
  ) {}

  onApplicationBootstrap(): void {
    this.stopListening = this.hints.listen((hints) => this.take(hints));
  }

  async onApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    this.stopListening?.();
    if (this.timer) clearTimeout(this.timer);
    await this.running;
  }

  private take(hints: readonly Hint[]): void {
    for (const { topic, type, key } of hints) {
      if (type !== 'policy' || !topic.startsWith(ROOM)) continue;
      const room = topic.slice(ROOM.length);
      if (key === null || key === undefined) this.waiting.set(room, null);
      else if (this.waiting.get(room) !== null) {
        this.waiting.set(room, (this.waiting.get(room) ?? new Set()).add(key));
      }
    }
    this.schedule();
  }

  private schedule(): void {
    if (this.waiting.size === 0 || this.timer || this.running || this.isStopped) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.running = this.work()
        .catch((error: unknown) => this.log.debug(`left to the sweep: ${String(error)}`))
        .finally(() => {
          this.running = null;
          this.schedule();
        });
    }, GATHER_MS);
    this.timer.unref();
  }

  private async work(): Promise<void> {
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

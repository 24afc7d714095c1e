import type { DoubleOptions, Fault } from './model.ts';
import { pause } from './tokens.ts';

/** What calls suffer because a test asked for it: waits, failures, a frozen process. */
export class Faults {
  private readonly latencyMs: DoubleOptions['latencyMs'];
  private readonly active: (Fault & { left: number })[] = [];
  private thawed: Promise<void> | null = null;
  private unfreeze: () => void = () => undefined;

  constructor(latencyMs: DoubleOptions['latencyMs']) {
    this.latencyMs = latencyMs;
  }

  freeze(): void {
    this.thawed ??= new Promise((resolve) => (this.unfreeze = resolve));
  }

  thaw(): void {
    this.unfreeze();
    this.thawed = null;
  }

  inject(fault: Fault): () => void {
    const active = { ...fault, left: fault.times ?? Infinity };
    this.active.push(active);
    return () => {
      active.left = 0;
    };
  }

  heal(): void {
    for (const fault of this.active.splice(0)) fault.left = 0;
  }

  /** The fault that this call suffers, which is then used up by one. */
  strike(method: string, on: { room: string; identity: string } | null): Fault | null {
    const fault = this.active.find(
      (one) =>
        one.left > 0 &&
        (one.on === undefined || [one.on].flat().includes(method)) &&
        (one.room === undefined || one.room === on?.room) &&
        (one.identity === undefined || one.identity === on?.identity),
    );
    if (!fault) return null;
    fault.left -= 1;
    fault.onStrike?.();
    return fault;
  }

  async suffer(method: string, people: number, fault: Fault | null): Promise<void> {
    const { latencyMs = 0 } = this;
    const ms = typeof latencyMs === 'number' ? latencyMs : latencyMs(method, people);
    const wait = ms + (fault?.latencyMs ?? 0);
    if (wait > 0) await pause(wait);
    await fault?.effectAfter;
    if (this.thawed) await this.thawed;
  }
}

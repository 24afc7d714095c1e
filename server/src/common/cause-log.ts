const EVERY_MS = 5_000;
const MAX_CAUSES = 200;

/** Says which failures are logged: each cause at once, and then once in five seconds with its count. */
export class CauseLog {
  private readonly causes = new Map<string, { loggedAt: number; since: number }>();

  /** How many of this cause were not logged since the last one that was; null: do not log this one. */
  count(cause: string, now = performance.now()): number | null {
    const known = this.causes.get(cause);
    if (known && now - known.loggedAt < EVERY_MS) {
      known.since += 1;
      return null;
    }
    if (!known && this.causes.size >= MAX_CAUSES) this.causes.clear();
    this.causes.set(cause, { loggedAt: now, since: 0 });
    return known?.since ?? 0;
  }
}

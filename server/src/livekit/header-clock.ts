/** Clocks drift against each other: what was measured longer ago than this is measured again. */
const WINDOW_MS = 60_000;

/**
 * Another server's clock, read from the `Date` of its answers. One answer tells only the second;
 * each further one narrows down where that second begins. All times are in milliseconds.
 */
export class HeaderClock {
  /** Between which its time minus the monotonic clock's lies. */
  private bounds: { low: number; high: number; since: number } | null = null;

  /** `sent` and `received` are of the monotonic clock. */
  note(header: string | null, sent: number, received: number): void {
    const second = Date.parse(header ?? '');
    if (Number.isNaN(second)) return;
    const low = second - received;
    const high = second + 1_000 - sent;
    const known = this.bounds;
    const isSame = known && received - known.since < WINDOW_MS;
    const [from, to] = isSame ? [Math.max(low, known.low), Math.min(high, known.high)] : [1, 0];
    this.bounds =
      isSame && from <= to
        ? { low: from, high: to, since: known.since }
        : { low, high, since: received };
  }

  /** Null before the first answer that has a date. */
  get offset(): number | null {
    return this.bounds && (this.bounds.low + this.bounds.high) / 2;
  }
}

/** The first one is small, so that the first calls go out at once. */
const FIRST = 32;
const UNTIL_KNOWN = 96;
const LARGEST = 256;
const SMALLEST = 16;
/**
 * A chunk takes about so long, and with it the next one, which is read meanwhile: a pause or a
 * cancellation is obeyed soon, and what was read of a seat is not old when its call goes out.
 */
const SECONDS = 0.1;
/** Chunks that end at the same time do not tell how fast they are. */
const AT_LEAST_MS = 5;

/**
 * How many targets of a room are begun with together: what a chunk costs does not grow much with
 * it, so as many as come to their end in a while, everything counted and not LiveKit alone.
 */
export class ChunkSize {
  private perSecond: number | null = null;
  private endedAt: number | null = null;

  /** An operation begins. */
  first(): number {
    this.endedAt = null;
    return FIRST;
  }

  /** `limit`: what LiveKit takes within a second, as far as that is known. */
  next(limit: number | null): number {
    if (this.perSecond === null) return UNTIL_KNOWN;
    const perSecond = Math.min(this.perSecond, limit ?? Infinity);
    return Math.min(LARGEST, Math.max(SMALLEST, Math.round(perSecond * SECONDS)));
  }

  /** So many have come to their end, `at` so many milliseconds by the monotonic clock. */
  ended(count: number, at: number): void {
    const since = this.endedAt;
    this.endedAt = at;
    if (since === null) return;
    const now = (count * 1000) / Math.max(AT_LEAST_MS, at - since);
    this.perSecond = this.perSecond === null ? now : (this.perSecond + now) / 2;
  }
}

/** How often each method was called, of each room; every attempt counts. */
export class CallCounts {
  /** Method → room → calls. */
  private readonly counts = new Map<string, Map<string, number>>();

  add(method: string, room: string): void {
    const rooms = this.counts.get(method) ?? new Map<string, number>();
    this.counts.set(method, rooms.set(room, (rooms.get(room) ?? 0) + 1));
  }

  /** Of one method or of all; of one room or of all. */
  sum(method?: string, room?: string): number {
    let sum = 0;
    for (const [name, rooms] of this.counts) {
      if (method !== undefined && method !== name) continue;
      for (const [key, n] of rooms) if (room === undefined || room === key) sum += n;
    }
    return sum;
  }

  byMethod(): Record<string, number> {
    return Object.fromEntries([...this.counts.keys()].map((name) => [name, this.sum(name)]));
  }

  reset(): void {
    this.counts.clear();
  }
}

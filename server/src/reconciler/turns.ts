/** A room that runs. */
export interface Running {
  readonly name: string;
  readonly sid: string;
}

/**
 * Whose turn it is, where asking about every room each time would be too much: rooms that are new
 * first, then those that waited longest.
 */
export class Turns {
  /** Room → its sid when it was asked about; the order is the order of the turns. */
  private readonly asked = new Map<string, string>();

  next<T extends Running>(running: readonly T[], count: number): T[] {
    const byName = new Map(running.map((room) => [room.name, room]));
    for (const [name, sid] of this.asked) {
      if (byName.get(name)?.sid !== sid) this.asked.delete(name);
    }
    const fresh = running.filter(({ name }) => !this.asked.has(name)).slice(0, count);
    const waited = [...this.asked.keys()].slice(0, count - fresh.length);
    const turn = [...fresh, ...waited.map((name) => byName.get(name) as T)];
    for (const { name, sid } of turn) {
      this.asked.delete(name);
      this.asked.set(name, sid);
    }
    return turn;
  }
}

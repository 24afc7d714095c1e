/** One at a time for each key, in the order of asking. */
export class KeyedMutex {
  private readonly tails = new Map<string, Promise<unknown>>();

  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.tails.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    const tail = mine.then(
      () => undefined,
      () => undefined,
    );
    this.tails.set(key, tail);
    void tail.then(() => {
      if (this.tails.get(key) === tail) this.tails.delete(key);
    });
    return mine;
  }
}

/**
 * The same, where asking again for what was asked last, and is not done yet, gets the same answer:
 * a key that is held down makes one turn of many. What was asked for in between keeps its place.
 */
export class JoiningMutex<T> {
  private readonly queue = new KeyedMutex();
  private readonly last = new Map<string, { what: string | null; turn: Promise<T> }>();

  /** `what` null: never the same as anything. */
  run(key: string, what: string | null, work: () => Promise<T>): Promise<T> {
    const last = this.last.get(key);
    if (last && what !== null && last.what === what) return last.turn;
    const turn = this.queue.run(key, work);
    const mine = { what, turn };
    this.last.set(key, mine);
    const forget = () => {
      if (this.last.get(key) === mine) this.last.delete(key);
    };
    turn.then(forget, forget);
    return turn;
  }
}

/** Names a seat in maps and locks. */
export function seatKey(room: string, identity: string): string {
  return JSON.stringify([room, identity]);
}

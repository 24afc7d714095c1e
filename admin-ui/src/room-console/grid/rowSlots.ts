/**
 * Which element shows which person. Elements are reused: filling one with another person is much
 * quicker than making a new one. People who stay visible keep their element, so that a row whose
 * place changes is moved, not drawn again.
 */
export class RowSlots {
  private slots: ReadonlyMap<string, number> = new Map();

  /** The slot of each who is shown now. */
  place(shown: readonly string[]): ReadonlyMap<string, number> {
    const next = new Map<string, number>();
    for (const identity of shown) {
      const slot = this.slots.get(identity);
      if (slot !== undefined) next.set(identity, slot);
    }
    const taken = new Set(next.values());
    let free = 0;
    for (const identity of shown) {
      if (next.has(identity)) continue;
      while (taken.has(free)) free += 1;
      next.set(identity, free++);
    }
    this.slots = next;
    return next;
  }
}

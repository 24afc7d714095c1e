import { compareKeys } from './rosterChips';

interface Place {
  identity: string;
  key: string;
}

/**
 * People sorted by unique keys. The order is kept between changes, and places are found by binary
 * search, because sorting or scanning thousands of people at every change is slow.
 */
export class RosterOrder {
  private places: readonly Place[] = [];
  private readonly known = new Map<string, Place>();
  private readonly coming = new Map<string, Place>();
  private readonly going = new Set<Place>();
  private list: readonly string[] = [];

  /** As of the last `settle`; the same object until the next one that changed it. */
  get identities(): readonly string[] {
    return this.list;
  }

  keyOf(identity: string): string | undefined {
    return this.known.get(identity)?.key;
  }

  /** Whether that is another place than before. It is taken with `settle`. */
  put(identity: string, key: string): boolean {
    const before = this.known.get(identity);
    if (before?.key === key) return false;
    this.take(identity);
    const place = { identity, key };
    this.known.set(identity, place);
    this.coming.set(identity, place);
    return true;
  }

  take(identity: string): void {
    const before = this.known.get(identity);
    if (!before) return;
    this.known.delete(identity);
    // People who have no place yet leave no gap.
    if (!this.coming.delete(identity)) this.going.add(before);
  }

  settle(): void {
    if (this.coming.size === 0 && this.going.size === 0) return;
    const coming = [...this.coming.values()].sort(byKey);
    const gaps = [...this.going].map(({ key }) => this.indexOf(key)).sort((a, b) => a - b);
    this.places = merged(this.places, gaps, coming, (key) => this.indexOf(key));
    this.list = this.places.map(({ identity }) => identity);
    this.coming.clear();
    this.going.clear();
  }

  /** The index of the first place whose key is not less. */
  private indexOf(key: string): number {
    return firstIndex(this.places, (place) => compareKeys(place.key, key) >= 0);
  }
}

/** Binary search: the first index for which `isSo` is true, if it stays true from there on. */
export function firstIndex<Item>(items: readonly Item[], isSo: (item: Item) => boolean): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isSo(items[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

const byKey = (a: Place, b: Place) => compareKeys(a.key, b.key);

/** All but the gaps, with those who come in between. */
function merged(
  places: readonly Place[],
  gaps: readonly number[],
  coming: readonly Place[],
  indexOf: (key: string) => number,
): Place[] {
  const next: Place[] = [];
  let at = 0;
  let gap = 0;
  const copyUntil = (end: number) => {
    for (; at < end; at++) {
      if (at === gaps[gap]) gap++;
      else next.push(places[at]!);
    }
  };
  for (const place of coming) {
    copyUntil(indexOf(place.key));
    next.push(place);
  }
  copyUntil(places.length);
  return next;
}

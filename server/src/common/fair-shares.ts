export interface FairSharesOptions {
  readonly perKey: number;
  readonly inAll: number;
}

/**
 * A fixed number of places, and how many one key may hold of them: no more than are left for all
 * others (Choudhury and Hahne's dynamic threshold).
 */
export class FairShares {
  private readonly held = new Map<string, number>();
  private total = 0;

  constructor(private readonly options: FairSharesOptions) {}

  get size(): number {
    return this.total;
  }

  heldBy(key: string): number {
    return this.held.get(key) ?? 0;
  }

  /** The key that holds the most; null when nobody holds any. */
  largest(): string | null {
    let found: string | null = null;
    let most = 0;
    for (const [key, held] of this.held) {
      if (held <= most) continue;
      [found, most] = [key, held];
    }
    return found;
  }

  /** Takes a place. False: this key has its share, or none is left. */
  take(key: string): boolean {
    const { perKey, inAll } = this.options;
    const held = this.heldBy(key);
    const left = inAll - this.total;
    if (left <= 0 || held >= perKey || held >= left) return false;
    this.add(key);
    return true;
  }

  /** Takes a place whatever the share is. */
  add(key: string): void {
    this.held.set(key, this.heldBy(key) + 1);
    this.total++;
  }

  giveBack(key: string): void {
    const held = this.heldBy(key);
    if (held === 0) return;
    this.total--;
    if (held === 1) this.held.delete(key);
    else this.held.set(key, held - 1);
  }
}

export interface FairQuotaOptions {
  readonly perKey: number;
  readonly inAll: number;
}

/**
 * A fixed number of slots. One key may use no more of them than are left for all others (Choudhury
 * and Hahne's dynamic threshold).
 */
export class FairQuota {
  private readonly used = new Map<string, number>();
  private total = 0;

  constructor(private readonly options: FairQuotaOptions) {}

  get size(): number {
    return this.total;
  }

  usedBy(key: string): number {
    return this.used.get(key) ?? 0;
  }

  /** The key that uses the most; null when none is used. */
  largest(): string | null {
    let found: string | null = null;
    let most = 0;
    for (const [key, held] of this.used) {
      if (held <= most) continue;
      [found, most] = [key, held];
    }
    return found;
  }

  /** False: the key has its share, or no slot is left. */
  tryAcquire(key: string): boolean {
    const { perKey, inAll } = this.options;
    const held = this.usedBy(key);
    const left = inAll - this.total;
    if (left <= 0 || held >= perKey || held >= left) return false;
    this.acquire(key);
    return true;
  }

  /** Takes a slot regardless of the share. */
  acquire(key: string): void {
    this.used.set(key, this.usedBy(key) + 1);
    this.total++;
  }

  release(key: string): void {
    const held = this.usedBy(key);
    if (held === 0) return;
    this.total--;
    if (held === 1) this.used.delete(key);
    else this.used.set(key, held - 1);
  }
}

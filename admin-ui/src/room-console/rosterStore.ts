import type { Seat } from '../providers/records';

export const CHIPS = ['all', 'publishing', 'overridden', 'drifting', 'unlisted', 'absent'] as const;
export type Chip = (typeof CHIPS)[number];

export const isPublishing = (seat: Seat) => seat.isPresent && seat.tracks.length > 0;
export const isDrifting = (seat: Seat) => seat.isPresent && !seat.inSync;

const BELONGS: Record<Chip, (seat: Seat) => boolean> = {
  all: () => true,
  publishing: isPublishing,
  overridden: (seat) => seat.override !== null || seat.block !== null,
  drifting: isDrifting,
  unlisted: (seat) => seat.isPresent && Boolean(seat.isUnlisted || seat.isSilent),
  absent: (seat) => !seat.isPresent,
};

export interface RosterView {
  /** The rows as shown, in order. Row data is looked up, so a patch need not touch the order. */
  identities: readonly string[];
  seats: ReadonlyMap<string, Seat>;
  /** Who left while the order was held: shown greyed until it is applied. */
  gone: ReadonlySet<string>;
  counts: Readonly<Record<Chip, number>>;
  present: number;
  chip: Chip;
  query: string;
  /** Rows that would come, go or move if the order were applied now. */
  waiting: number;
}

/**
 * The whole room in memory. Row data follows the events at once; the *order* of rows is held while
 * somebody reads or acts, so that nothing moves under a pointer or a key.
 */
export class RosterStore {
  private seats = new Map<string, Seat>();
  private gone = new Map<string, Seat>();
  /** Everybody in order, by the keys in `keys`; kept, because sorting thousands anew is slow. */
  private order: string[] = [];
  private keys = new Map<string, string>();
  private identities: string[] = [];
  private chip: Chip = 'all';
  private query = '';
  private isHeld = false;
  private waiting = 0;
  private view: RosterView;
  private readonly listeners = new Set<() => void>();

  constructor() {
    this.view = this.draw();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly read = (): RosterView => this.view;

  seat(identity: string): Seat | undefined {
    return this.seats.get(identity) ?? this.gone.get(identity);
  }

  /** A snapshot: the truth, whatever was here before. */
  replaceAll(seats: readonly Seat[]): void {
    const next = new Map(seats.map((seat) => [seat.identity, seat]));
    const isFirst = this.seats.size === 0;
    this.forget([...this.seats.keys()].filter((identity) => !next.has(identity)));
    this.seats = next;
    this.keys = new Map(seats.map((seat) => [seat.identity, sortKey(seat)]));
    this.order = this.sorted([...next.keys()]);
    this.settle(isFirst);
  }

  /** What the events of one flush say, in one go. */
  patch(seats: readonly Seat[], removed: readonly string[]): void {
    const moved = new Set<string>();
    const next = new Map(this.seats);
    this.forget(removed);
    for (const identity of removed) {
      if (!next.delete(identity)) continue;
      this.keys.delete(identity);
      moved.add(identity);
    }
    for (const seat of seats) {
      const key = sortKey(seat);
      if (this.keys.get(seat.identity) !== key) moved.add(seat.identity);
      this.keys.set(seat.identity, key);
      this.gone.delete(seat.identity);
      next.set(seat.identity, seat);
    }
    this.seats = next;
    if (moved.size > 0) this.reorder(moved);
    this.settle(false);
  }

  setChip(chip: Chip): void {
    if (chip === this.chip) return;
    this.chip = chip;
    this.apply();
  }

  setQuery(query: string): void {
    if (query === this.query) return;
    this.query = query;
    this.apply();
  }

  /** While held, rows keep their places. Letting go applies what has gathered. */
  hold(isHeld: boolean): void {
    if (isHeld === this.isHeld) return;
    this.isHeld = isHeld;
    if (!isHeld && this.waiting > 0) this.apply();
  }

  apply(): void {
    this.gone.clear();
    this.identities = this.wanted();
    this.waiting = 0;
    this.emit();
  }

  private settle(isFirst: boolean): void {
    if (!this.isHeld || isFirst) this.apply();
    else {
      this.waiting = difference(this.identities, this.wanted());
      this.emit();
    }
  }

  private forget(removed: readonly string[]): void {
    for (const identity of removed) {
      const seat = this.seats.get(identity);
      if (seat) this.gone.set(identity, seat);
    }
  }

  private wanted(): string[] {
    if (this.chip === 'all' && this.query === '') return this.order;
    const belongs = BELONGS[this.chip];
    const words = this.query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    return this.order.filter((identity) => {
      const seat = this.seats.get(identity)!;
      if (!belongs(seat)) return false;
      if (words.length === 0) return true;
      const text = haystack(seat);
      return words.every((word) => text.includes(word));
    });
  }

  /** Takes out who moved and merges them in again at their new places. */
  private reorder(moved: ReadonlySet<string>): void {
    const staying = this.order.filter((identity) => !moved.has(identity));
    const coming = this.sorted([...moved].filter((identity) => this.keys.has(identity)));
    const merged: string[] = [];
    let at = 0;
    for (const identity of coming) {
      const key = this.keys.get(identity)!;
      while (at < staying.length && this.keys.get(staying[at]!)! < key) merged.push(staying[at++]!);
      merged.push(identity);
    }
    this.order = merged.concat(staying.slice(at));
  }

  private sorted(identities: string[]): string[] {
    const { keys } = this;
    return identities.sort((a, b) => (keys.get(a)! < keys.get(b)! ? -1 : 1));
  }

  private emit(): void {
    this.view = this.draw();
    for (const listener of this.listeners) listener();
  }

  private draw(): RosterView {
    const counts = { all: 0, publishing: 0, overridden: 0, drifting: 0, unlisted: 0, absent: 0 };
    let present = 0;
    for (const seat of this.seats.values()) {
      if (seat.isPresent) present += 1;
      for (const chip of CHIPS) if (BELONGS[chip](seat)) counts[chip] += 1;
    }
    return {
      identities: this.identities,
      seats: this.seats,
      gone: new Set(this.gone.keys()),
      counts,
      present,
      chip: this.chip,
      query: this.query,
      waiting: this.waiting,
    };
  }
}

/** Who matters first: drifting, publishing, the unlisted and silent; then all; then the absent. */
function sortKey(seat: Seat): string {
  return `${rankOf(seat)} ${(seat.name || seat.identity).toLocaleLowerCase()}\u0000${seat.identity}`;
}

function rankOf(seat: Seat): number {
  if (!seat.isPresent) return 4;
  if (isDrifting(seat)) return 0;
  if (isPublishing(seat)) return 1;
  return seat.isUnlisted || seat.isSilent ? 2 : 3;
}

const haystacks = new WeakMap<Seat, string>();

function haystack(seat: Seat): string {
  let text = haystacks.get(seat);
  if (text === undefined) {
    text = `${seat.name ?? ''}\n${seat.identity}\n${seat.role?.template ?? ''}`.toLocaleLowerCase();
    haystacks.set(seat, text);
  }
  return text;
}

/** How many rows are not where they were: came, went or moved. */
function difference(shown: readonly string[], wanted: readonly string[]): number {
  if (shown === wanted) return 0;
  const places = new Map(shown.map((identity, index) => [identity, index]));
  let changes = 0;
  let last = -1;
  for (const identity of wanted) {
    const place = places.get(identity);
    if (place === undefined || place < last) changes += 1;
    else last = place;
  }
  const here = new Set(wanted);
  return changes + shown.filter((identity) => !here.has(identity)).length;
}

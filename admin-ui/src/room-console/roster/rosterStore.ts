import { foldText } from '@rolecall/server/grants';
import type { Seat } from '../../api/records';
import { serverNow } from '../../api/serverClock';
import { isHardToRead, lookalike } from '../../shared/lookalike';
import {
  bitOf,
  type Chip,
  CHIPS,
  chipsOf,
  isPublishing,
  newUntil,
  compareKeys,
  sectionOfKey,
  type SectionName,
  SECTIONS,
  sortKey,
} from './rosterChips';
import { firstIndex, RosterOrder } from './rosterOrder';

/** How long people stay in the list after they leave, so that no row vanishes under the eyes. */
const LEFT_MS = 5_000;

/** Rows that the next ordering moves, drops, or has not sorted in yet. */
export interface Waiting {
  joined: number;
  moved: number;
  left: number;
}

const NOTHING_WAITS: Waiting = { joined: 0, moved: 0, left: 0 };

/** So many rows in a row that belong together. */
export interface Section {
  readonly name: SectionName;
  readonly start: number;
  readonly size: number;
}

export interface RosterView {
  /** The rows as shown, in order. Row data is looked up, so a patch need not touch the order. */
  identities: readonly string[];
  seats: ReadonlyMap<string, Seat>;
  /** People who have left and are still shown, with when they left. */
  gone: ReadonlyMap<string, number>;
  counts: Readonly<Record<Chip, number>>;
  present: number;
  publishing: number;
  /** Those that have somebody in them. The same object while none of them changes. */
  sections: readonly Section[];
  chip: Chip;
  query: string;
  /** What has happened to the list since its order was last applied. */
  waiting: Waiting;
  /** The session is over: what is shown is how it ended. */
  isFrozen: boolean;
}

/**
 * The whole room in memory. Row data follows the events at once. While somebody works in the list
 * sorting is paused: rows keep their places, arrivals go to the end of their section.
 */
export class RosterStore {
  private readonly seats = new Map<string, Seat>();
  private readonly masks = new Map<string, number>();
  /** Who has just come → until when that is so. */
  private readonly fresh = new Map<string, number>();
  private readonly leaving = new Map<string, { seat: Seat; at: number }>();
  /** How many people have names that look like this one. */
  private readonly names = new Map<string, number>();
  private readonly order = new RosterOrder();
  private identities: readonly string[] = [];
  private counts = zeroes();
  private present = 0;
  private publishing = 0;
  private sections: readonly Section[] = [];
  private chip: Chip = 'all';
  private query = '';
  private isSortingPaused = false;
  private isFrozen = false;
  private waiting = NOTHING_WAITS;
  /** Who was appended while sorting was paused. */
  private readonly arrived = new Set<string>();
  private gone: ReadonlyMap<string, number> = new Map();
  private view: RosterView;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly now: () => number = serverNow) {
    this.view = this.draw();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly read = (): RosterView => this.view;

  seat(identity: string): Seat | undefined {
    return this.seats.get(identity) ?? this.leaving.get(identity)?.seat;
  }

  /** The name does not say who it is: somebody else looks the same, or it is hard to read. */
  needsIdentity(seat: Seat): boolean {
    return (this.names.get(lookOf(seat)) ?? 0) > 1 || isHardToRead(seat);
  }

  /** Who raised a hand, the longest waiting first. */
  hands(): Seat[] {
    if (this.counts.hands === 0) return [];
    const bit = bitOf('hands');
    const found = [...this.seats.values()].filter((seat) => this.maskOf(seat.identity) & bit);
    const key = ({ identity }: Seat) => this.order.keyOf(identity) ?? '';
    return found.sort((a, b) => compareKeys(key(a), key(b)));
  }

  /** A snapshot: the truth, whatever was here before. */
  replaceAll(seats: readonly Seat[]): void {
    const isFirst = this.seats.size === 0;
    const next = new Set(seats.map(({ identity }) => identity));
    const removed = [...this.seats.keys()].filter((identity) => !next.has(identity));
    for (const identity of removed) this.take(identity);
    for (const seat of seats) this.put(seat);
    this.order.settle();
    this.settle(isFirst);
  }

  /** What the events of one flush say, in one go. */
  patch(seats: readonly Seat[], removed: readonly string[]): void {
    let isMoved = false;
    let isDirty = false;
    for (const identity of removed) isDirty = this.take(identity) || isDirty;
    for (const seat of seats) {
      const change = this.put(seat);
      isMoved ||= change.isMoved;
      isDirty ||= change.isRefiltered;
    }
    if (isMoved) this.order.settle();
    if (isMoved || isDirty) this.settle(false);
    else this.emit();
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

  /** While sorting is paused, rows keep their places. Its end applies what has gathered. */
  pauseSorting(isPaused: boolean): void {
    if (isPaused === this.isSortingPaused) return;
    this.isSortingPaused = isPaused;
    if (!isPaused && this.waiting !== NOTHING_WAITS) this.apply();
  }

  /** The session ended: who was there stays in sight until somebody comes. */
  freeze(isFrozen: boolean): void {
    if (isFrozen === this.isFrozen) return;
    this.isFrozen = isFrozen;
    if (isFrozen) this.emit();
    else this.tick();
  }

  apply(): void {
    this.forgetDropped();
    this.identities = this.wanted();
    this.divide(this.findEnds(this.identities));
    this.arrived.clear();
    this.waiting = NOTHING_WAITS;
    this.emit();
  }

  /** Once a second: who is no longer new, and who has been gone for long enough. */
  tick(): void {
    const now = this.now();
    const isAged = this.age(now);
    const isDropped = this.dropLeft(now);
    if (isDropped) this.settle(false);
    else if (isAged) this.emit();
  }

  private age(now: number): boolean {
    let isChanged = false;
    for (const [identity, until] of this.fresh) {
      if (until > now) continue;
      this.fresh.delete(identity);
      this.mask(identity, this.maskOf(identity) & ~bitOf('new'));
      isChanged = true;
    }
    return isChanged;
  }

  private dropLeft(now: number): boolean {
    if (this.isFrozen) return false;
    const over = [...this.leaving].filter(
      ([identity, { at }]) => now - at >= LEFT_MS && this.isPlaced(identity),
    );
    if (over.length === 0) return false;
    // Their row is shown until the list is sorted, so they are still known until then.
    for (const [identity] of over) this.order.take(identity);
    this.order.settle();
    return true;
  }

  private put(seat: Seat): { isMoved: boolean; isRefiltered: boolean } {
    const { identity } = seat;
    const before = this.seats.get(identity);
    const key = sortKey(seat);
    const mask = chipsOf(seat, this.now());
    const oldMask = this.maskOf(identity);
    const isMoved = this.order.put(identity, key);
    this.leaving.delete(identity);
    this.seats.set(identity, seat);
    this.mask(identity, mask);
    if (mask & bitOf('new')) this.fresh.set(identity, newUntil(seat));
    if (before) this.tally(before, -1);
    this.tally(seat, 1);
    return { isMoved, isRefiltered: oldMask !== mask || before?.name !== seat.name };
  }

  /** They keep their place for a while; `dropLeft` ends it. */
  private take(identity: string): boolean {
    const seat = this.seats.get(identity);
    if (!seat) return false;
    this.seats.delete(identity);
    this.mask(identity, 0);
    this.masks.delete(identity);
    this.fresh.delete(identity);
    this.tally(seat, -1);
    this.leaving.set(identity, { seat, at: this.now() });
    return true;
  }

  private isPlaced(identity: string): boolean {
    return this.order.keyOf(identity) !== undefined;
  }

  private maskOf(identity: string): number {
    return this.masks.get(identity) ?? 0;
  }

  private mask(identity: string, mask: number): void {
    const before = this.maskOf(identity);
    this.masks.set(identity, mask);
    if (before === mask) return;
    // The same object while nothing in it changes: what shows it need not be drawn again.
    this.counts = { ...this.counts };
    for (const chip of CHIPS) {
      this.counts[chip] +=
        Number((mask & bitOf(chip)) !== 0) - Number((before & bitOf(chip)) !== 0);
    }
  }

  private tally(seat: Seat, by: 1 | -1): void {
    if (seat.isPresent) this.present += by;
    if (isPublishing(seat)) this.publishing += by;
    const name = lookOf(seat);
    const count = (this.names.get(name) ?? 0) + by;
    if (count > 0) this.names.set(name, count);
    else this.names.delete(name);
  }

  private settle(isFirst: boolean): void {
    if (!this.isSortingPaused || isFirst) this.apply();
    else {
      this.append();
      this.emit();
    }
  }

  /** Shows arrivals at the end of their section; nobody else moves. */
  private append(): void {
    const wanted = this.wanted();
    let places = placesOf(this.identities);
    const arriving = wanted.filter((identity) => !places.has(identity));
    if (arriving.length > 0) {
      const ends = this.endsOf(this.sections);
      // In order themselves, so they are divided like the list.
      const comings = this.findEnds(arriving);
      const before = this.identities;
      this.identities = SECTIONS.flatMap((_name, at) => [
        ...before.slice(ends[at - 1] ?? 0, ends[at]),
        ...arriving.slice(comings[at - 1] ?? 0, comings[at]),
      ]);
      this.divide(ends.map((end, at) => end + comings[at]!));
      for (const identity of arriving) this.arrived.add(identity);
      places = placesOf(this.identities);
    }
    const waiting = this.countWaiting(wanted, places);
    if (!isSame(waiting, this.waiting)) this.waiting = waiting;
  }

  private countWaiting(wanted: readonly string[], places: ReadonlyMap<string, number>): Waiting {
    let joined = 0;
    const kept: number[] = [];
    for (const identity of wanted) {
      if (this.leaving.has(identity)) continue;
      if (this.arrived.has(identity)) joined += 1;
      else kept.push(places.get(identity)!);
    }
    const left = this.identities.length - kept.length - joined;
    const moved = kept.length - longestRise(kept);
    return joined + moved + left === 0 ? NOTHING_WAITS : { joined, moved, left };
  }

  private forgetDropped(): void {
    for (const identity of this.leaving.keys()) {
      if (!this.isPlaced(identity)) this.leaving.delete(identity);
    }
  }

  private wanted(): readonly string[] {
    if (this.chip === 'all' && this.query === '') return this.order.identities;
    const words = foldText(this.query).split(/\s+/).filter(Boolean);
    const bit = bitOf(this.chip);
    const shown = new Set(this.leaving.size > 0 ? this.identities : []);
    return this.order.identities.filter((identity) => {
      const seat = this.seats.get(identity);
      if (!seat) return shown.has(identity);
      if (!(this.maskOf(identity) & bit)) return false;
      const text = words.length > 0 ? haystack(seat) : '';
      return words.every((word) => text.includes(word));
    });
  }

  /** Where each section ends among people who are in order. */
  private findEnds(identities: readonly string[]): number[] {
    const isAfter = (at: number) => (identity: string) =>
      sectionOfKey(this.order.keyOf(identity) ?? '') > at;
    return SECTIONS.map((_name, at) => firstIndex(identities, isAfter(at)));
  }

  private endsOf(sections: readonly Section[]): number[] {
    let end = 0;
    return SECTIONS.map((name) => {
      end += sections.find((section) => section.name === name)?.size ?? 0;
      return end;
    });
  }

  private divide(ends: readonly number[]): void {
    const sections = SECTIONS.map((name, at) => {
      const start = ends[at - 1] ?? 0;
      return { name, start, size: ends[at]! - start };
    }).filter(({ size }) => size > 0);
    const isSame =
      sections.length === this.sections.length &&
      sections.every(({ name, start, size }, at) => {
        const before = this.sections[at]!;
        return before.name === name && before.start === start && before.size === size;
      });
    if (!isSame) this.sections = sections;
  }

  private emit(): void {
    this.view = this.draw();
    for (const listener of this.listeners) listener();
  }

  private draw(): RosterView {
    return {
      identities: this.identities,
      seats: this.seats,
      gone: this.drawGone(),
      counts: this.counts,
      present: this.present,
      publishing: this.publishing,
      sections: this.sections,
      chip: this.chip,
      query: this.query,
      waiting: this.waiting,
      isFrozen: this.isFrozen,
    };
  }

  private drawGone(): ReadonlyMap<string, number> {
    if (this.leaving.size === 0 && this.gone.size === 0) return this.gone;
    this.gone = new Map([...this.leaving].map(([identity, { at }]) => [identity, at]));
    return this.gone;
  }
}

function zeroes(): Record<Chip, number> {
  return Object.fromEntries(CHIPS.map((chip) => [chip, 0])) as Record<Chip, number>;
}

const haystacks = new WeakMap<Seat, string>();

function haystack(seat: Seat): string {
  let text = haystacks.get(seat);
  if (text === undefined) {
    text = foldText(`${seat.name ?? ''}\n${seat.identity}\n${seat.role?.template ?? ''}`);
    haystacks.set(seat, text);
  }
  return text;
}

const looks = new WeakMap<Seat, string>();

function lookOf(seat: Seat): string {
  let look = looks.get(seat);
  if (look === undefined) {
    look = lookalike(seat);
    looks.set(seat, look);
  }
  return look;
}

const placesOf = (identities: readonly string[]): ReadonlyMap<string, number> =>
  new Map(identities.map((identity, index) => [identity, index]));

const isSame = (a: Waiting, b: Waiting) =>
  a.joined === b.joined && a.moved === b.moved && a.left === b.left;

/** The length of the longest rising subsequence: who is not part of it has moved. */
function longestRise(places: readonly number[]): number {
  const ends: number[] = [];
  for (const place of places) {
    let low = 0;
    let high = ends.length;
    // Most rows have not moved and belong at the end.
    if (high === 0 || ends[high - 1]! < place) low = high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle]! < place) low = middle + 1;
      else high = middle;
    }
    ends[low] = place;
  }
  return ends.length;
}

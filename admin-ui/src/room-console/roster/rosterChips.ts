import type { Seat } from '../../api/records';
import { restrictionOf } from '../seat/seatFacts';

/** In the order of the keys 1 to 9; the last is everybody, on 0. */
export const CHIPS = [
  'hands',
  'stage',
  'microphone',
  'camera',
  'screen',
  'restricted',
  'new',
  'silent',
  'drifting',
  'unlisted',
  'all',
] as const;
export type Chip = (typeof CHIPS)[number];

/** How long somebody counts as just come. */
const NEW_MS = 60_000;

export const isPublishing = (seat: Seat) => seat.isPresent && seat.tracks.length > 0;
export const isDrifting = (seat: Seat) => seat.isPresent && !seat.inSync;
const sends = (seat: Seat, source: string) =>
  seat.isPresent && seat.tracks.some((track) => track.source === source);

const BELONGS: Record<Exclude<Chip, 'new'>, (seat: Seat) => boolean> = {
  hands: (seat) => Boolean(seat.hand),
  stage: (seat) => isPublishing(seat) || (seat.isPresent && seat.observed?.canPublish === true),
  microphone: (seat) => sends(seat, 'microphone'),
  camera: (seat) => sends(seat, 'camera'),
  screen: (seat) => sends(seat, 'screen_share') || sends(seat, 'screen_share_audio'),
  restricted: (seat) => restrictionOf(seat) !== null,
  silent: (seat) => seat.isPresent && Boolean(seat.isSilent),
  unlisted: (seat) => seat.isPresent && Boolean(seat.isUnlisted),
  drifting: isDrifting,
  all: () => true,
};

const BITS = Object.fromEntries(CHIPS.map((chip, index) => [chip, 1 << index])) as Record<
  Chip,
  number
>;

const TESTS = Object.entries(BELONGS).map(
  ([chip, belongs]) => [BITS[chip as Chip], belongs] as const,
);

export const bitOf = (chip: Chip) => BITS[chip];

/** Every chip that a seat belongs to, as bits: counting then costs what changed, not who is there. */
export function chipsOf(seat: Seat, now: number): number {
  let mask = isNew(seat, now) ? BITS.new : 0;
  for (const [bit, belongs] of TESTS) if (belongs(seat)) mask |= bit;
  return mask;
}

export const newUntil = (seat: Seat) => Date.parse(seat.joinedAt ?? '') + NEW_MS;

const isNew = (seat: Seat, now: number) => seat.isPresent && newUntil(seat) > now;

/** Ranks, the most important first. */
const HANDS = 0;
const PUBLISHING = 1;
const FLAGGED = 2;
const MACHINES = 3;
const OTHERS = 4;
const ABSENT = 5;

function rankOf(seat: Seat): number {
  if (seat.hand) return HANDS;
  if (!seat.isPresent) return ABSENT;
  if (isPublishing(seat)) return PUBLISHING;
  if (isDrifting(seat) || seat.isUnlisted || seat.invite) return FLAGGED;
  const isPerson = seat.kind === null || seat.kind === 'standard' || seat.kind === 'whip';
  return seat.isSilent || !isPerson ? MACHINES : OTHERS;
}

/** Somebody's place in the list: rank, then the longest waiting hand, then the name. */
export function sortKey(seat: Seat): string {
  const since = seat.hand?.since ?? '';
  return `${rankOf(seat)}${since} ${seat.name || seat.identity}\u0000${seat.identity}`;
}

// The root order of ICU, in which Postgres sorts lists as well.
const collator = new Intl.Collator('en');

/** Rank and time by their characters, names as people sort them, the same names by identity. */
export function compareKeys(a: string, b: string): number {
  const [x, y] = [partsOf(a), partsOf(b)];
  return compare(x.place, y.place) || collator.compare(x.name, y.name) || compare(a, b);
}

function partsOf(key: string): { place: string; name: string } {
  const [place = '', rest = ''] = splitOnce(key, ' ');
  return { place, name: splitOnce(rest, '\u0000')[0] ?? '' };
}

function splitOnce(text: string, at: string): string[] {
  const index = text.indexOf(at);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** What the list is divided into, in its order; sections are ranges of ranks. */
export const SECTIONS = ['hands', 'live', 'watch', 'others', 'absent'] as const;
export type SectionName = (typeof SECTIONS)[number];
const LAST_RANKS = [HANDS, PUBLISHING, MACHINES, OTHERS, ABSENT];

/** The section of somebody with this key. */
export const sectionOfKey = (key: string) => {
  const rank = Number(key[0]);
  return LAST_RANKS.findIndex((last) => rank <= last);
};

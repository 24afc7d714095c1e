import type { Seat } from '../../api/records';
import { type ActName, ACTS } from '@rolecall/server/acts';
import { SCREEN_SOURCES, type SeatAction } from './seatAction';

interface VerbEntry {
  /** The act that it is. */
  readonly act: ActName;
  /** Left out: no key; empty: none until somebody chooses one. */
  readonly key?: string;
  readonly isDestructive?: true;
}

/** What menus, keys and the person's page offer, in the order of the list of shortcuts. */
export const VERBS = {
  approve: { act: 'approve' },
  promote: { act: 'promote', key: 'P' },
  promoteAs: { act: 'promote', key: 'Shift+P' },
  decline: { act: 'decline', key: 'Shift+H' },
  invite: { act: 'invite' },
  extend: { act: 'extend', key: 'E' },
  demote: { act: 'demote', key: 'D' },
  hold: { act: 'hold', key: 'S' },
  release: { act: 'release' },
  mute: { act: 'mute', key: 'M' },
  askUnmute: { act: 'ask_unmute', key: 'A' },
  stopShare: { act: 'hold' },
  remove: { act: 'remove', key: 'Delete', isDestructive: true },
  block: { act: 'block', key: 'Shift+Delete', isDestructive: true },
  unblock: { act: 'unblock' },
  voidTokens: { act: 'void_tokens', key: '', isDestructive: true },
} as const satisfies Readonly<Record<string, VerbEntry>>;

export type Verb = keyof typeof VERBS | 'undo';

export type KeyedVerb = {
  [Name in keyof typeof VERBS]: (typeof VERBS)[Name] extends { key: string } ? Name : never;
}[keyof typeof VERBS];

const entries = Object.entries<VerbEntry>(VERBS) as [keyof typeof VERBS, VerbEntry][];

/** The verbs that have a key, with the key they have at first. */
export const VERB_KEYS = Object.fromEntries(
  entries.flatMap(([verb, { key }]) => (key === undefined ? [] : [[verb, key]])),
) as Record<KeyedVerb, string>;

export const permissionOf = (verb: Exclude<Verb, 'undo'>) => ACTS[VERBS[verb].act].permission;

export const DESTRUCTIVE: ReadonlySet<Verb> = new Set(
  entries.filter(([, { isDestructive }]) => isDestructive).map(([verb]) => verb),
);

/** One key adds so much to a lease. */
export const EXTENSION = '5m';

const isSharing = (seat: Seat) => seat.tracks.some(({ source }) => SCREEN_SOURCES.includes(source));
const mutedSource = (seat: Seat) =>
  seat.tracks.find(({ isMuted, source }) => isMuted && source === 'camera') &&
  !seat.tracks.some(({ isMuted, source }) => isMuted && source === 'microphone')
    ? 'camera'
    : 'microphone';

/** What a row and a panel offer first: what was taken is given back before anything else is given. */
export function mainVerb(seat: Seat): Verb | null {
  if (seat.peeksAt) return null;
  if (seat.block) return 'unblock';
  if (seat.hand) return 'approve';
  return seat.hold ? 'release' : 'promote';
}

/** What makes sense for this person now, in the order of a menu. */
export function verbsFor(seat: Seat): Verb[] {
  const verbs = offeredTo(seat);
  const main = mainVerb(seat);
  return main === null ? verbs : [main, ...verbs.filter((verb) => verb !== main)];
}

function offeredTo(seat: Seat): Verb[] {
  if (seat.peeksAt) return ['remove', seat.block ? 'unblock' : 'block'];
  const verbs: Verb[] = seat.hand ? ['approve', 'decline', 'promoteAs'] : ['promote', 'promoteAs'];
  if (!seat.hand && !seat.invite && seat.isPresent) verbs.push('invite');
  if (seat.override?.until) verbs.push('extend');
  verbs.push('demote', seat.hold ? 'release' : 'hold');
  if (isSharing(seat)) verbs.push('stopShare');
  verbs.push('mute', 'askUnmute', 'remove', seat.block ? 'unblock' : 'block', 'voidTokens');
  return verbs;
}

/** The call that a verb is, for those that need nothing more to be said. */
export function actionOf(verb: Verb, seat: Seat): SeatAction | null {
  switch (verb) {
    case 'approve':
      return seat.hand ? { kind: 'approve', request: seat.hand.id } : null;
    // Who waits for it is not promoted past the queue: the hand comes down with it.
    case 'promote':
      return seat.hand ? { kind: 'approve', request: seat.hand.id } : { kind: 'promote' };
    case 'demote':
      return seat.override ? { kind: 'demote' } : null;
    case 'invite':
    case 'hold':
    case 'release':
    case 'mute':
    case 'unblock':
      return { kind: verb };
    case 'extend':
      return { kind: 'extend', for: EXTENSION };
    case 'askUnmute':
      return { kind: 'ask_unmute', source: mutedSource(seat) };
    case 'stopShare':
      return { kind: 'hold', sources: [...SCREEN_SOURCES] };
    default:
      return null;
  }
}

/** Why it would come to nothing, as the end of a message's name; null when it would not. */
export function obstacleOf(verb: Verb, seat: Seat, canRise: boolean): string | null {
  if (seat.peeksAt && !verbsFor(seat).includes(verb)) return 'is_peek';
  switch (verb) {
    case 'approve':
    case 'decline':
      return seat.hand ? null : 'no_hand';
    case 'promote':
      return seat.hand || canRise ? null : 'same';
    case 'extend':
      return seat.override?.until ? null : 'no_lease';
    case 'mute':
      return seat.tracks.some(({ isMuted }) => !isMuted) ? null : 'no_tracks';
    case 'release':
      return seat.hold ? null : 'not_held';
    case 'stopShare':
      return isSharing(seat) ? null : 'no_share';
    case 'invite':
    case 'askUnmute':
    case 'remove':
      return seat.isPresent ? null : 'absent';
    case 'unblock':
      return seat.block ? null : 'not_blocked';
    default:
      return null;
  }
}

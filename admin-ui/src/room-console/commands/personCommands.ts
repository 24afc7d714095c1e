import type { Seat } from '../../api/records';
import { type ActName, ACTS } from '@rolecall/server/acts';
import { SCREEN_SOURCES, type SeatAction } from './seatAction';

interface CommandEntry {
  /** The act that it is. */
  readonly act: ActName;
  /** Left out: no key; empty: none until somebody chooses one. */
  readonly key?: string;
  readonly isDestructive?: true;
}

/** What menus, keys and the person's page offer, in the order of the list of shortcuts. */
export const PERSON_COMMANDS = {
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
} as const satisfies Readonly<Record<string, CommandEntry>>;

export type PersonCommand = keyof typeof PERSON_COMMANDS | 'undo';

export type KeyedCommand = {
  [Name in keyof typeof PERSON_COMMANDS]: (typeof PERSON_COMMANDS)[Name] extends { key: string }
    ? Name
    : never;
}[keyof typeof PERSON_COMMANDS];

const entries = Object.entries<CommandEntry>(PERSON_COMMANDS) as [
  keyof typeof PERSON_COMMANDS,
  CommandEntry,
][];

/** The commands that have a key, with the key they have at first. */
export const PERSON_KEYS = Object.fromEntries(
  entries.flatMap(([command, { key }]) => (key === undefined ? [] : [[command, key]])),
) as Record<KeyedCommand, string>;

export const permissionOf = (command: Exclude<PersonCommand, 'undo'>) =>
  ACTS[PERSON_COMMANDS[command].act].permission;

export const DESTRUCTIVE: ReadonlySet<PersonCommand> = new Set(
  entries.filter(([, { isDestructive }]) => isDestructive).map(([command]) => command),
);

/** One command for each act that may be done to many. A role for many is always chosen. */
export const BULK_COMMANDS = entries
  .filter(
    ([command, { act }]) => ACTS[act].isBulk && command !== 'promote' && command !== 'stopShare',
  )
  .map(([command]) => command);

/** One key adds so much to a lease. */
export const EXTENSION = '5m';

const isSharing = (seat: Seat) => seat.tracks.some(({ source }) => SCREEN_SOURCES.includes(source));
const mutedSource = (seat: Seat) =>
  seat.tracks.find(({ isMuted, source }) => isMuted && source === 'camera') &&
  !seat.tracks.some(({ isMuted, source }) => isMuted && source === 'microphone')
    ? 'camera'
    : 'microphone';

/** What a row and a panel offer first: what was taken is given back before anything else is given. */
export function mainCommand(seat: Seat): PersonCommand | null {
  if (seat.peeksAt) return null;
  if (seat.block) return 'unblock';
  if (seat.hand) return 'approve';
  if (seat.hold) return 'release';
  return isLive(seat) ? 'mute' : 'promote';
}

const isLive = (seat: Seat) => seat.isPresent && seat.tracks.some(({ isMuted }) => !isMuted);

/** What makes sense for this person now, in the order of a menu. */
export function commandsFor(seat: Seat): PersonCommand[] {
  const commands = offeredTo(seat);
  const main = mainCommand(seat);
  return main === null ? commands : [main, ...commands.filter((command) => command !== main)];
}

function offeredTo(seat: Seat): PersonCommand[] {
  if (seat.peeksAt) return ['remove', seat.block ? 'unblock' : 'block'];
  const isWaiting = Boolean(seat.hand);
  const commands: PersonCommand[] = isWaiting ? ['approve', 'decline'] : ['promote'];
  // What is needed in a hurry, then what is chosen with care, then what harms.
  commands.push('mute', seat.hold ? 'release' : 'hold', 'demote', 'promoteAs');
  if (seat.override?.until) commands.push('extend');
  if (isSharing(seat)) commands.push('stopShare');
  if (!isWaiting && !seat.invite && seat.isPresent) commands.push('invite');
  commands.push('askUnmute', 'remove', seat.block ? 'unblock' : 'block', 'voidTokens');
  return commands;
}

/** The call that a command is, for those that need nothing more to be said. */
export function actionOf(command: PersonCommand, seat: Seat): SeatAction | null {
  switch (command) {
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
      return { kind: command };
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
export function obstacleOf(command: PersonCommand, seat: Seat, canRise: boolean): string | null {
  if (seat.peeksAt && !commandsFor(seat).includes(command)) return 'is_peek';
  switch (command) {
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

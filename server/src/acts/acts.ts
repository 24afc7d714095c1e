import type { Permission } from '../actor/permissions.js';

/** What the body of an act may carry. */
export type ActField =
  'template' | 'sources' | 'source' | 'for' | 'reason' | 'expectEpoch' | 'confirm';

export interface Act {
  readonly permission: Permission;
  /** The kind of its entries in the ledger. */
  readonly ledgerKind: string;
  /** The act that takes it back; null: nothing does. */
  readonly inverse: string | null;
  /**
   * `command` changes the desired state of a seat, `immediate` only what LiveKit has now. Both are
   * operations. The others concern the queue, a participant's own decision, or tokens.
   */
  readonly sort: 'command' | 'immediate' | 'stage' | 'token';
  /** May be done to many seats in one operation. */
  readonly isBulk: boolean;
  /** Its effect on one participant can be computed before it is done. */
  readonly isSimulated: boolean;
  readonly fields: readonly ActField[];
  /** For people who use a client; what plays, records or dials in follows its job. */
  readonly isForPeople: boolean;
  /** Also for the hidden participant of a moderator who peeks. */
  readonly isForPeeks: boolean;
  /** On oneself only with `confirm`: one may not be able to take it back. */
  readonly needsConfirm: boolean;
  /** Chosen by a filter, it means people in the room: those who have left since are left alone. */
  readonly isForPresent: boolean;
  /** May name an identity that nobody has yet. */
  readonly isForUnknown: boolean;
  /** What it takes off a seat; without it there is nothing to do. Null: it takes nothing off. */
  readonly lifts: 'block' | 'hold' | null;
  /** What it does to anybody, in one line. What depends on the participant is simulated. */
  readonly effect: string;
}

const COMMAND = {
  sort: 'command',
  isBulk: true,
  isSimulated: true,
  isForPeople: false,
  isForPeeks: false,
  needsConfirm: false,
  isForPresent: false,
  isForUnknown: false,
  lifts: null,
} as const;
const IMMEDIATE = { ...COMMAND, sort: 'immediate', inverse: null, isForPresent: true } as const;
const STAGE = {
  ...COMMAND,
  permission: 'stage.manage',
  sort: 'stage',
  inverse: null,
  isBulk: false,
  isSimulated: false,
} as const;

/**
 * Everything that a moderator does to somebody in a room. Routes, guards, bulk operations, the
 * ledger, and the keys, menus and sentences of the console read it here.
 */
export const ACTS = {
  promote: {
    ...COMMAND,
    permission: 'seat.promote',
    ledgerKind: 'seat.promoted',
    inverse: 'demote',
    fields: ['template', 'reason', 'for', 'expectEpoch', 'confirm'],
    isForPeople: true,
    isForPresent: true,
    effect: 'Gives a higher role',
  },
  demote: {
    ...COMMAND,
    permission: 'seat.demote',
    ledgerKind: 'seat.demoted',
    inverse: 'promote',
    fields: ['template', 'reason', 'for', 'expectEpoch', 'confirm'],
    isForPeople: true,
    needsConfirm: true,
    effect: 'Ends the promotion, or gives a lower role',
  },
  extend: {
    ...COMMAND,
    permission: 'seat.promote',
    ledgerKind: 'seat.lease_extended',
    inverse: 'extend',
    isBulk: false,
    isSimulated: false,
    fields: ['for', 'reason', 'expectEpoch'],
    effect: 'The promotion ends later',
  },
  block: {
    ...COMMAND,
    permission: 'seat.block',
    ledgerKind: 'seat.blocked',
    inverse: 'unblock',
    fields: ['for', 'reason', 'expectEpoch', 'confirm'],
    isForPeeks: true,
    needsConfirm: true,
    isForUnknown: true,
    effect: 'Removes them and keeps them out',
  },
  unblock: {
    ...COMMAND,
    permission: 'seat.block',
    ledgerKind: 'seat.unblocked',
    inverse: 'block',
    isSimulated: false,
    fields: ['reason', 'expectEpoch'],
    isForPeeks: true,
    lifts: 'block',
    effect: 'They can come back with a token',
  },
  remove: {
    ...IMMEDIATE,
    permission: 'seat.remove',
    ledgerKind: 'seat.removed',
    fields: ['reason', 'expectEpoch', 'confirm'],
    isForPeeks: true,
    needsConfirm: true,
    effect: 'Disconnects them; they can come back',
  },
  mute: {
    ...IMMEDIATE,
    permission: 'seat.mute',
    ledgerKind: 'seat.muted',
    fields: ['source', 'reason'],
    effect: 'They can unmute themselves',
  },
  hold: {
    ...COMMAND,
    permission: 'seat.mute',
    ledgerKind: 'seat.held',
    inverse: 'release',
    fields: ['sources', 'for', 'reason', 'expectEpoch', 'confirm'],
    isForPeople: true,
    needsConfirm: true,
    isForPresent: true,
    effect: 'Turns their microphone, camera and screen off until you release them',
  },
  release: {
    ...COMMAND,
    permission: 'seat.mute',
    ledgerKind: 'seat.released',
    inverse: 'hold',
    fields: ['reason', 'expectEpoch'],
    lifts: 'hold',
    effect: 'They can unmute again',
  },
  approve: {
    ...STAGE,
    ledgerKind: 'stage.hand_approved',
    inverse: 'demote',
    fields: ['template', 'reason', 'for', 'expectEpoch', 'confirm'],
    effect: 'Promotes them out of the queue',
  },
  decline: {
    ...STAGE,
    ledgerKind: 'stage.hand_declined',
    fields: [],
    effect: 'Lowers the hand, with a message to them',
  },
  invite: {
    ...STAGE,
    ledgerKind: 'stage.invite_sent',
    fields: ['template', 'for'],
    effect: 'Asks them; they get the role when they accept',
  },
  ask_unmute: {
    ...STAGE,
    permission: 'seat.mute',
    ledgerKind: 'stage.unmute_asked',
    fields: ['source', 'reason'],
    effect: 'Asks them; you cannot unmute them yourself',
  },
  peek: {
    ...STAGE,
    sort: 'token',
    permission: 'seat.peek',
    ledgerKind: 'seat.peeked',
    fields: ['reason'],
    effect: 'See and hear them, hidden, for a short time',
  },
  void_tokens: {
    ...STAGE,
    sort: 'token',
    permission: 'token.void',
    ledgerKind: 'token.voided',
    fields: ['reason'],
    isForPeeks: true,
    effect: 'Their tokens stop working; they stay until they leave',
  },
} as const satisfies Readonly<Record<string, Act>>;

export type ActName = keyof typeof ACTS;

/** The acts of which `Part` is true: `ActsThat<{ isBulk: true }>`. */
export type ActsThat<Part> = {
  [Name in ActName]: (typeof ACTS)[Name] extends Part ? Name : never;
}[ActName];

export const ACT_NAMES = Object.keys(ACTS) as ActName[];

/** The acts that `test` is true of, in the order of the catalogue. */
export function actsThat<Name extends ActName = ActName>(test: (act: Act) => boolean): Name[] {
  return ACT_NAMES.filter((name) => test(ACTS[name])) as Name[];
}

/** The act that takes `name` back; null also for what is no act of a moderator. */
export function inverseOf(name: string): ActName | null {
  return Object.hasOwn(ACTS, name) ? ACTS[name as ActName].inverse : null;
}

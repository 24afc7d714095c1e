import type { LedgerKind } from '../ledger/ledger-kinds.js';

interface AlarmKindDeclaration {
  /**
   * Something that is there and may go away. Otherwise it is something that was done: it does not go
   * away, and its alarm is open until somebody acknowledges it.
   */
  readonly isThere: boolean;
}

const THERE = { isThere: true } as const;
const DONE = { isThere: false } as const;

/** What raises an alarm, by the kind of the entry that says it. */
export const ALARM_KINDS = {
  'participant.unlisted': THERE,
  'room.unexplained': THERE,
  'egress.unexplained': THERE,
  'ingress.unexplained': THERE,
  'dispatch.unexplained': THERE,
  'drift.detected': DONE,
  'participant.changed_elsewhere': DONE,
  'room.changed_elsewhere': DONE,
  'policy.changed_directly': DONE,
  'policy.watch_stopped': DONE,
} as const satisfies Partial<Record<LedgerKind, AlarmKindDeclaration>>;

export type AlarmKind = keyof typeof ALARM_KINDS;

export const ALL_ALARM_KINDS = Object.keys(ALARM_KINDS) as [AlarmKind, ...AlarmKind[]];

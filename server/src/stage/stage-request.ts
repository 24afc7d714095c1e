import { ACTS } from '../acts/acts.js';
import type { Actor, ActorRef } from '../actor/actor.js';
import type { RequestView } from './stage.schemas.js';
import type { LedgerKind } from '../ledger/ledger-kinds.js';

/** A raised hand, an invitation to come up, or a question to unmute. */
export type StageRequestKind = 'hand' | 'invite' | 'unmute';

export type StageRequestState =
  'waiting' | 'approved' | 'declined' | 'accepted' | 'withdrawn' | 'expired';

/** One thing that one side asks and the other answers. What is decided stays decided. */
export interface StageRequest {
  readonly id: string;
  readonly room: string;
  readonly identity: string;
  readonly kind: StageRequestKind;
  readonly state: StageRequestState;
  /** What they are to become; null: what the room promotes to. */
  readonly template: string | null;
  readonly source: 'microphone' | 'camera' | null;
  /** The participant's words, or the moderator's reason. */
  readonly note: string | null;
  /** What a moderator said with the decision. */
  readonly word: string | null;
  /** Of a hand: who decided. Else: who asked. */
  readonly by: ActorRef | null;
  readonly createdAt: Date;
  readonly decidedAt: Date | null;
  /** Null: until it is decided, or its participant has left. */
  readonly expiresAt: Date | null;
}

type StageEvent = Exclude<StageRequestState, 'waiting'> | 'asked';

/** What becomes of each kind. Entries of moderators' acts have the kind that the catalogue names. */
const LEDGER_KINDS: Readonly<
  Record<StageRequestKind, Partial<Readonly<Record<StageEvent, LedgerKind>>>>
> = {
  hand: {
    asked: 'stage.hand_raised',
    withdrawn: 'stage.hand_lowered',
    approved: ACTS.approve.ledgerKind,
    declined: ACTS.decline.ledgerKind,
    expired: 'stage.hand_expired',
  },
  invite: {
    asked: ACTS.invite.ledgerKind,
    accepted: 'stage.invite_accepted',
    declined: 'stage.invite_declined',
    expired: 'stage.invite_expired',
  },
  unmute: {
    asked: ACTS.ask_unmute.ledgerKind,
    accepted: 'stage.unmute_accepted',
    declined: 'stage.unmute_declined',
    expired: 'stage.unmute_expired',
  },
};

/** The kind of the ledger entry that says what became of a request. */
export function ledgerKindOf(kind: StageRequestKind, event: StageEvent): LedgerKind {
  const found = LEDGER_KINDS[kind][event];
  if (!found) throw new Error(`no ${kind} is ${event}`);
  return found;
}

export function toRef({ kind, id, label }: Actor): Pick<Actor, 'kind' | 'id' | 'label'> {
  return { kind, id, label };
}

export function toRequestView({ id, state, identity, word, expiresAt }: StageRequest): RequestView {
  return { id, state, identity, word, expiresAt: expiresAt?.toISOString() ?? null };
}

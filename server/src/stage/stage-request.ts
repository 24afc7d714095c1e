import { ACTS } from '../acts/acts.js';
import type { Actor, ActorRef } from '../actor/actor.js';
import type { RequestView } from './stage.schemas.js';

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

/** Entries of moderators' acts have the kind that the catalogue names. */
const LEDGER_KINDS: Partial<Record<`${StageRequestKind}_${StageEvent}`, string>> = {
  hand_asked: 'stage.hand_raised',
  hand_withdrawn: 'stage.hand_lowered',
  hand_approved: ACTS.approve.ledgerKind,
  hand_declined: ACTS.decline.ledgerKind,
  invite_asked: ACTS.invite.ledgerKind,
  unmute_asked: ACTS.ask_unmute.ledgerKind,
};

/** The kind of the ledger entry that says what became of a request. */
export function ledgerKindOf(kind: StageRequestKind, event: StageEvent): string {
  return LEDGER_KINDS[`${kind}_${event}`] ?? `stage.${kind}_${event}`;
}

export function toRef({ kind, id, label }: Actor): Pick<Actor, 'kind' | 'id' | 'label'> {
  return { kind, id, label };
}

export function toRequestView({ id, state, identity, word, expiresAt }: StageRequest): RequestView {
  return { id, state, identity, word, expiresAt: expiresAt?.toISOString() ?? null };
}

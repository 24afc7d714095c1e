import type { ActorRef } from '../actor/actor.js';

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

/** The ledger's word for what became of a request. */
export function ledgerKindOf(
  kind: StageRequestKind,
  what: Exclude<StageRequestState, 'waiting'> | 'asked',
): string {
  const [subject, verb] = {
    hand: ['hand', what === 'asked' ? 'raised' : what === 'withdrawn' ? 'lowered' : what],
    invite: ['invite', what === 'asked' ? 'sent' : what],
    unmute: ['unmute', what],
  }[kind];
  return `stage.${subject}_${verb}`;
}

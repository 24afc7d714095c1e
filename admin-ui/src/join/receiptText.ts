import type { OwnReceipt } from '@rolecall/server/api';

const BY: Record<OwnReceipt['by'], string> = {
  you: 'You',
  moderator: 'A moderator',
  application: 'The application',
  rolecall: 'Rolecall',
};

/** What was done, after who did it. */
const DONE: Readonly<Record<string, string>> = {
  'token.issued': 'gave you a token for this room',
  'token.refused': 'refused you a token for this room',
  'gate.refused': 'refused to let you in',
  'seat.promoted': 'gave you a higher role',
  'seat.demoted': 'took a higher role back from you',
  'seat.lease_extended': 'let you keep your role for longer',
  'seat.lease_ended': 'ended your higher role: its time was over',
  'seat.blocked': 'removed you and kept you out',
  'seat.unblocked': 'let you come back',
  'seat.block_ended': 'let you come back: the time of the block was over',
  'seat.removed': 'removed you from the room',
  'seat.muted': 'muted you',
  'seat.held': 'muted you, so that you could not unmute yourself',
  'seat.released': 'let you unmute yourself again',
  'seat.hold_ended': 'let you unmute yourself again: the time was over',
  'stage.hand_raised': 'raised your hand',
  'stage.hand_lowered': 'lowered your hand',
  'stage.hand_approved': 'said yes to your raised hand',
  'stage.hand_declined': 'said no to your raised hand',
  'stage.hand_expired': 'lowered your hand, because you had left',
  'stage.invite_sent': 'invited you to come up',
  'stage.invite_accepted': 'accepted an invitation to come up',
  'stage.invite_declined': 'declined an invitation to come up',
  'stage.invite_expired': 'ended an invitation that was not answered',
  'stage.unmute_asked': 'asked you to unmute',
  'stage.unmute_accepted': 'unmuted, as you were asked to',
  'stage.unmute_declined': 'stayed muted, though you were asked to unmute',
  'stage.unmute_expired': 'ended a question to unmute that was not answered',
};

/** "A moderator gave you a higher role (speaker)". */
export function receiptText({ kind, by, template }: OwnReceipt): string {
  const done = DONE[kind] ?? kind;
  return `${BY[by]} ${done}${template === null ? '' : ` (${template})`}`;
}

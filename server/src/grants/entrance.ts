import type { Decision } from './policy.js';
import type { RoleGrants } from './role-grants.js';

/** Whether somebody with a valid token gets into a room, and why not. */
export interface Entrance {
  readonly canComeIn: boolean;
  /** Null: a token of Rolecall lets them in. */
  readonly code: string | null;
  /** A sentence for people. */
  readonly text: string;
}

export interface EntranceFacts {
  /** Of the role; null: there is none. */
  readonly grants: RoleGrants | null;
  /** A token was issued for them at some time. */
  readonly wasIssued: boolean;
  readonly unlistedParticipants: 'allow' | 'remove';
}

/** As the gate decides, for a token that is valid and was made after the last voiding. */
export function entranceOf(decision: Decision | null, facts: EntranceFacts): Entrance {
  if (!decision) return refused('room.not_found', 'Rolecall has no such room.');
  if (decision.verdict === 'allow') {
    if (!facts.grants?.roomJoin) {
      return refused('gate.role_does_not_join', 'The role does not join rooms.');
    }
    return { canComeIn: true, code: null, text: 'A token of Rolecall lets them in.' };
  }
  const hasNoRule = decision.code === 'no_rule' || decision.code === 'template.unpublished';
  if (hasNoRule && !facts.wasIssued && facts.unlistedParticipants === 'allow') {
    const text =
      'Only with a token that Rolecall did not issue: no rule covers them, and the room allows such participants.';
    return { canComeIn: true, code: 'unlisted', text };
  }
  const winner = decision.because.find(({ outcome }) => outcome === 'wins');
  return refused(decision.code, winner?.text ?? 'No rule gives them a role.');
}

function refused(code: string, text: string): Entrance {
  return { canComeIn: false, code, text };
}

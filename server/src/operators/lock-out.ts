import type { AccessEntry } from '../actor/built-in-roles.js';

export interface AdminCandidate {
  id: string;
  isDisabled: boolean;
  access: AccessEntry[];
}

/** An admin of everything who can sign in: at least one must always be left. */
export function isFullAdmin({ isDisabled, access }: Omit<AdminCandidate, 'id'>): boolean {
  return !isDisabled && access.some((entry) => entry.role === 'admin' && entry.rooms === null);
}

/** Would nobody be left who can manage operators, if `changed` became what it says? */
export function wouldLeaveNoAdmin(operators: AdminCandidate[], changed: AdminCandidate): boolean {
  return !operators.some((operator) =>
    isFullAdmin(operator.id === changed.id ? changed : operator),
  );
}

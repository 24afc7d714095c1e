import { differsOnlyInSpelling, nearlyMatches } from './near-miss.js';
import { matchesPattern, specificity } from './pattern.js';
import type { AssignmentRule, AssignmentScope } from './policy.js';

export function covers(scope: AssignmentScope, room: string): boolean {
  switch (scope.kind) {
    case 'room':
      return scope.room === room;
    case 'pattern':
      return matchesPattern(scope.pattern, room);
    case 'all':
      return true;
  }
}

export function isNear(scope: AssignmentScope, room: string): boolean {
  switch (scope.kind) {
    case 'room':
      return differsOnlyInSpelling(scope.room, room);
    case 'pattern':
      return nearlyMatches(scope.pattern, room);
    case 'all':
      return false;
  }
}

export function whyNotCovered(scope: AssignmentScope, room: string): string {
  return scope.kind === 'pattern'
    ? `pattern \`${scope.pattern}\` does not match \`${room}\``
    : `this room is \`${room}\``;
}

const SCOPE_RANK: Record<AssignmentScope['kind'], number> = { room: 0, pattern: 1, all: 2 };

/** What decides between two assignments, most important first; negative: `a` comes before `b`. */
const CRITERIA: readonly {
  compare: (a: AssignmentRule, b: AssignmentRule) => number;
  outranks: (winner: AssignmentRule, loser: AssignmentRule) => string;
}[] = [
  {
    compare: (a, b) => Number(a.subject === 'everyone') - Number(b.subject === 'everyone'),
    outranks: () => 'one for the user outranks one for everyone',
  },
  {
    compare: (a, b) => SCOPE_RANK[a.scope.kind] - SCOPE_RANK[b.scope.kind],
    outranks: (winner) =>
      winner.scope.kind === 'room'
        ? 'one for the room outranks one for several'
        : 'one for some rooms outranks one for all',
  },
  {
    compare: (a, b) => scopeSpecificity(b.scope) - scopeSpecificity(a.scope),
    outranks: () => 'the other pattern is more specific',
  },
  {
    compare: (a, b) => b.priority - a.priority,
    outranks: (winner, loser) => `priority ${winner.priority} outranks ${loser.priority}`,
  },
  {
    compare: (a, b) => b.createdAt.getTime() - a.createdAt.getTime(),
    outranks: () => 'the other one is newer',
  },
  // Only so that no two are equal: the database may return them in any order.
  {
    compare: (a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
    outranks: () => 'both are equal and the other one comes first by its id',
  },
];

function scopeSpecificity(scope: AssignmentScope): number {
  return scope.kind === 'pattern' ? specificity(scope.pattern) : 0;
}

export function byPrecedence(a: AssignmentRule, b: AssignmentRule): number {
  for (const { compare } of CRITERIA) {
    const order = compare(a, b);
    if (order !== 0) return order;
  }
  return 0;
}

/** Why `loser` comes after `winner`; null when it does not. */
export function whyOutranked(winner: AssignmentRule, loser: AssignmentRule): string | null {
  const criterion = CRITERIA.find(({ compare }) => compare(winner, loser) !== 0);
  return criterion?.outranks(winner, loser) ?? null;
}

/** The assignment as a sentence, without a full stop. */
export function assigned({ by, template, subject, scope, priority }: AssignmentRule): string {
  const subjectText = subject === 'user' ? 'this user' : 'everyone';
  const ranked = priority === 0 ? '' : ` with priority ${priority}`;
  return `${by} assigned \`${template}\` to ${subjectText} ${where(scope)}${ranked}`;
}

function where(scope: AssignmentScope): string {
  switch (scope.kind) {
    case 'room':
      return `in room \`${scope.room}\``;
    case 'pattern':
      return `in rooms like \`${scope.pattern}\``;
    case 'all':
      return 'in every room';
  }
}

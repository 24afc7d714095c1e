import { matchesPattern, patternContains } from './pattern.js';
import type { AssignmentScope, Because } from './policy.js';

/**
 * The reasons for somebody who is limited to some rooms (null: to none): a near miss names a rule for
 * other rooms, which is theirs to see only where it lies within their limit.
 */
export function reasonsWithin(
  because: readonly Because[],
  limit: readonly string[] | null,
): Because[] {
  return because.filter(({ elsewhere }) => {
    return !elsewhere || limit === null || limit.some((mine) => contains(mine, elsewhere));
  });
}

/** For the ledger, which people of any room read. */
export function reasonsForAll(because: readonly Because[]): Because[] {
  return reasonsWithin(because, []);
}

function contains(mine: string, scope: AssignmentScope): boolean {
  switch (scope.kind) {
    case 'room':
      return matchesPattern(mine, scope.room);
    case 'pattern':
      return patternContains(mine, scope.pattern);
    case 'all':
      return false;
  }
}

import { literalRuns } from '../grants/pattern.js';

/** A room name pattern as SQL's LIKE: the same language, other wildcards. */
export function likeOfPattern(pattern: string): string {
  return literalRuns(pattern)
    .map((run) => run.replace(/[\\%_]/g, '\\$&'))
    .join('%');
}

/**
 * Room name patterns: `*` stands for any run of characters (also none), `\*` and `\\` for the
 * characters themselves, everything else for itself. No other wildcard exists.
 */

/** The literal runs between the stars: one run = no star. Stars in a row count as one. */
export function literalRuns(pattern: string): string[] {
  if (!pattern.includes('\\')) return withoutEmptyMiddles(pattern.split('*'));
  const runs = [''];
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i]!;
    const next = pattern[i + 1];
    if (char === '*') runs.push('');
    else if (char === '\\' && (next === '*' || next === '\\')) {
      runs[runs.length - 1] += next;
      i += 1;
    } else runs[runs.length - 1] += char;
  }
  return withoutEmptyMiddles(runs);
}

function withoutEmptyMiddles(runs: string[]): string[] {
  return runs.filter((run, i) => run !== '' || i === 0 || i === runs.length - 1);
}

export function runsMatch(runs: readonly string[], text: string): boolean {
  const first = runs[0]!;
  if (runs.length === 1) return first === text;
  const last = runs[runs.length - 1]!;
  const end = text.length - last.length;
  if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let from = first.length;
  // The leftmost place of each run leaves most room for the rest: no need to try another.
  for (let i = 1; i < runs.length - 1; i++) {
    const at = text.indexOf(runs[i]!, from);
    if (at === -1) return false;
    from = at + runs[i]!.length;
    if (from > end) return false;
  }
  return true;
}

/** Never backtracks: one pass over the name, whatever the pattern. */
export function matchesPattern(pattern: string, name: string): boolean {
  return runsMatch(literalRuns(pattern), name);
}

/** The pattern that matches this very name. */
export function exactPattern(name: string): string {
  return name.replace(/[\\*]/g, '\\$&');
}

/** Stands for "whatever the inner star may be"; no name or pattern contains it. */
const ANYTHING = '\0';

/** Whether every name that `inner` matches is matched by `outer` as well. */
export function patternContains(outer: string, inner: string): boolean {
  if (outer.includes(ANYTHING)) return outer === inner;
  return runsMatch(literalRuns(outer), literalRuns(inner).join(ANYTHING));
}

/** A pattern that is contained in another one, and not its equal, is always the more specific. */
export function specificity(pattern: string): number {
  const runs = literalRuns(pattern);
  const stars = runs.length - 1;
  const literals = runs.reduce((sum, run) => sum + run.length, 0);
  return literals - stars / (stars + 1);
}

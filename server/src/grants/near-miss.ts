import { foldText } from './fold-text.js';
import { literalRuns, runsMatch } from './pattern.js';

/** Lower case, without ASCII punctuation and spaces: what people get wrong most often. */
function fold(text: string): string {
  return foldText(text).replace(/[^a-z0-9\u0080-\uffff]+/g, '');
}

export function differsOnlyInSpelling(a: string, b: string): boolean {
  const folded = fold(a);
  return a !== b && folded.length >= 3 && folded === fold(b);
}

/** Whether a pattern that does not match `name` was probably meant to. */
export function nearlyMatches(pattern: string, name: string): boolean {
  const runs = literalRuns(pattern);
  const literals = runs.reduce((sum, run) => sum + run.length, 0);
  // Too little is fixed to guess from; too much is no typing error, and dear to compare.
  if (literals < 3 || literals > 64 || name.length > 64) return false;
  const folded = runs.map(fold);
  if (folded.join('').length >= 3 && runsMatch(folded, fold(name))) return true;
  const allowed = literals >= 10 ? 2 : literals >= 5 ? 1 : 0;
  return (
    allowed > 0 &&
    lettersMissing(runs, name, allowed) <= allowed &&
    editDistance(runs, name, allowed) <= allowed
  );
}

/** A letter that the name lacks costs an edit wherever it is: settles most cases at once. */
function lettersMissing(runs: readonly string[], name: string, limit: number): number {
  let missing = 0;
  for (const run of runs) {
    for (let i = 0; i < run.length && missing <= limit; i++) {
      if (!name.includes(run[i]!)) missing += 1;
    }
  }
  return missing;
}

const isDigit = (char: string) => char >= '0' && char <= '9';

/**
 * Letters to add, drop or replace until the pattern matches. Digits are never replaced: `room-1`
 * and `room-2` are two rooms, not one misspelt. Gives up above `limit`.
 */
function editDistance(runs: readonly string[], name: string, limit: number): number {
  let row = Array.from({ length: name.length + 1 }, () => Infinity);
  row[0] = 0;
  for (let j = 1; j <= name.length; j++) row[j] = row[j - 1]! + cost(name[j - 1]!);
  for (const [index, run] of runs.entries()) {
    if (index > 0) {
      for (let j = 1; j <= name.length; j++) row[j] = Math.min(row[j]!, row[j - 1]!);
    }
    for (const char of run.split('')) {
      const next = [row[0]! + cost(char)];
      for (let j = 1; j <= name.length; j++) {
        const other = name[j - 1]!;
        const replaced = char === other ? 0 : Math.max(cost(char), cost(other));
        next.push(
          Math.min(row[j - 1]! + replaced, row[j]! + cost(char), next[j - 1]! + cost(other)),
        );
      }
      if (Math.min(...next) > limit) return Infinity;
      row = next;
    }
  }
  return row[name.length]!;
}

function cost(char: string): number {
  return isDigit(char) ? Infinity : 1;
}

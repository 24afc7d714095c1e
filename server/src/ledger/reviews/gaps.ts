/** A stretch of time; null: from the beginning. */
export interface Reviewed {
  readonly from: Date | null;
  readonly until: Date;
}

export interface Gap {
  readonly from: Date | null;
  /** Null: it is still going on. */
  readonly until: Date | null;
}

/** What no review covers, oldest first. The last one goes on. */
export function gapsBetween(reviews: readonly Reviewed[]): Gap[] {
  const gaps: Gap[] = [];
  let end: Date | null = null;
  for (const { from, until } of [...reviews].sort((a, b) => startOf(a) - startOf(b))) {
    if (from !== null && (end === null || from > end)) gaps.push({ from: end, until: from });
    if (end === null || until > end) end = until;
  }
  return [...gaps, { from: end, until: null }];
}

function startOf({ from }: Reviewed): number {
  return from?.getTime() ?? -Infinity;
}

/** The header tells the time to the second, and an answer is a moment on its way. */
const INEXACT_MS = 1_500;

let ahead = 0;

/**
 * How far the server's clock is ahead of this browser's, from the `Date` of an answer that no cache
 * can have kept. What is within its precision counts as the same time.
 */
export function noteServerTime(date: string | null): void {
  const at = Date.parse(date ?? '');
  if (Number.isNaN(at)) return;
  const difference = at + 500 - Date.now();
  ahead = Math.abs(difference) < INEXACT_MS ? 0 : difference;
}

/** The time by the server's clock: what its times of day are to be compared with. */
export const serverNow = () => Date.now() + ahead;

import type { Tone } from './status';
import { FLAG_STROKE, STATUS_PATHS } from './signs';

/** The sign before a status; the words beside it say the same. */
export function StatusSign({ tone }: { tone: Tone }) {
  return (
    <svg viewBox="0 0 24 24" width="14" height="14" aria-hidden {...FLAG_STROKE} strokeWidth={2.4}>
      <path d={STATUS_PATHS[tone]} />
    </svg>
  );
}

import { FLAG_STROKE, HAND_PATH } from './signs';

/** A raised hand, drawn: not every machine has a letter for it. */
export function HandSign({ label }: { label?: string }) {
  const meaning = label ? { role: 'img', 'aria-label': label } : { 'aria-hidden': true };
  return (
    <svg viewBox="0 0 24 24" width="15" height="15" {...meaning} {...FLAG_STROKE}>
      <path d={HAND_PATH} />
    </svg>
  );
}

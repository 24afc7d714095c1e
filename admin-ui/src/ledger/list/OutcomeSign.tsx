import { useTranslate } from 'react-admin';
import type { Tone } from '../../shared/StatusBadge';
import { TONES } from '../chart/tones';
import { outcomeKey } from '../OutcomeBadge';

/** The signs of StatusBadge as bare paths: a list makes hundreds of them while one scrolls. */
const SIGNS: Record<Tone, string> = {
  good: 'M16.59 7.58 10 14.17l-3.59-3.58L5 12l5 5 8-8zM12 2C6.48 2 2 6.48 2 12s4.48 10 10 10 10-4.48 10-10S17.52 2 12 2m0 18c-4.42 0-8-3.58-8-8s3.58-8 8-8 8 3.58 8 8-3.58 8-8 8',
  bad: 'M14.59 8 12 10.59 9.41 8 8 9.41 10.59 12 8 14.59 9.41 16 12 13.41 14.59 16 16 14.59 13.41 12 16 9.41zM12 2C6.47 2 2 6.47 2 12s4.47 10 10 10 10-4.47 10-10S17.53 2 12 2m0 18c-4.41 0-8-3.59-8-8s3.59-8 8-8 8 3.59 8 8-3.59 8-8 8',
  pending:
    'M11 15h2v2h-2zm0-8h2v6h-2zm.99-5C6.47 2 2 6.48 2 12s4.47 10 9.99 10C17.52 22 22 17.52 22 12S17.52 2 11.99 2M12 20c-4.42 0-8-3.58-8-8s3.58-8 8-8 8 3.58 8 8-3.58 8-8 8',
  info: 'M11 7h2v2h-2zm0 4h2v6h-2zm1-9C6.48 2 2 6.48 2 12s4.48 10 10 10 10-4.48 10-10S17.52 2 12 2m0 18c-4.41 0-8-3.59-8-8s3.59-8 8-8 8 3.59 8 8-3.59 8-8 8',
  neutral:
    'M12 2C6.48 2 2 6.48 2 12s4.48 10 10 10 10-4.48 10-10S17.52 2 12 2m0 18c-4.42 0-8-3.58-8-8s3.58-8 8-8 8 3.58 8 8-3.58 8-8 8',
};

/** What came of an act: sign, word and colour, made of little. */
export function OutcomeSign({ kind, outcome }: { kind: string; outcome: string }) {
  const translate = useTranslate();
  const tone = TONES[outcome] ?? 'neutral';
  return (
    <span className={`log-outcome ${tone}`}>
      <svg viewBox="0 0 24 24" aria-hidden>
        <path d={SIGNS[tone]} />
      </svg>
      <span>{translate(outcomeKey({ kind, outcome }), { _: outcome })}</span>
    </span>
  );
}

import { useTranslate } from 'react-admin';
import type { LedgerEntry } from '../api/records';
import { StatusBadge } from '../shared/StatusBadge';
import { TONES } from './chart/tones';
import './messages.en';

type Outcome = Pick<LedgerEntry, 'outcome' | 'kind'>;

/** The word for what came of an entry. */
export const outcomeKey = ({ kind, outcome }: Outcome) =>
  `ledger.outcome.${kind === 'token.issued' && outcome === 'ok' ? 'issued' : outcome}`;

export function OutcomeBadge({ entry }: { entry: Outcome }) {
  const translate = useTranslate();
  return (
    <StatusBadge tone={TONES[entry.outcome] ?? 'neutral'}>
      {translate(outcomeKey(entry), { _: entry.outcome })}
    </StatusBadge>
  );
}

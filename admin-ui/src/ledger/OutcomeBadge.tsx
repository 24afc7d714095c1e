import { useTranslate } from 'react-admin';
import type { LedgerEntry } from '../api/records';
import { StatusBadge } from '../shared/StatusBadge';
import { TONES } from './chart/tones';
import './messages.en';

export function OutcomeBadge({ entry }: { entry: Pick<LedgerEntry, 'outcome' | 'kind'> }) {
  const translate = useTranslate();
  const key = entry.kind === 'token.issued' && entry.outcome === 'ok' ? 'issued' : entry.outcome;
  return (
    <StatusBadge tone={TONES[entry.outcome] ?? 'neutral'}>
      {translate(`ledger.outcome.${key}`, { _: entry.outcome })}
    </StatusBadge>
  );
}

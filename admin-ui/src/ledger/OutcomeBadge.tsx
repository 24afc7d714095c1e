import { useTranslate } from 'react-admin';
import type { LedgerEntry } from '../api/records';
import { StatusBadge, type Tone } from '../shared/StatusBadge';
import './messages.en';

const TONES: Record<string, Tone> = {
  ok: 'good',
  applied: 'good',
  refused: 'bad',
  failed: 'bad',
  pending: 'pending',
  intent: 'info',
  superseded: 'neutral',
};

export function OutcomeBadge({ entry }: { entry: Pick<LedgerEntry, 'outcome' | 'kind'> }) {
  const translate = useTranslate();
  const key = entry.kind === 'token.issued' && entry.outcome === 'ok' ? 'issued' : entry.outcome;
  return (
    <StatusBadge tone={TONES[entry.outcome] ?? 'neutral'}>
      {translate(`ledger.outcome.${key}`, { _: entry.outcome })}
    </StatusBadge>
  );
}

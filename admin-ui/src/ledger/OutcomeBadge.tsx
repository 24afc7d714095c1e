import { useTranslate } from 'react-admin';
import type { LedgerEntry } from '../providers/records';
import { StatusBadge, type Tone } from '../shared/StatusBadge';
import './messages';

const TONES: Record<string, Tone> = {
  ok: 'good',
  applied: 'good',
  refused: 'bad',
  failed: 'bad',
  pending: 'pending',
  intent: 'info',
  superseded: 'neutral',
};

export function OutcomeBadge({ entry }: { entry: Pick<LedgerEntry, 'outcome'> }) {
  const translate = useTranslate();
  return (
    <StatusBadge tone={TONES[entry.outcome] ?? 'neutral'}>
      {translate(`ledger.outcome.${entry.outcome}`, { _: entry.outcome })}
    </StatusBadge>
  );
}

import { useLocale, useTranslate } from 'react-admin';
import { styled } from '@mui/material/styles';
import type { ActStep } from '@rolecall/server/api';
import { StatusBadge, type Tone } from '../../shared/StatusBadge';
import type { useZone } from '../zone';

const TONES: Record<ActStep['step'], Tone> = {
  requested: 'info',
  confirmed: 'good',
  effect: 'good',
  waiting: 'pending',
  failed: 'bad',
  refused: 'bad',
  superseded: 'neutral',
};

export interface StepsProps {
  steps: readonly ActStep[];
  format: ReturnType<typeof useZone>['format'];
}

/** What became of one act: asked for, confirmed, in effect, with the time in between. */
export function Steps({ steps, format }: StepsProps) {
  const translate = useTranslate();
  const locale = useLocale();
  return (
    <List aria-label={translate('ledger.steps.label')}>
      {steps.map(({ id, at, ms, step }, index) => (
        <li key={id}>
          <StatusBadge tone={TONES[step]}>{translate(`ledger.step.${step}`)}</StatusBadge>
          <b title={format(at, 'exact')}>
            {index === 0 ? format(at, 'exact') : `+ ${delayText(ms, locale)}`}
          </b>
          <small>{translate(`ledger.step_text.${step}`)}</small>
        </li>
      ))}
    </List>
  );
}

/** "86 ms", "2.4 s", "3 min". */
export function delayText(ms: number, locale: string): string {
  const [value, unit] =
    ms < 1_000
      ? [ms, 'millisecond']
      : ms < 60_000
        ? [ms / 1_000, 'second']
        : [ms / 60_000, 'minute'];
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: unit,
    unitDisplay: 'short',
    maximumFractionDigits: ms < 1_000 ? 0 : 1,
  }).format(value);
}

const List = styled('ol')(({ theme }) => ({
  listStyle: 'none',
  margin: 0,
  padding: 0,
  display: 'flex',
  flexWrap: 'wrap',
  border: `1px solid ${theme.palette.divider}`,
  borderRadius: 8,
  background: theme.palette.background.paper,
  fontSize: '.8125rem',
  '& > li': { flex: '1 1 130px', display: 'grid', gap: 2, padding: '8px 12px' },
  '& > li + li': { borderLeft: `1px solid ${theme.palette.divider}` },
  '& small': { color: theme.palette.text.secondary, fontSize: '.75rem' },
}));

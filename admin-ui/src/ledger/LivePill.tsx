import { useTranslate } from 'react-admin';
import Button from '@mui/material/Button';
import { styled } from '@mui/material/styles';

export interface LivePillProps {
  isLive: boolean;
  newer: number;
  hasMany: boolean;
  onToggle: () => void;
  onShow: () => void;
}

/** Says that acts came since, beside the list and never over it; nothing moves until it is pressed. */
export function LivePill({ isLive, newer, hasMany, onToggle, onShow }: LivePillProps) {
  const translate = useTranslate();
  return (
    <Pill className={isLive ? 'is-live' : undefined}>
      <button
        type="button"
        aria-pressed={isLive}
        title={translate('ledger.live.help')}
        onClick={onToggle}
      >
        <i aria-hidden />
        <span>{translate('ledger.live.label')}</span>
      </button>
      {isLive && newer > 0 && (
        <Button variant="contained" onClick={onShow} sx={{ minHeight: 24, py: 0, borderRadius: 3 }}>
          {translate(hasMany ? 'ledger.newer_many' : 'ledger.newer', { smart_count: newer })}
        </Button>
      )}
    </Pill>
  );
}

const Pill = styled('span')(({ theme }) => ({
  display: 'inline-flex',
  alignItems: 'center',
  gap: 6,
  minHeight: 30,
  padding: '0 3px',
  borderRadius: 15,
  color: theme.palette.text.secondary,
  '& > button:first-of-type': {
    display: 'inline-flex',
    alignItems: 'center',
    gap: 6,
    minHeight: 28,
    padding: '0 8px',
    border: 0,
    borderRadius: 14,
    background: 'none',
    color: 'inherit',
    font: 'inherit',
    fontSize: '.8125rem',
    fontWeight: 600,
    cursor: 'pointer',
  },
  '& i': { width: 8, height: 8, borderRadius: '50%', border: '1.5px solid currentColor' },
  '&.is-live': {
    color: theme.palette.success.main,
    backgroundColor: `color-mix(in srgb, ${theme.palette.success.main} 10%, transparent)`,
  },
  '&.is-live i': { backgroundColor: 'currentColor' },
}));

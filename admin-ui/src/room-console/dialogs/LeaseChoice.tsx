import { useState } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import TextField from '@mui/material/TextField';
import ToggleButton from '@mui/material/ToggleButton';
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup';
import Typography from '@mui/material/Typography';

const LEASES = ['', '5m', '15m', '1h', 'until'] as const;
type Choice = (typeof LEASES)[number];

export interface LeaseChoiceProps {
  /** As the API takes it: words or whole seconds; undefined for the rest of the session. */
  onChange: (lease: string | number | undefined) => void;
}

/** For how long: the session, some minutes, or until the clock says so. */
export function LeaseChoice({ onChange }: LeaseChoiceProps) {
  const translate = useTranslate();
  const [choice, setChoice] = useState<Choice>('');
  const [time, setTime] = useState('');
  const choose = (next: Choice, at: string) => {
    setChoice(next);
    setTime(at);
    onChange(next === 'until' ? secondsUntil(at, new Date()) : next || undefined);
  };
  return (
    <Box sx={{ px: 2, pt: 1, display: 'flex', flexWrap: 'wrap', gap: 1, alignItems: 'center' }}>
      <Typography variant="body2" color="text.secondary">
        {translate('room_console.promote_menu.lease')}
      </Typography>
      <ToggleButtonGroup
        exclusive
        size="small"
        value={choice}
        aria-label={translate('room_console.promote_menu.lease')}
        onChange={(_event, value: Choice | null) => choose(value ?? '', time)}
      >
        {LEASES.map((each) => (
          <ToggleButton key={each} value={each} sx={{ py: 0.25, textTransform: 'none' }}>
            {/^\d/.test(each)
              ? each
              : translate(`room_console.promote_menu.lease_${each || 'session'}`)}
          </ToggleButton>
        ))}
      </ToggleButtonGroup>
      {choice === 'until' && (
        <TextField
          type="time"
          margin="none"
          autoFocus
          value={time}
          onChange={(event) => choose('until', event.target.value)}
          slotProps={{
            htmlInput: { 'aria-label': translate('room_console.promote_menu.lease_until') },
          }}
        />
      )}
    </Box>
  );
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Seconds from now to the next time the clock shows this; undefined while no time is written. */
export function secondsUntil(time: string, now: Date): number | undefined {
  const [hours, minutes] = time.split(':').map(Number);
  if (hours === undefined || minutes === undefined || Number.isNaN(hours + minutes))
    return undefined;
  const at = new Date(now);
  at.setHours(hours, minutes, 0, 0);
  const left = at.getTime() - now.getTime();
  return Math.max(1, Math.round((left <= 0 ? left + DAY : left) / 1000));
}

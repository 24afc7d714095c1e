import { type ReactNode, useState } from 'react';
import { useStore, useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Chip from '@mui/material/Chip';
import FormControlLabel from '@mui/material/FormControlLabel';
import MenuItem from '@mui/material/MenuItem';
import Radio from '@mui/material/Radio';
import RadioGroup from '@mui/material/RadioGroup';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { ConfirmDialog } from '../shared/ConfirmDialog';
import { ReasonField } from '../shared/ReasonField';
import type { Seat } from '../providers/records';
import type { SeatAction } from './seatAction';
import { usePreviews } from './usePreview';
import { useSentence } from './useVerbWords';

export type Removal = Extract<SeatAction, { kind: 'remove' | 'block' }>;

export interface RemoveDialogProps {
  mode: 'remove' | 'block';
  /** The one person, or how many. */
  name: string | null;
  count: number;
  canBlock: boolean;
  canRemove: boolean;
  /** Written before; else what was written last time. */
  reason: string;
  /** For many people, or hosts among them: their number has to be typed. */
  typeToConfirm?: string;
  /** What removing or blocking this one person does, by the server's word. */
  effectsOf?: (removal: Removal) => ReactNode;
  onConfirm: (action: Removal) => Promise<void>;
  onClose: () => void;
}

const REASONS = ['disruption', 'spam', 'abuse', 'asked', 'mistake'] as const;
const DURATIONS = ['15m', '1h', '1 day', ''] as const;

/** Two ways out that look alike and are not: after one they may come back, after the other not. */
export function RemoveDialog(props: RemoveDialogProps) {
  const { name, count, canBlock, canRemove, onConfirm, onClose } = props;
  const translate = useTranslate();
  const [mode, setMode] = useState(props.mode);
  const [lastReason, setLastReason] = useStore(
    'room-console.reason',
    translate('room_console.remove_dialog.reasons.disruption'),
  );
  const [reason, setReason] = useState(props.reason || lastReason);
  const [duration, setDuration] = useState<string>('1h');
  const words = { name, smart_count: count };
  const where = name === null ? 'bulk' : 'remove_dialog';

  const removal: Removal =
    mode === 'remove' ? { kind: 'remove' } : { kind: 'block', ...(duration && { for: duration }) };

  const confirm = () => {
    const why = reason.trim() ? { reason: reason.trim() } : {};
    setLastReason(reason.trim());
    return onConfirm({ ...removal, ...why });
  };

  return (
    <ConfirmDialog
      isOpen
      isDestructive
      title={translate(`room_console.${where}.${mode}_title`, words)}
      typeToConfirm={props.typeToConfirm}
      confirmLabel={translate(`room_console.${where}.confirm_${mode}`, words)}
      onConfirm={confirm}
      onClose={onClose}
    >
      <RadioGroup
        aria-label={translate('room_console.remove_dialog.mode')}
        value={mode}
        onChange={(_event, value) => setMode(value as typeof mode)}
      >
        {(['remove', 'block'] as const).map((each) => (
          <FormControlLabel
            key={each}
            value={each}
            disabled={each === 'block' ? !canBlock : !canRemove}
            control={<Radio size="small" />}
            sx={{ alignItems: 'flex-start', mb: 1 }}
            label={
              <Box sx={{ pt: 0.75 }}>
                {translate(`room_console.remove_dialog.${each}`)}
                <Typography variant="body2" color="text.secondary">
                  {translate(`room_console.remove_dialog.${each}_help`)}
                </Typography>
              </Box>
            }
          />
        ))}
      </RadioGroup>
      {props.effectsOf?.(removal)}
      {mode === 'block' && (
        <TextField
          select
          label={translate('room_console.remove_dialog.for')}
          value={duration}
          onChange={(event) => setDuration(event.target.value)}
          slotProps={{ select: { displayEmpty: true }, inputLabel: { shrink: true } }}
        >
          {DURATIONS.map((each) => (
            <MenuItem key={each} value={each}>
              {each || translate('room_console.remove_dialog.for_good')}
            </MenuItem>
          ))}
        </TextField>
      )}
      <ReasonField value={reason} onChange={setReason} />
      <Box sx={{ display: 'flex', gap: 1, flexWrap: 'wrap', mt: 0.5 }}>
        {REASONS.map((each) => {
          const text = translate(`room_console.remove_dialog.reasons.${each}`);
          return (
            <Chip
              key={each}
              label={text}
              clickable
              color={reason === text ? 'primary' : 'default'}
              onClick={() => setReason(text)}
            />
          );
        })}
      </Box>
    </ConfirmDialog>
  );
}

/** What it does to this one person, by the word of the server that does it. */
export function RemovalEffects(props: { room: string; seat: Seat; removal: Removal }) {
  const { room, seat, removal } = props;
  const sentence = useSentence();
  const terms = removal.kind === 'block' && removal.for ? { for: removal.for } : {};
  const preview = usePreviews(room, seat, [removal.kind], terms).get(removal.kind);
  if (!preview) return null;
  return (
    <Typography variant="body2" sx={{ mb: 1 }}>
      {sentence(removal.kind, preview)}
    </Typography>
  );
}

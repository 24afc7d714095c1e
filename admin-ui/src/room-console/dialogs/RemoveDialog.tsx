import { type ReactNode, useState } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import FormControlLabel from '@mui/material/FormControlLabel';
import MenuItem from '@mui/material/MenuItem';
import Radio from '@mui/material/Radio';
import RadioGroup from '@mui/material/RadioGroup';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { ConfirmDialog } from '../../shared/ConfirmDialog';
import type { Seat } from '../../api/records';
import type { SeatAction } from '../commands/seatAction';
import { usePreviews } from '../commands/usePreview';
import { useSentence } from '../commands/useCommandWords';
import { IdentityLine } from './IdentityLine';

export type Removal = Extract<SeatAction, { kind: 'remove' | 'block' }>;

export interface RemoveDialogProps {
  mode: 'remove' | 'block';
  /** The one person, or how many. */
  person: { name: string; identity: string } | null;
  count: number;
  /** Why this person cannot be removed, or blocked; null when they can. */
  obstacles: Record<'remove' | 'block', string | null>;
  /** What the operator wrote about these people while choosing them; empty otherwise. */
  reason: string;
  /** For many people, or hosts among them: their number has to be typed. */
  typeToConfirm?: string;
  /** What removing or blocking this one person does, by the server's word. */
  effectsOf?: (removal: Removal) => ReactNode;
  onConfirm: (action: Removal) => Promise<void>;
  onClose: () => void;
}

/** In an order that accuses last. */
const REASONS = ['asked', 'mistake', 'disruption', 'spam', 'abuse'] as const;
const DURATIONS = ['15m', '1h', '1 day', ''] as const;

/** Removing and blocking look alike, but only after a removal can they come back. */
export function RemoveDialog(props: RemoveDialogProps) {
  const { person, count, obstacles, onConfirm, onClose } = props;
  const translate = useTranslate();
  const [mode, setMode] = useState(props.mode);
  const [duration, setDuration] = useState<string>('1h');
  const words = { name: person?.name, smart_count: count };
  const where = person === null ? 'bulk' : 'remove_dialog';

  const removal: Removal =
    mode === 'remove' ? { kind: 'remove' } : { kind: 'block', ...(duration && { for: duration }) };

  return (
    <ConfirmDialog
      isOpen
      isDestructive
      title={translate(`room_console.${where}.${mode}_title`, words)}
      typeToConfirm={props.typeToConfirm}
      confirmLabel={translate(`room_console.${where}.confirm_${mode}`, words)}
      asksReason
      reason={props.reason}
      reasonPresets={REASONS.map((each) => translate(`room_console.remove_dialog.reasons.${each}`))}
      onConfirm={(reason) => onConfirm({ ...removal, ...(reason && { reason }) })}
      onClose={onClose}
    >
      {person && <IdentityLine {...person} />}
      <RadioGroup
        aria-label={translate('room_console.remove_dialog.mode')}
        value={mode}
        onChange={(_event, value) => {
          const chosen = value as typeof mode;
          if (obstacles[chosen] === null) setMode(chosen);
        }}
      >
        {(['remove', 'block'] as const).map((each) => (
          <FormControlLabel
            key={each}
            value={each}
            control={
              <Radio
                size="small"
                slotProps={{ input: { 'aria-disabled': obstacles[each] !== null } }}
                sx={obstacles[each] === null ? undefined : { color: 'text.disabled' }}
              />
            }
            sx={{ alignItems: 'flex-start', mb: 1 }}
            label={
              <Box sx={{ pt: 0.75 }}>
                <span>{translate(`room_console.remove_dialog.${each}`)}</span>
                <Typography variant="body2" color="text.secondary">
                  {obstacles[each] ?? translate(`room_console.remove_dialog.${each}_help`)}
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
    </ConfirmDialog>
  );
}

export interface VoidSeatTokensProps {
  name: string;
  identity: string;
  onConfirm: (action: Extract<SeatAction, { kind: 'void_tokens' }>) => void;
  onClose: () => void;
}

/** It cannot be undone: every token that this person holds stops working. */
export function VoidSeatTokens({ name, identity, onConfirm, onClose }: VoidSeatTokensProps) {
  const translate = useTranslate();
  return (
    <ConfirmDialog
      isOpen
      isDestructive
      asksReason
      title={translate('room_console.void_dialog.title', { name })}
      confirmLabel={translate('room_console.void_dialog.confirm')}
      onConfirm={(reason) => onConfirm({ kind: 'void_tokens', ...(reason && { reason }) })}
      onClose={onClose}
    >
      <IdentityLine name={name} identity={identity} />
      <Typography variant="body2">
        {translate('room_console.void_dialog.text', { name })}
      </Typography>
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

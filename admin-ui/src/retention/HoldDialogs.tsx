import { useState } from 'react';
import { useNotify, useTranslate } from 'react-admin';
import { useQueryClient } from '@tanstack/react-query';
import Box from '@mui/material/Box';
import MenuItem from '@mui/material/MenuItem';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import type { LegalHold } from '@rolecall/server/api';
import { ProblemError } from '../api/httpClient';
import { ConfirmDialog } from '../shared/ConfirmDialog';
import { useHeldName } from './heldName';
import { OperatorField, PersonField, RoomField } from './pickers';
import { liftHold, placeHold, refreshRetention } from './retentionApi';

const HELD = ['person', 'room', 'operator'] as const;
const FIELDS = { person: PersonField, room: RoomField, operator: OperatorField };

export function PlaceDialog({ onClose }: { onClose: () => void }) {
  const translate = useTranslate();
  const notify = useNotify();
  const queryClient = useQueryClient();
  const text = (name: string, more = {}) => translate(`retention.hold.${name}`, more);
  const [on, setOn] = useState<LegalHold['on']>('person');
  const [name, setName] = useState('');
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const Field = FIELDS[on];

  const save = async (reason: string) => {
    setWrong(name.trim() === '' ? { name: text('name_wrong') } : {});
    if (name.trim() === '') throw new Error(text('name_wrong'));
    if (reason === '') throw new Error(text('reason_wrong'));
    const instant = (local: string) => new Date(local).toISOString();
    try {
      await placeHold({
        on,
        name: name.trim(),
        reason,
        ...(from !== '' && { from: instant(from) }),
        ...(to !== '' && { to: instant(to) }),
      });
    } catch (error) {
      setWrong((error instanceof ProblemError && error.body.errors) || {});
      throw error;
    }
    await refreshRetention(queryClient);
    notify('retention.hold.placed', { type: 'success' });
  };

  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={text('title')}
      confirmLabel={text('confirm')}
      asksReason
      hasField
      onConfirm={save}
    >
      <Typography variant="body2" sx={{ mb: 1 }}>
        {text('text')}
      </Typography>
      <TextField
        select
        label={text('on')}
        value={on}
        autoFocus
        onChange={({ target }) => {
          setOn(target.value as LegalHold['on']);
          setName('');
        }}
      >
        {HELD.map((each) => (
          <MenuItem key={each} value={each}>
            {translate(`retention.holds.on.${each}`)}
          </MenuItem>
        ))}
      </TextField>
      <Field
        key={on}
        label={text(on)}
        value={name}
        onChange={setName}
        isWrong={wrong.name !== undefined}
        helperText={wrong.name ?? (on === 'person' ? text('person_help') : undefined)}
      />
      <Box sx={{ display: 'grid', gridTemplateColumns: { sm: '1fr 1fr' }, columnGap: 2 }}>
        {(
          [
            ['from', from, setFrom],
            ['to', to, setTo],
          ] as const
        ).map(([field, value, set]) => (
          <TextField
            key={field}
            type="datetime-local"
            label={text(field)}
            value={value}
            onChange={({ target }) => set(target.value)}
            error={wrong[field] !== undefined}
            helperText={wrong[field] ?? text('time_help')}
            slotProps={{ inputLabel: { shrink: true } }}
          />
        ))}
      </Box>
    </ConfirmDialog>
  );
}

export function LiftDialog({ hold, onClose }: { hold: LegalHold; onClose: () => void }) {
  const translate = useTranslate();
  const notify = useNotify();
  const queryClient = useQueryClient();
  const nameOf = useHeldName();
  const text = (name: string, more = {}) => translate(`retention.hold.${name}`, more);
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={text('lift_title', { what: nameOf(hold) })}
      confirmLabel={text('lift')}
      isDestructive
      asksReason
      onConfirm={async (reason) => {
        if (reason === '') throw new Error(text('reason_wrong'));
        await liftHold(hold.id, reason);
        await refreshRetention(queryClient);
        notify('retention.hold.lifted', { type: 'success' });
      }}
    >
      <Typography variant="body2">{text('lift_text')}</Typography>
    </ConfirmDialog>
  );
}

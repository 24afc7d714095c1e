import { useState } from 'react';
import { useNotify, useTranslate } from 'react-admin';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { ConfirmDialog } from '../../shared/ConfirmDialog';
import { Mono } from '../../shared/Mono';
import { useSaveView } from './useViews';

export interface SaveViewDialogProps {
  query: string;
  zone: string;
  onClose: () => void;
}

/** Keeps the search under a name, for everybody who reads the log. */
export function SaveViewDialog({ query, zone, onClose }: SaveViewDialogProps) {
  const translate = useTranslate();
  const notify = useNotify();
  const save = useSaveView();
  const [name, setName] = useState('');
  const [note, setNote] = useState('');
  return (
    <ConfirmDialog
      isOpen
      title={translate('ledger.view.save_title')}
      confirmLabel={translate('ledger.view.save')}
      hasField
      onConfirm={async () => {
        await save.mutateAsync({ name: name.trim(), note: note.trim(), query, zone });
        notify('ledger.view.saved', { type: 'success' });
      }}
      onClose={onClose}
    >
      <Typography variant="body2" sx={{ mb: 1.5 }}>
        <span>{`${translate('ledger.view.save_text')} `}</span>
        <Mono>{query}</Mono>
      </Typography>
      <TextField
        autoFocus
        required
        label={translate('ledger.view.name')}
        value={name}
        onChange={({ target }) => setName(target.value)}
        slotProps={{ htmlInput: { maxLength: 100 } }}
      />
      <TextField
        label={translate('ledger.view.note')}
        value={note}
        onChange={({ target }) => setNote(target.value)}
        slotProps={{ htmlInput: { maxLength: 500 } }}
      />
    </ConfirmDialog>
  );
}

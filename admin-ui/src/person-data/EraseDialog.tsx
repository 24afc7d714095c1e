import { useNotify, useTranslate } from 'react-admin';
import { useQueryClient } from '@tanstack/react-query';
import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { path, postJson } from '../api/httpClient';
import { ConfirmDialog } from '../shared/ConfirmDialog';
import './messages.en';

export interface EraseDialogProps {
  identity: string;
  name: string;
  onClose: () => void;
}

/** Erases what the log says of somebody, once their identity was typed. */
export function EraseDialog({ identity, name, onClose }: EraseDialogProps) {
  const translate = useTranslate();
  const notify = useNotify();
  const queryClient = useQueryClient();
  const text = (key: string, more = {}) => translate(`person_data.erase.${key}`, more);
  const points = (of: string, keys: readonly string[]) => (
    <>
      <Typography component="h3" variant="body2" sx={{ fontWeight: 650, mt: 1 }}>
        {text(`${of}.title`)}
      </Typography>
      <Box component="ul" sx={{ m: 0, pl: 2.5, fontSize: '.875rem' }}>
        {keys.map((key) => (
          <li key={key}>{text(`${of}.${key}`)}</li>
        ))}
      </Box>
    </>
  );
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={text('title', { name })}
      confirmLabel={text('confirm')}
      isDestructive
      typeToConfirm={identity}
      onConfirm={async () => {
        const { entries } = await postJson<{ entries: number }>(
          `${path('people', identity)}/erase`,
          { confirm: identity },
        );
        await queryClient.invalidateQueries();
        notify('person_data.erase.done', {
          type: 'success',
          messageArgs: { smart_count: entries, count: entries.toLocaleString() },
        });
      }}
    >
      {points('goes', ['who', 'said', 'for_good'])}
      {points('stays', ['what', 'hashes', 'others', 'user', 'copies'])}
      <Typography variant="body2" sx={{ mt: 1 }}>
        {text('when')}
      </Typography>
    </ConfirmDialog>
  );
}

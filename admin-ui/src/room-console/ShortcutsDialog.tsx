import { useId } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import Typography from '@mui/material/Typography';

const KEYS: [name: string, keys: string[]][] = [
  ['move', ['↑', '↓', 'J', 'K']],
  ['ends', ['Home', 'End']],
  ['open', ['Space', 'Enter']],
  ['select', ['X']],
  ['promote', ['P']],
  ['promote_as', ['Shift+P']],
  ['demote', ['D']],
  ['mute', ['M']],
  ['remove', ['Del']],
  ['block', ['Shift+Del']],
  ['undo', ['U']],
  ['search', ['/']],
  ['chips', ['1–6']],
  ['order', ['R']],
  ['escape', ['Esc']],
  ['help', ['?']],
];

export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const translate = useTranslate();
  const titleId = useId();
  return (
    <Dialog open onClose={onClose} aria-labelledby={titleId} maxWidth="xs" fullWidth>
      <DialogTitle id={titleId} component="h2" sx={{ fontSize: '1rem' }}>
        {translate('room_console.keys.title')}
      </DialogTitle>
      <DialogContent>
        <Typography variant="body2" color="text.secondary" sx={{ mb: 1.5 }}>
          {translate('room_console.keys.note')}
        </Typography>
        <Box
          component="dl"
          sx={{
            m: 0,
            display: 'grid',
            gridTemplateColumns: 'max-content 1fr',
            gap: '6px 16px',
            '& dd': { m: 0 },
            '& kbd': {
              px: 0.75,
              mr: 0.5,
              border: 1,
              borderColor: 'divider',
              borderRadius: '4px',
              bgcolor: 'background.default',
            },
          }}
        >
          {KEYS.map(([name, keys]) => (
            <Box key={name} sx={{ display: 'contents' }}>
              <dt>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{translate(`room_console.keys.${name}`)}</dd>
            </Box>
          ))}
        </Box>
      </DialogContent>
      <DialogActions>
        <Button onClick={onClose} autoFocus>
          {translate('app.action.close')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

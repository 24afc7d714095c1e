import { useId, useState } from 'react';
import { useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import Typography from '@mui/material/Typography';
import { FONT_MONO } from '../theme/theme';
import { CopyButton } from './CopyButton';

export interface SecretOnceProps {
  secret: string | null;
  title: string;
  text: string;
  copyLabel: string;
  onClose: () => void;
}

/** A secret that the server hands over once: it is kept nowhere, so closing is deliberate. */
export function SecretOnce({ secret, title, text, copyLabel, onClose }: SecretOnceProps) {
  const translate = useTranslate();
  const titleId = useId();
  const [last, setLast] = useState('');
  if (secret !== null && secret !== last) setLast(secret);
  const close = () => {
    onClose();
    setLast('');
  };
  return (
    <Dialog open={secret !== null} aria-labelledby={titleId} maxWidth="sm" fullWidth>
      <DialogTitle id={titleId} component="h2" sx={{ fontSize: '1rem' }}>
        {title}
      </DialogTitle>
      <DialogContent sx={{ pt: 0 }}>
        <Typography sx={{ mb: 2 }}>{text}</Typography>
        <Box
          tabIndex={0}
          role="group"
          aria-label={title}
          sx={{
            p: 1.5,
            mb: 1.5,
            border: 1,
            borderColor: 'divider',
            borderRadius: 1,
            bgcolor: 'background.default',
            fontFamily: FONT_MONO,
            overflowWrap: 'anywhere',
            userSelect: 'all',
          }}
        >
          {secret ?? last}
        </Box>
        <Alert severity="warning">{translate('app.secret.once')}</Alert>
      </DialogContent>
      <DialogActions>
        <Button onClick={close}>{translate('app.secret.done')}</Button>
        <CopyButton text={secret ?? last} label={copyLabel} variant="contained" />
      </DialogActions>
    </Dialog>
  );
}

import { useId, useState } from 'react';
import { useTranslate } from 'react-admin';
import Autocomplete from '@mui/material/Autocomplete';
import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';

export interface OneParticipantDialogProps {
  people: string[];
  onClose: () => void;
  onChosen: (identity: string) => void;
}

/** For whom the dossier is made. */
export function OneParticipantDialog({ people, onClose, onChosen }: OneParticipantDialogProps) {
  const translate = useTranslate();
  const titleId = useId();
  const [whom, setWhom] = useState<string | null>(null);
  return (
    <Dialog open onClose={onClose} aria-labelledby={titleId} fullWidth maxWidth="xs">
      <DialogTitle id={titleId}>{translate('sessions.one_title')}</DialogTitle>
      <DialogContent>
        <Typography sx={{ mb: 2 }}>{translate('sessions.one_text')}</Typography>
        <Autocomplete
          options={people}
          value={whom}
          onChange={(_, value) => setWhom(value)}
          autoHighlight
          renderInput={(params) => (
            <TextField
              {...params}
              autoFocus
              label={translate('sessions.participant')}
              helperText={translate('sessions.participant_help')}
            />
          )}
        />
      </DialogContent>
      <DialogActions>
        <Button onClick={onClose}>{translate('ra.action.cancel')}</Button>
        <Button
          variant="contained"
          disabled={whom === null}
          onClick={() => whom !== null && onChosen(whom)}
        >
          {translate('sessions.download')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

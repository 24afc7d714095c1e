import { useEffect, useId, useRef, useState } from 'react';
import { useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import LinearProgress from '@mui/material/LinearProgress';
import Typography from '@mui/material/Typography';
import { path } from '../api/httpClient';
import { ExportRefused, NOTHING, readFile } from '../ledger/export/readExport';
import { useMe } from '../session/session';
import { useAnnounce } from '../shared/announce';
import { useErrorText } from '../shared/useErrorText';
import './messages.en';

export interface DataFileDialogProps {
  identity: string;
  name: string;
  onClose: () => void;
}

type State = 'asking' | 'running' | 'cut' | 'done';

/** Saves all that is kept of one person as a file that proves itself. */
export function DataFileDialog({ identity, name, onClose }: DataFileDialogProps) {
  const translate = useTranslate();
  const announce = useAnnounce();
  const errorText = useErrorText();
  const titleId = useId();
  const [state, setState] = useState<State>('asking');
  const [sofar, setSofar] = useState(NOTHING);
  const [error, setError] = useState<unknown>(null);
  const running = useRef<AbortController | null>(null);
  const text = (key: string, more = {}) => translate(`person_data.file.${key}`, more);
  const counted = { smart_count: sofar.entries, count: sofar.entries.toLocaleString() };
  const isLimited = useMe()?.rooms !== null;

  useEffect(() => () => running.current?.abort(), []);

  const run = async () => {
    const control = new AbortController();
    running.current = control;
    setState('running');
    setSofar(NOTHING);
    setError(null);
    try {
      const route = `${path('people', identity)}/data`;
      const read = await readFile(route, 'ndjson', NOTHING, setSofar, control.signal);
      if (control.signal.aborted) {
        setState('asking');
        return;
      }
      setSofar(read);
      setState(read.isWhole ? 'done' : 'cut');
      if (read.isWhole) save(new Blob([...read.parts]));
      announce(
        read.isWhole
          ? text('done', { smart_count: read.entries, count: read.entries.toLocaleString() })
          : text('cut'),
      );
    } catch (failure) {
      setState('asking');
      if (!control.signal.aborted) setError(failure);
    }
  };

  return (
    <Dialog
      open
      onClose={state === 'running' ? undefined : onClose}
      aria-labelledby={titleId}
      maxWidth="xs"
      fullWidth
    >
      <DialogTitle id={titleId} component="h2" sx={{ fontSize: '1rem', overflowWrap: 'anywhere' }}>
        {text('title', { name })}
      </DialogTitle>
      <DialogContent sx={{ pt: 0, display: 'grid', gap: 1 }}>
        {(state === 'asking' || state === 'cut') && (
          <>
            <Typography variant="body2">{text('text')}</Typography>
            <Typography variant="body2">{text('others')}</Typography>
            {isLimited && <Typography variant="body2">{text('rooms')}</Typography>}
            <Typography variant="body2" color="text.secondary">
              {text('log')}
            </Typography>
          </>
        )}
        {state === 'running' && (
          <>
            <LinearProgress
              aria-label={text('progress')}
              {...(sofar.total !== null &&
                sofar.total > 0 && {
                  variant: 'determinate' as const,
                  value: Math.min(100, (100 * sofar.entries) / sofar.total),
                })}
            />
            <Typography variant="body2">
              {sofar.total === null ? text('waiting') : text('read', counted)}
            </Typography>
          </>
        )}
        {state === 'cut' && <Alert severity="warning">{text('cut')}</Alert>}
        {state === 'done' && (
          <Alert severity="success">
            <span>{text('done', counted)}</span>{' '}
            <a href="/api/v1/ledger/export/verifier" download="verify.mjs">
              {text('verifier')}
            </a>
          </Alert>
        )}
        {error !== null && (
          <Alert severity="error">
            {error instanceof ExportRefused ? error.message : errorText(error)}
          </Alert>
        )}
      </DialogContent>
      <DialogActions>
        {state === 'running' ? (
          <Button onClick={() => running.current?.abort()}>{text('cancel')}</Button>
        ) : (
          <Button onClick={onClose}>{translate('ra.action.close')}</Button>
        )}
        {(state === 'asking' || state === 'cut') && (
          <Button variant="contained" onClick={() => void run()} autoFocus>
            {text('begin')}
          </Button>
        )}
      </DialogActions>
    </Dialog>
  );
}

/** The identity may be anything, so it is not in the name. */
function save(file: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = `rolecall-person-${new Date().toISOString().slice(0, 10)}.ndjson`;
  link.click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

import { useEffect, useId, useRef, useState } from 'react';
import { useTranslate } from 'react-admin';
import { useQuery } from '@tanstack/react-query';
import Alert from '@mui/material/Alert';
import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import FormControl from '@mui/material/FormControl';
import FormControlLabel from '@mui/material/FormControlLabel';
import FormLabel from '@mui/material/FormLabel';
import LinearProgress from '@mui/material/LinearProgress';
import Radio from '@mui/material/Radio';
import RadioGroup from '@mui/material/RadioGroup';
import Typography from '@mui/material/Typography';
import type { LedgerHistogram } from '@rolecall/server/api';
import { getJson } from '../../api/httpClient';
import { usePermissionSet } from '../../session/usePermissionSet';
import { useAnnounce } from '../../shared/announce';
import { Mono } from '../../shared/Mono';
import { useErrorText } from '../../shared/useErrorText';
import { type ExportFormat, ExportRefused, NOTHING, readExport } from './readExport';

export interface ExportDialogProps {
  query: string;
  zone: string;
  onClose: () => void;
}

type State = 'asking' | 'running' | 'cut' | 'done';

/** Takes what the search finds out of Rolecall, as a file that proves itself. */
export function ExportDialog({ query, zone, onClose }: ExportDialogProps) {
  const translate = useTranslate();
  const announce = useAnnounce();
  const errorText = useErrorText();
  const titleId = useId();
  const formatId = useId();
  const hasPeople = usePermissionSet()('ledger.export_people');
  const [format, setFormat] = useState<ExportFormat>('ndjson');
  const [state, setState] = useState<State>('asking');
  const [sofar, setSofar] = useState(NOTHING);
  const [error, setError] = useState<unknown>(null);
  const running = useRef<AbortController | null>(null);
  const text = (name: string, more = {}) => translate(`ledger.export.${name}`, more);
  const { data } = useQuery({
    queryKey: ['/ledger/histogram', 'total', query, zone],
    queryFn: ({ signal }) =>
      getJson<LedgerHistogram>('/ledger/histogram', {
        query: { query, zone, buckets: 10 },
        signal,
      }),
    staleTime: Infinity,
    retry: false,
  });
  const total = data ? Math.max(data.total, sofar.entries) : null;

  useEffect(() => () => running.current?.abort(), []);

  const run = async () => {
    const control = new AbortController();
    running.current = control;
    setState('running');
    setError(null);
    try {
      const read = await readExport({ query, zone, format }, sofar, setSofar, control.signal);
      setSofar(read);
      setState(read.isWhole ? 'done' : 'cut');
      if (read.isWhole) save(new Blob([...read.parts]), format);
      announce(text(read.isWhole ? 'done' : 'cut', { smart_count: read.entries }));
    } catch (failure) {
      setState(sofar.lastId === null ? 'asking' : 'cut');
      if (!control.signal.aborted) setError(failure);
    }
  };
  const again = () => {
    setSofar(NOTHING);
    setState('asking');
  };
  const count = (entries: number) => entries.toLocaleString();

  return (
    <Dialog
      open
      onClose={state === 'running' ? undefined : onClose}
      aria-labelledby={titleId}
      maxWidth="xs"
      fullWidth
    >
      <DialogTitle id={titleId} component="h2" sx={{ fontSize: '1rem' }}>
        {text('title')}
      </DialogTitle>
      <DialogContent sx={{ pt: 0 }}>
        <Typography variant="body2" sx={{ mb: 1 }}>
          <span>{`${text('what')} `}</span>
          {query === '' ? <span>{text('everything')}</span> : <Mono>{query}</Mono>}
        </Typography>
        {total !== null && (
          <Typography variant="body2" sx={{ mb: 1 }}>
            {text(data?.basis === 'exact' ? 'count' : 'about', {
              smart_count: total,
              count: count(total),
            })}
          </Typography>
        )}
        <Typography variant="body2" sx={{ mb: 2 }} color="text.secondary">
          {text(hasPeople ? 'people' : 'no_people')}
        </Typography>
        {state === 'asking' && (
          <FormControl>
            <FormLabel id={formatId}>{text('format')}</FormLabel>
            <RadioGroup
              aria-labelledby={formatId}
              value={format}
              onChange={({ target }) => setFormat(target.value as ExportFormat)}
            >
              {(['ndjson', 'csv'] as const).map((each) => (
                <FormControlLabel key={each} value={each} control={<Radio />} label={text(each)} />
              ))}
            </RadioGroup>
          </FormControl>
        )}
        {state === 'running' && (
          <>
            <LinearProgress
              aria-label={text('progress')}
              {...(total !== null &&
                total > 0 && {
                  variant: 'determinate' as const,
                  value: Math.min(100, (100 * sofar.entries) / total),
                })}
            />
            <Typography variant="body2" sx={{ mt: 1 }}>
              {text('read', { smart_count: sofar.entries, count: count(sofar.entries) })}
            </Typography>
          </>
        )}
        {state === 'cut' && (
          <Alert severity="warning">
            {text('cut_text', { smart_count: sofar.entries, count: count(sofar.entries) })}
          </Alert>
        )}
        {state === 'done' && (
          <Alert severity="success">
            <span>
              {text('done_text', { smart_count: sofar.entries, count: count(sofar.entries) })}
            </span>{' '}
            {format === 'ndjson' && (
              <a href="/api/v1/ledger/export/verifier" download="verify.mjs">
                {text('verifier')}
              </a>
            )}
          </Alert>
        )}
        {error !== null && (
          <Alert severity="error" sx={{ mt: 2 }}>
            {error instanceof ExportRefused ? error.message : errorText(error)}
          </Alert>
        )}
      </DialogContent>
      <DialogActions>
        {state === 'running' ? (
          <Button onClick={() => running.current?.abort()}>{text('stop')}</Button>
        ) : (
          <Button onClick={onClose}>{translate('ra.action.close')}</Button>
        )}
        {state === 'cut' && <Button onClick={again}>{text('again')}</Button>}
        {(state === 'asking' || state === 'cut') && (
          <Button variant="contained" onClick={() => void run()}>
            {text(state === 'asking' ? 'begin' : 'continue')}
          </Button>
        )}
      </DialogActions>
    </Dialog>
  );
}

function save(file: Blob, format: ExportFormat): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = `rolecall-log-${new Date().toISOString().slice(0, 10)}.${format}`;
  link.click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

import type { ReactNode } from 'react';
import { useLocale, useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { Link } from 'react-router-dom';
import { path } from '../api/httpClient';
import { Mono } from '../shared/Mono';
import { Facts } from '../shared/Panel';
import { durationText } from '../shared/time';
import { useErrorText } from '../shared/useErrorText';
import { useCounts } from './useCounts';
import type { VerifyResult } from './verification';

export type Recording =
  { state: 'recording' } | { state: 'recorded' } | { state: 'failed'; error: unknown };

export function VerifyOutcome({
  result,
  recording,
}: {
  result: VerifyResult;
  recording: Recording;
}) {
  const translate = useTranslate();
  const errorText = useErrorText();
  const text = (name: string) => translate(`integrity.verify.${name}`);
  return (
    <Box sx={{ mt: 2, display: 'grid', gap: 1 }}>
      {result.isProved ? <Proved result={result} /> : <Wrong result={result} />}
      {recording.state === 'recorded' && (
        <Typography variant="body2" color="text.secondary">
          {text('recorded')}
        </Typography>
      )}
      {recording.state === 'failed' && (
        <Alert severity="warning">
          <span>{text('not_recorded')}</span> <span>{errorText(recording.error)}</span>
        </Alert>
      )}
    </Box>
  );
}

function Proved({ result }: { result: VerifyResult }) {
  const translate = useTranslate();
  const locale = useLocale();
  const { entries } = useCounts();
  const text = (name: string, more = {}) => translate(`integrity.verify.${name}`, more);
  const { checked, size, ms, isPinned, what } = result;
  return (
    <Alert severity="success">
      <Typography sx={{ fontWeight: 600 }}>{text('proved')}</Typography>
      <Typography>
        {text('proved_text', {
          checked: entries(checked),
          size: entries(size),
          duration: durationText(Math.max(1, ms / 1_000), locale),
        })}
      </Typography>
      {result.isKept && <Typography>{text('proved_kept')}</Typography>}
      {what === 'hashes' && <Typography>{text('hashes_text')}</Typography>}
      {!isPinned && <Typography>{text('unpinned')}</Typography>}
    </Alert>
  );
}

function Wrong({ result: { wrong, problems } }: { result: VerifyResult }) {
  const translate = useTranslate();
  const { number } = useCounts();
  const text = (name: string) => translate(`integrity.verify.${name}`);
  const facts: { label: string; value: ReactNode }[] = wrong
    ? [
        {
          label: text('wrong_entry'),
          value: wrong.entry ? (
            <Link to={`/activity${path(wrong.entry)}`}>
              <Mono>{wrong.entry}</Mono>
            </Link>
          ) : (
            text('no_entry')
          ),
        },
        { label: text('wrong_leaf'), value: wrong.leaf === null ? '–' : number(wrong.leaf) },
        { label: text('problem'), value: wrong.problem },
        { label: text('expected'), value: <Mono>{wrong.expected}</Mono> },
        { label: text('found'), value: <Mono>{wrong.found}</Mono> },
      ]
    : [];
  return (
    <Alert severity="error" sx={{ '& .MuiAlert-message': { minWidth: 0, flex: 1 } }}>
      <Typography sx={{ fontWeight: 600 }}>{text('not_proved')}</Typography>
      {problems.map((problem) => (
        <Typography key={problem}>{problem}</Typography>
      ))}
      {wrong && <Facts facts={facts} />}
    </Alert>
  );
}

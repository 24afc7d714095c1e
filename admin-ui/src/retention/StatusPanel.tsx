import { useState } from 'react';
import { useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import type { Retention } from '@rolecall/server/api';
import { Mono } from '../shared/Mono';
import { Facts, Panel } from '../shared/Panel';
import { StatusBadge, type Tone } from '../shared/StatusBadge';
import { TimeText } from '../shared/TimeText';
import { Preview } from './Preview';

type Status = Retention['status'];

const TONES: Record<Status['state'], Tone> = {
  off: 'neutral',
  starting: 'pending',
  idle: 'good',
  running: 'info',
  elsewhere: 'neutral',
  failing: 'bad',
};
const NOW = {};

export function StatusPanel({ status }: { status: Status }) {
  const translate = useTranslate();
  const [isAsked, setIsAsked] = useState(false);
  const text = (name: string, more = {}) => translate(`retention.status.${name}`, more);
  const { state, folder, detail, lastRunAt, nextRunAt, waiting, forgotten } = status;
  return (
    <Panel title={text('title')} text={text('text')}>
      {folder === null ? (
        <Alert severity="info" sx={{ mb: 1.5 }}>
          {text('off')}
        </Alert>
      ) : (
        detail !== null && (
          <Alert severity={state === 'failing' ? 'error' : 'info'} sx={{ mb: 1.5 }}>
            {detail}
          </Alert>
        )
      )}
      <Facts
        facts={[
          {
            label: text('state'),
            value: <StatusBadge tone={TONES[state]}>{text(`states.${state}`)}</StatusBadge>,
          },
          {
            label: text('folder'),
            value: folder === null ? text('no_folder') : <Mono>{folder}</Mono>,
          },
          { label: text('last'), value: <TimeText at={lastRunAt} empty={text('never')} /> },
          { label: text('next'), value: <TimeText at={nextRunAt} /> },
          { label: text('waiting'), value: text('waiting_text', { smart_count: waiting }) },
          {
            label: text('forgotten'),
            value: text('archives', {
              smart_count: forgotten,
              count: forgotten.toLocaleString(),
            }),
          },
        ]}
      />
      <Box sx={{ mt: 1.5 }}>
        {isAsked ? (
          <Preview asked={NOW} title={translate('retention.preview.title')} />
        ) : (
          <Button variant="outlined" onClick={() => setIsAsked(true)}>
            {text('due')}
          </Button>
        )}
      </Box>
    </Panel>
  );
}

import type { ReactNode } from 'react';
import { useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import type { SystemStatus } from '../api/records';
import { Mono } from '../shared/Mono';
import { Facts, Panel } from '../shared/Panel';
import { StatusBadge, type Tone } from '../shared/StatusBadge';
import { TimeText } from '../shared/TimeText';
import './messages.en';
import { useDirectAccess } from './useDirectAccess';

type State = 'open' | 'closed' | 'unknown' | 'hidden' | 'looking';

const TONES: Record<State, Tone> = {
  open: 'bad',
  closed: 'good',
  unknown: 'neutral',
  hidden: 'neutral',
  looking: 'pending',
};

/** The gate protects only if it is the only way in: what the server and this browser can reach. */
export function GatePanel({ status }: { status: SystemStatus }) {
  const translate = useTranslate();
  const check = status.gateCheck;
  const { data: seen } = useDirectAccess(check?.browserUrl ?? null);
  if (!check) return null;
  const here: State | null = check.browserUrl === null ? null : (seen ?? 'looking');
  const isOpen = check.state === 'open' || here === 'open';
  const text = (name: string, more = {}) => translate(`status.past_gate.${name}`, more);
  return (
    <Panel title={text('title')} text={text('text')}>
      <Facts
        facts={[
          {
            label: text('server'),
            value: <Seen state={check.state}>{check.detail}</Seen>,
          },
          {
            label: text('browser'),
            value: here ? (
              <Seen state={here}>
                <span>{text(`browser_${here}`)}</span> <Mono>{check.browserUrl}</Mono>
              </Seen>
            ) : (
              text('browser_local')
            ),
          },
          { label: text('checkedAt'), value: <TimeText at={check.checkedAt} /> },
        ]}
      />
      {isOpen && (
        <Alert severity="warning" sx={{ mt: 2 }}>
          <Typography sx={{ fontWeight: 600 }}>{text('open_title')}</Typography>
          <Typography>{text('open_text')}</Typography>
        </Alert>
      )}
    </Panel>
  );
}

function Seen({ state, children }: { state: State; children: ReactNode }) {
  const translate = useTranslate();
  return (
    <Box sx={{ overflowWrap: 'anywhere' }}>
      <StatusBadge tone={TONES[state]}>{translate(`status.past_gate.state.${state}`)}</StatusBadge>
      <Typography variant="body2">{children}</Typography>
    </Box>
  );
}

import { useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import type { SystemStatus } from '../api/records';
import { Facts, Panel } from '../shared/Panel';
import './messages.en';

/** How far the clocks of this server and of LiveKit differ from that of Postgres, which decides. */
export function ClocksPanel({ clocks }: { clocks: NonNullable<SystemStatus['clocks']> }) {
  const translate = useTranslate();
  const text = (name: string, more = {}) => translate(`status.clocks.${name}`, more);
  const skew = (ms: number | null) => {
    if (ms === null) return text('unknown');
    if (Math.abs(ms) < 1_000) return text('same');
    return text(ms > 0 ? 'ahead' : 'behind', { seconds: Math.round(Math.abs(ms) / 1_000) });
  };
  return (
    <Panel title={text('title')} text={text('text')}>
      <Facts
        facts={[
          { label: text('server'), value: skew(clocks.serverSkewMs) },
          { label: text('livekit'), value: skew(clocks.livekitSkewMs) },
        ]}
      />
      {clocks.isOff && (
        <Alert severity="warning" sx={{ mt: 2 }}>
          {text('off')}
        </Alert>
      )}
    </Panel>
  );
}

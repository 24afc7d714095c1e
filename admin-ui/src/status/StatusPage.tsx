import { Title, useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Skeleton from '@mui/material/Skeleton';
import type { SystemStatus } from '../api/records';
import { ErrorState } from '../shared/ErrorState';
import { Mono } from '../shared/Mono';
import { Facts, Panel } from '../shared/Panel';
import { TimeText } from '../shared/TimeText';
import { useSystemStatus } from '../api/useSystemStatus';
import { VoidTokens } from '../tokens/VoidTokens';
import { ClocksPanel } from './ClocksPanel';
import { GatePanel } from './GatePanel';
import { InstallProgress } from './InstallProgress';
import { LiveKitBadge } from './LiveKitBadge';
import { LiveKitVersion } from './LiveKitVersion';
import './messages.en';

export function StatusPage() {
  const translate = useTranslate();
  const { data, error, refetch } = useSystemStatus();
  const field = (name: string) => translate(`status.field.${name}`);
  return (
    <Box sx={{ display: 'grid', gap: 2, maxWidth: 760 }}>
      <Title title={translate('app.nav.status')} />
      {error && <ErrorState error={error} onRetry={() => void refetch()} />}
      {data ? (
        <>
          <Panel
            title={translate('status.livekit')}
            text={translate(`status.${data.livekit.install?.state ?? data.livekit.state}_text`)}
          >
            <Facts
              facts={[
                { label: field('state'), value: <LiveKitBadge livekit={data.livekit} /> },
                { label: field('since'), value: <TimeText at={data.livekit.since} /> },
                { label: field('version'), value: <LiveKitVersion livekit={data.livekit} /> },
                {
                  label: field('url'),
                  value: data.livekit.url ? <Mono>{data.livekit.url}</Mono> : '–',
                },
                {
                  label: field('clientUrl'),
                  value: data.livekit.clientUrl ? <Mono>{data.livekit.clientUrl}</Mono> : '–',
                },
                ...(data.livekit.detail && !data.livekit.install
                  ? [{ label: field('detail'), value: data.livekit.detail }]
                  : []),
                ...(data.livekit.remoteUnmute && data.livekit.state !== 'absent'
                  ? [
                      {
                        label: field('remoteUnmute'),
                        value: translate(`status.remote_unmute.${data.livekit.remoteUnmute}`),
                      },
                    ]
                  : []),
                { label: field('gate'), value: translate(`status.gate.${data.gate}`) },
                ...(data.whip
                  ? [{ label: field('whip'), value: translate(`status.whip.${data.whip}`) }]
                  : []),
                ...(data.sweep
                  ? [{ label: field('sweep'), value: <Sweep {...data.sweep} /> }]
                  : []),
              ]}
            />
            {data.livekit.install && <InstallProgress install={data.livekit.install} />}
          </Panel>
          <GatePanel status={data} />
          {data.clocks && <ClocksPanel clocks={data.clocks} />}
          <VoidTokens scope={{ kind: 'everybody' }} />
          <Panel title={translate('status.rolecall')}>
            <Facts
              facts={[
                { label: field('version'), value: <Mono>{data.version}</Mono> },
                { label: field('startedAt'), value: <TimeText at={data.startedAt} /> },
              ]}
            />
          </Panel>
        </>
      ) : (
        !error && <Skeleton variant="rectangular" height={240} animation={false} />
      )}
    </Box>
  );
}

function Sweep({ lastAt, ms }: NonNullable<SystemStatus['sweep']>) {
  const translate = useTranslate();
  return (
    <>
      <TimeText at={lastAt} empty={translate('status.sweep_none')} />
      {ms !== null && <span>{` · ${translate('status.sweep_took', { ms: Math.round(ms) })}`}</span>}
    </>
  );
}

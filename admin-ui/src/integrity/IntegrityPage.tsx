import { Title, useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Skeleton from '@mui/material/Skeleton';
import { ErrorState } from '../shared/ErrorState';
import { CheckpointPanel } from './CheckpointPanel';
import { KeysPanel } from './KeysPanel';
import { ProblemsPanel } from './ProblemsPanel';
import { RunsPanel } from './RunsPanel';
import { MirrorPanel, SealingPanel } from './StoragePanels';
import { StreamsPanel } from './StreamsPanel';
import { useIntegrity } from './useIntegrity';
import { VerifyPanel } from './VerifyPanel';
import { WitnessesPanel } from './WitnessesPanel';
import './messages.en';

/** Whether one may rely on the ledger, and how to see that oneself. */
export function IntegrityPage() {
  const translate = useTranslate();
  const { data, error, refetch } = useIntegrity();
  return (
    <Box sx={{ display: 'grid', gap: 2, maxWidth: 760, gridTemplateColumns: 'minmax(0, 1fr)' }}>
      <Title title={translate('app.nav.integrity')} />
      {error && (
        <ErrorState
          error={error}
          title={data && translate('app.error.stale_title')}
          onRetry={() => void refetch()}
        />
      )}
      {data ? (
        <>
          <ProblemsPanel problems={data.problems} witnesses={data.witnesses} />
          <CheckpointPanel checkpoint={data.checkpoint} />
          <VerifyPanel />
          <RunsPanel runs={data.verifications} />
          <WitnessesPanel witnesses={data.witnesses} />
          <SealingPanel sealing={data.sealing} unsealed={data.unsealed} />
          <MirrorPanel mirror={data.mirror} />
          <StreamsPanel streams={data.streams} />
          <KeysPanel />
        </>
      ) : (
        !error && <Skeleton variant="rectangular" height={320} animation={false} />
      )}
    </Box>
  );
}

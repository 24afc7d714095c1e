import { Title, useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Skeleton from '@mui/material/Skeleton';
import { ErrorState } from '../shared/ErrorState';
import { ArchivesPanel } from './ArchivesPanel';
import { HoldsPanel } from './HoldsPanel';
import './messages.en';
import { useRetention } from './retentionApi';
import { RulesPanel } from './RulesPanel';
import { StatusPanel } from './StatusPanel';

/** How long the log is kept, what is held, and where the rest went. */
export function RetentionPage() {
  const translate = useTranslate();
  const { data, error, refetch } = useRetention();
  return (
    <Box sx={{ display: 'grid', gap: 2, maxWidth: 860, gridTemplateColumns: 'minmax(0, 1fr)' }}>
      <Title title={translate('app.nav.retention')} />
      {error && (
        <ErrorState
          error={error}
          title={data && translate('app.error.stale_title')}
          onRetry={() => void refetch()}
        />
      )}
      {data ? (
        <>
          <RulesPanel rules={data.rules} />
          <HoldsPanel />
          <StatusPanel status={data.status} />
          <ArchivesPanel folder={data.status.folder} />
        </>
      ) : (
        !error && <Skeleton variant="rectangular" height={320} animation={false} />
      )}
    </Box>
  );
}

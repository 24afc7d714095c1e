import type { ReactNode } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Paper from '@mui/material/Paper';
import Skeleton from '@mui/material/Skeleton';
import { EmptyState } from '../../shared/EmptyState';
import { ErrorState } from '../../shared/ErrorState';
import { LedgerFooter } from '../LedgerFooter';
import type { useActs } from '../useActs';
import { LogList, type LogListProps } from './LogList';

export interface ListCardProps {
  acts: ReturnType<typeof useActs>;
  listProps: Omit<LogListProps, 'acts' | 'hasMore' | 'isFetchingMore' | 'onNearEnd'>;
  empty: { icon: ReactNode; title: string; text: string; action?: ReactNode };
  isFiltered: boolean;
  onClear: () => void;
  onZone: () => void;
  /** The way to the facets, where they have no place of their own. */
  filters: ReactNode;
}

/** The acts, or why there are none. */
export function ListCard(props: ListCardProps) {
  const { acts, listProps, empty, isFiltered, onClear, onZone, filters } = props;
  const translate = useTranslate();
  return (
    <Paper
      variant="outlined"
      sx={{
        flex: 1,
        minWidth: 0,
        minHeight: { xs: 420, md: 0 },
        display: 'flex',
        flexDirection: 'column',
        overflow: 'hidden',
        opacity: acts.isPlaceholder ? 0.6 : 1,
      }}
    >
      {acts.error && acts.acts.length === 0 ? (
        <ErrorState
          error={acts.error}
          onRetry={acts.retry}
          onReset={isFiltered ? onClear : undefined}
        />
      ) : acts.isPending || (acts.isSearching && acts.acts.length === 0) ? (
        <Box sx={{ p: 2 }} role="status" aria-label={translate('ra.page.loading')}>
          {Array.from({ length: 8 }, (_, row) => (
            <Skeleton key={row} height={44} animation={false} />
          ))}
        </Box>
      ) : acts.acts.length === 0 ? (
        <Box sx={{ overflowY: 'auto' }}>
          {filters}
          {isFiltered ? (
            <EmptyState
              title={translate('ledger.no_match')}
              text={translate('ledger.no_match_text')}
              action={
                <Button variant="outlined" onClick={onClear}>
                  {translate('app.action.clear_filters')}
                </Button>
              }
            />
          ) : (
            <EmptyState
              icon={empty.icon}
              title={translate(empty.title)}
              text={translate(empty.text)}
              action={empty.action}
            />
          )}
        </Box>
      ) : (
        <>
          <LogList
            {...listProps}
            acts={acts.acts}
            hasMore={acts.hasMore}
            isFetchingMore={acts.isFetchingMore || acts.isMoreFailed}
            onNearEnd={acts.fetchMore}
          />
          <LedgerFooter
            place={listProps.zone.place}
            onZone={onZone}
            isPage={listProps.takesFocus !== false}
            filters={filters}
            hasMore={acts.hasMore}
            isFetchingMore={acts.isFetchingMore}
            isFailed={acts.isMoreFailed}
            onRetry={acts.fetchMore}
          />
        </>
      )}
    </Paper>
  );
}

import { useId } from 'react';
import { useTranslate } from 'react-admin';
import { useQuery } from '@tanstack/react-query';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import { getJson, path } from '../../api/httpClient';
import type { BulkOperation, Page } from '../../api/records';
import type { BulkTarget } from '@rolecall/server/api';
import { Mono } from '../../shared/Mono';

const MOST = 200;

export interface FailuresDialogProps {
  operation: BulkOperation;
  nameOf: (identity: string) => string;
  onClose: () => void;
}

/** The people on the list of failures, and why it failed for each. */
export function FailuresDialog({ operation, nameOf, onClose }: FailuresDialogProps) {
  const translate = useTranslate();
  const titleId = useId();
  const { data } = useQuery({
    queryKey: ['bulk-failures', operation.id, operation.failed],
    queryFn: ({ signal }) =>
      getJson<Page<BulkTarget>>(path('operations', operation.id, 'targets'), {
        query: { limit: MOST, filter: JSON.stringify({ outcome: 'failed' }) },
        signal,
      }),
  });
  return (
    <Dialog open onClose={onClose} aria-labelledby={titleId} maxWidth="sm" fullWidth>
      <DialogTitle id={titleId} component="h2" sx={{ fontSize: '1rem' }}>
        {translate('room_bulk.outcomes.failed', { smart_count: operation.failed })}
      </DialogTitle>
      <DialogContent>
        <Box component="ul" sx={{ m: 0, p: 0, listStyle: 'none', fontSize: '.8125rem' }}>
          {data?.data.map(({ id, identity, detail }) => (
            <Box component="li" key={id} sx={{ py: 0.25 }}>
              <bdi translate="no">{nameOf(identity)}</bdi> <Mono>{identity}</Mono>
              <Box component="span" sx={{ color: 'text.secondary' }}>
                {' '}
                <span>{detail}</span>
              </Box>
            </Box>
          ))}
        </Box>
      </DialogContent>
      <DialogActions>
        <Button onClick={onClose} autoFocus>
          {translate('app.action.close')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

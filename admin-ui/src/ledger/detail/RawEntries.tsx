import { useState } from 'react';
import { useTranslate } from 'react-admin';
import { useQuery } from '@tanstack/react-query';
import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import type { Act } from '@rolecall/server/api';
import { getJson, path } from '../../api/httpClient';
import type { LedgerEntry } from '../../api/records';
import { ErrorState } from '../../shared/ErrorState';
import { JsonBlock } from '../../shared/JsonBlock';

/** The entries of an act as they are in the log, once somebody asks for them. */
export function RawEntries({ act }: { act: Act }) {
  const translate = useTranslate();
  const [isOpen, setIsOpen] = useState(false);
  const ids = act.steps.map(({ id }) => id).filter((id) => id !== act.entry.id);
  const { data, error, refetch } = useQuery({
    queryKey: ['/ledger', 'entries', ...ids],
    enabled: isOpen && ids.length > 0,
    queryFn: ({ signal }) =>
      Promise.all(ids.map((id) => getJson<LedgerEntry>(`/ledger${path(id)}`, { signal }))),
    staleTime: Infinity,
    retry: false,
  });
  return (
    <Box
      component="details"
      onToggle={(event) => setIsOpen(event.currentTarget.open)}
      sx={{ minWidth: 0, '& summary': { cursor: 'pointer', fontSize: '.8125rem', py: 0.5 } }}
    >
      <summary>{translate('ledger.drawer.raw')}</summary>
      {[act.entry, ...(data ?? [])].map((entry) => (
        <Box key={entry.id} sx={{ mt: 1 }}>
          <JsonBlock value={entry} label={translate('ledger.drawer.copy_json')} />
        </Box>
      ))}
      {error && <ErrorState error={error} onRetry={() => void refetch()} />}
      {act.entry.kind.startsWith('token.') && (
        <Typography variant="caption" color="text.secondary">
          {translate('ledger.drawer.secret_note')}
        </Typography>
      )}
    </Box>
  );
}

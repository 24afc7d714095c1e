import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Skeleton from '@mui/material/Skeleton';
import { Link } from 'react-router-dom';
import { LedgerSentence } from '../ledger/LedgerSentence';
import { OutcomeBadge } from '../ledger/OutcomeBadge';
import type { Issuance, User } from '../api/records';
import { ErrorState } from '../shared/ErrorState';
import { Panel } from '../shared/Panel';
import { TimeText } from '../shared/TimeText';
import { useKeysetList } from '../shared/useKeysetList';

export function UserIssuances({ user }: { user: User }) {
  const translate = useTranslate();
  const list = useKeysetList<Issuance>({
    route: '/issuances',
    filter: () => ({ identity: user.identity }),
    filterKey: { identity: user.identity },
    limit: 20,
    watchMs: false,
  });
  return (
    <Panel
      title={translate('users.tab.issuances')}
      action={
        <Button
          component={Link}
          to={`/issuances?${new URLSearchParams({ identity: user.identity })}`}
        >
          {translate('users.see_all')}
        </Button>
      }
    >
      {list.error ? (
        <ErrorState error={list.error} onRetry={list.retry} />
      ) : list.isPending ? (
        <Skeleton height={80} animation={false} />
      ) : list.items.length === 0 ? (
        translate('users.issuances.none')
      ) : (
        <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0 }}>
          {list.items.map((entry) => (
            <Box
              component="li"
              key={entry.id}
              sx={{
                borderTop: 1,
                borderColor: 'divider',
                py: 0.75,
                display: 'flex',
                gap: 2,
                flexWrap: 'wrap',
              }}
            >
              <Box sx={{ width: 120, color: 'text.secondary' }}>
                <TimeText at={entry.at} />
              </Box>
              <OutcomeBadge entry={entry} />
              <Box
                component={Link}
                to={`/issuances/${encodeURIComponent(entry.id)}`}
                sx={{ flex: 1, minWidth: 200, color: 'inherit' }}
              >
                <LedgerSentence entry={entry} />
              </Box>
            </Box>
          ))}
        </Box>
      )}
    </Panel>
  );
}

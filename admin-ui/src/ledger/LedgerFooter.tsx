import type { ReactNode } from 'react';
import { useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';

export interface LedgerFooterProps {
  /** In whose time the list is. */
  place: string;
  onZone: () => void;
  /** Whether the list is the page, and not a part of another one. */
  isPage: boolean;
  filters: ReactNode;
  hasMore: boolean;
  isFetchingMore: boolean;
  isFailed: boolean;
  onRetry: () => void;
}

/** In whose time one reads, whether there is more, and which keys work. */
export function LedgerFooter(props: LedgerFooterProps) {
  const { place, onZone, isPage, filters, hasMore, isFetchingMore, isFailed, onRetry } = props;
  const translate = useTranslate();
  if (isFailed) {
    return (
      <Alert
        severity="error"
        sx={{ borderRadius: 0, borderWidth: '1px 0 0' }}
        action={
          <Button color="inherit" onClick={onRetry}>
            {translate('app.action.retry')}
          </Button>
        }
      >
        {translate('ledger.more_failed')}
      </Alert>
    );
  }
  return (
    <Box
      sx={{
        display: 'flex',
        alignItems: 'center',
        gap: 1.5,
        px: 1,
        minHeight: 36,
        borderTop: 1,
        borderColor: 'divider',
        color: 'text.secondary',
      }}
    >
      {filters}
      <Button
        color="inherit"
        onClick={onZone}
        title={translate('ledger.zone.help')}
        sx={{ fontWeight: 500, fontSize: '.75rem', flex: 'none' }}
      >
        {translate('ledger.zone.label', { place })}
      </Button>
      <Typography variant="caption" role="status" noWrap>
        {isFetchingMore ? translate('ledger.loading_more') : hasMore ? '' : translate('ledger.end')}
      </Typography>
      <Typography
        variant="caption"
        sx={{ ml: 'auto', pr: 1, display: { xs: 'none', md: 'block' } }}
      >
        {translate(isPage ? 'ledger.keys' : 'ledger.keys_of_list')}
      </Typography>
    </Box>
  );
}

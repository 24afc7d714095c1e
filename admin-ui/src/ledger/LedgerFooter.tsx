import { useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';

export interface LedgerFooterProps {
  count: number;
  hasMore: boolean;
  isFetchingMore: boolean;
  isFailed: boolean;
  onRetry: () => void;
}

/** How many entries are shown, whether there are more, and which keys work. */
export function LedgerFooter(props: LedgerFooterProps) {
  const { count, hasMore, isFetchingMore, isFailed, onRetry } = props;
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
        gap: 2,
        px: 2,
        py: 0.75,
        borderTop: 1,
        borderColor: 'divider',
        color: 'text.secondary',
      }}
    >
      <Typography variant="caption">
        {isFetchingMore
          ? translate('ledger.loading_more')
          : `${translate('ledger.shown', { smart_count: count })}${hasMore ? ' …' : `. ${translate('ledger.end')}`}`}
      </Typography>
      <Typography variant="caption" sx={{ ml: 'auto', display: { xs: 'none', md: 'block' } }}>
        {translate('ledger.keys')}
      </Typography>
    </Box>
  );
}

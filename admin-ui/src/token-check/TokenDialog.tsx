import { useId } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import Skeleton from '@mui/material/Skeleton';
import Typography from '@mui/material/Typography';
import { serverNow } from '../api/serverClock';
import { may } from '../session/permissions';
import { useMe } from '../session/session';
import { ErrorState } from '../shared/ErrorState';
import { JsonBlock } from '../shared/JsonBlock';
import { forgetToken, type PastedToken, usePastedToken } from '../shared/pastedToken';
import { StatusBadge } from '../shared/StatusBadge';
import './messages.en';
import { problemsOf } from './problems';
import { TokenAnswer } from './TokenAnswer';
import { useRecognized } from './useRecognized';

/** Did we issue this? Opens when a token is pasted into a field that one searches in. */
export function TokenDialog() {
  const token = usePastedToken();
  const titleId = useId();
  const translate = useTranslate();
  return (
    <Dialog
      open={token !== null}
      onClose={forgetToken}
      aria-labelledby={titleId}
      maxWidth="sm"
      fullWidth
    >
      <DialogTitle id={titleId} component="h2" sx={{ fontSize: '1rem' }}>
        {translate('token_check.title')}
      </DialogTitle>
      {token && <Content token={token} />}
      <DialogActions>
        <Button variant="contained" autoFocus onClick={forgetToken}>
          {translate('app.action.close')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function Content({ token }: { token: PastedToken }) {
  const translate = useTranslate();
  const me = useMe();
  const isAsked = may(me, 'ledger.read');
  const { data, error, refetch } = useRecognized(token, isAsked);
  const problems = problemsOf(token.claims, serverNow());
  return (
    <DialogContent sx={{ display: 'grid', gap: 2, pt: 0 }}>
      <Box role="status">
        {data ? (
          <TokenAnswer recognition={data} isWhole={token.claims !== null} />
        ) : !isAsked ? (
          <Typography variant="body2">{translate('token_check.not_permitted')}</Typography>
        ) : error ? (
          <ErrorState error={error} onRetry={() => void refetch()} />
        ) : (
          <Skeleton height={64} animation={false} aria-label={translate('ra.page.loading')} />
        )}
      </Box>
      {problems.length > 0 && (
        <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 0.5 }}>
          {problems.map((problem) => (
            <li key={problem}>
              <StatusBadge tone="bad" sx={{ whiteSpace: 'normal' }}>
                {translate(`token_check.problem.${problem}`)}
              </StatusBadge>
            </li>
          ))}
        </Box>
      )}
      {token.claims && (
        <Box component="details" sx={{ minWidth: 0, '& summary': { cursor: 'pointer', mb: 1 } }}>
          <summary>{translate('token_check.claims')}</summary>
          <JsonBlock value={token.claims.payload} label={translate('token_check.copy_claims')} />
        </Box>
      )}
      <Typography variant="caption" color="text.secondary">
        {translate('token_check.private')}
      </Typography>
    </DialogContent>
  );
}

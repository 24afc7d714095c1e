import { useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Button from '@mui/material/Button';
import { Link } from 'react-router-dom';
import { useSystemStatus } from '../api/useSystemStatus';
import { usePermissionSet } from '../session/usePermissionSet';

/** Who relies on the ledger is told on every page what weakens it. */
export function LedgerBanner() {
  const translate = useTranslate();
  const can = usePermissionSet();
  const { data } = useSystemStatus();
  const problems = data?.ledger?.problems ?? [];
  if (problems.length === 0 || !can('ledger.read')) return null;
  const names = problems.map(({ code }) => translate(`app.ledger.problem.${code}`));
  return (
    <Alert
      severity="warning"
      role="region"
      aria-label={translate('app.ledger.label')}
      sx={{ mb: 2, py: 0, alignItems: 'center' }}
      action={
        <Button color="inherit" component={Link} to="/integrity">
          {translate('app.ledger.open')}
        </Button>
      }
    >
      {translate('app.ledger.weak', { problems: [...new Set(names)].join(', ') })}
    </Alert>
  );
}

import { useTranslate } from 'react-admin';
import Button from '@mui/material/Button';
import ReceiptLong from '@mui/icons-material/ReceiptLongOutlined';
import { Link } from 'react-router-dom';
import { usePermissionSet } from '../session/usePermissionSet';
import { LogPage } from './LogPage';

/** The log, asked for the tokens that were issued and refused. */
const TOKENS = 'kind:token.issued,token.refused';

export function IssuancesPage() {
  const translate = useTranslate();
  const can = usePermissionSet();
  return (
    <LogPage
      base="/issuances"
      title="app.nav.issuances"
      query={TOKENS}
      empty={{
        icon: <ReceiptLong />,
        title: 'ledger.issuances.empty_title',
        text: 'ledger.issuances.empty_text',
        action: can('token.issue') && (
          <Button component={Link} to="/tokens/new" variant="contained">
            {translate('ledger.issuances.issue')}
          </Button>
        ),
      }}
    />
  );
}

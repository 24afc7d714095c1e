import { useTranslate } from 'react-admin';
import Button from '@mui/material/Button';
import ReceiptLong from '@mui/icons-material/ReceiptLongOutlined';
import { Link } from 'react-router-dom';
import { usePermissionSet } from '../session/usePermissionSet';
import { LedgerPage } from './LedgerPage';
import './messages.en';

const NONE: readonly string[] = [];
const OUTCOMES = ['ok', 'refused'] as const;

export function IssuancesPage() {
  const translate = useTranslate();
  const can = usePermissionSet();
  return (
    <LedgerPage
      base="/issuances"
      route="/issuances"
      title="app.nav.issuances"
      kinds={NONE}
      outcomes={OUTCOMES}
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

import History from '@mui/icons-material/History';
import { KINDS } from './kinds';
import { LedgerPage } from './LedgerPage';
import './messages.en';
import { ReviewBar } from './ReviewBar';

const OUTCOMES = ['ok', 'refused', 'intent', 'applied', 'pending', 'failed', 'superseded'] as const;

export const ActivityPage = () => (
  <LedgerPage
    base="/activity"
    route="/ledger"
    title="app.nav.activity"
    kinds={KINDS}
    outcomes={OUTCOMES}
    header={<ReviewBar />}
    empty={{
      icon: <History />,
      title: 'ledger.activity.empty_title',
      text: 'ledger.activity.empty_text',
    }}
  />
);

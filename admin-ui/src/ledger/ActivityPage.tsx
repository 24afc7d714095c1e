import History from '@mui/icons-material/History';
import { LogPage } from './LogPage';
import { ReviewBar } from './ReviewBar';

export const ActivityPage = () => (
  <LogPage
    base="/activity"
    title="app.nav.activity"
    header={<ReviewBar />}
    empty={{
      icon: <History />,
      title: 'ledger.activity.empty_title',
      text: 'ledger.activity.empty_text',
    }}
  />
);

import { useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Button from '@mui/material/Button';
import { Link, useLocation } from 'react-router-dom';
import { useSystemStatus } from '../api/useSystemStatus';

const TO = `/alarms?filter=${encodeURIComponent(JSON.stringify({ state: 'open' }))}`;

/** For those who read the ledger: something is there that it does not explain. */
export function AlarmBanner() {
  const translate = useTranslate();
  const { pathname } = useLocation();
  const { data } = useSystemStatus();
  const open = data?.alarms?.open ?? 0;
  if (open === 0 || pathname.startsWith('/alarms')) return null;
  return (
    <Alert
      severity="warning"
      sx={{ mb: 2, py: 0, alignItems: 'center' }}
      action={
        <Button color="inherit" component={Link} to={TO}>
          {translate('app.alarms.show')}
        </Button>
      }
    >
      {translate('app.alarms.text', { smart_count: open })}
    </Alert>
  );
}

import { useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import LinearProgress from '@mui/material/LinearProgress';
import Typography from '@mui/material/Typography';
import type { SystemStatus } from '../api/records';
import { TimeText } from '../shared/TimeText';
import './messages.en';

/** How far the installation of LiveKit is, or why it failed and what to do. */
export function InstallProgress({
  install,
}: {
  install: NonNullable<SystemStatus['livekit']['install']>;
}) {
  const translate = useTranslate();
  if (install.state === 'failed') {
    return (
      <Alert severity="warning" sx={{ mt: 2 }}>
        <Typography sx={{ overflowWrap: 'anywhere' }}>{install.text}</Typography>
        {install.hint && <Typography>{install.hint}</Typography>}
        {install.retryAt && (
          <Typography>
            <span>{translate('status.install_again')}</span> <TimeText at={install.retryAt} />
          </Typography>
        )}
      </Alert>
    );
  }
  const percent = install.percent ?? null;
  return (
    <Box sx={{ mt: 2 }}>
      <Typography variant="body2">{install.text}</Typography>
      <LinearProgress
        aria-label={translate('status.installing')}
        {...(percent === null
          ? { variant: 'indeterminate' }
          : { variant: 'determinate', value: percent })}
      />
    </Box>
  );
}

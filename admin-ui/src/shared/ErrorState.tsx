import { useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import AlertTitle from '@mui/material/AlertTitle';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { ProblemError } from '../api/httpClient';
import { useErrorText } from './useErrorText';

export interface ErrorStateProps {
  error: unknown;
  onRetry?: () => void;
  /** Back to what was shown before anything was chosen. */
  onReset?: () => void;
  /** What could not be done: "The rooms could not be loaded". */
  title?: string;
}

/** What failed, why, what to do; with the id under which the server's log has it. */
export function ErrorState({ error, onRetry, onReset, title }: ErrorStateProps) {
  const translate = useTranslate();
  const errorText = useErrorText();
  const problem = error instanceof ProblemError ? error : null;
  const isForbidden = problem?.status === 403;
  return (
    <Alert
      severity={isForbidden ? 'warning' : 'error'}
      sx={{ m: 2 }}
      action={
        <>
          {onReset && (
            <Button color="inherit" onClick={onReset}>
              {translate('app.action.reset_filters')}
            </Button>
          )}
          {onRetry && (
            <Button color="inherit" onClick={onRetry}>
              {translate('app.action.retry')}
            </Button>
          )}
        </>
      }
    >
      <AlertTitle sx={{ fontWeight: 650 }}>
        {title ?? translate(isForbidden ? 'app.error.forbidden_title' : 'app.error.load_title')}
      </AlertTitle>
      <span>{errorText(error)}</span>
      {problem?.requestId && (
        <Typography variant="caption" component="p" sx={{ mt: 0.5 }}>
          <span>{translate('app.error.request_id')}</span>{' '}
          <code translate="no">{problem.requestId}</code>
        </Typography>
      )}
    </Alert>
  );
}

import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import { useLogout, useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogContentText from '@mui/material/DialogContentText';
import DialogTitle from '@mui/material/DialogTitle';
import TextField from '@mui/material/TextField';
import { signIn } from '../session/authProvider';
import { liveConnection } from '../api/liveUpdates';
import { registerReauthentication } from '../api/reauthentication';
import { session } from '../session/session';
import { useSignInErrorText } from './useSignInErrorText';

/** The session ended while working: the password is asked for here, and nothing is lost. */
export function ReauthenticationDialog() {
  const translate = useTranslate();
  const logout = useLogout();
  const errorText = useSignInErrorText();
  const titleId = useId();
  const answer = useRef<((isSignedIn: boolean) => void) | null>(null);
  const [isOpen, setIsOpen] = useState(false);
  const [email, setEmail] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);

  useEffect(
    () =>
      registerReauthentication(
        () =>
          new Promise((resolve) => {
            answer.current = resolve;
            setEmail(session.get()?.operator.email ?? '');
            setError(null);
            setIsOpen(true);
          }),
      ),
    [],
  );

  const finish = (isSignedIn: boolean) => {
    setIsOpen(false);
    answer.current?.(isSignedIn);
    answer.current = null;
  };

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const before = session.get()?.operator.id;
    const password = String(new FormData(event.currentTarget).get('password') ?? '');
    setIsBusy(true);
    setError(null);
    try {
      const me = await signIn(email, password);
      if (before !== undefined && before !== me.operator.id) {
        window.location.reload();
        return;
      }
      liveConnection.restart();
      finish(true);
    } catch (failure) {
      setError(failure);
    } finally {
      setIsBusy(false);
    }
  };

  return (
    <Dialog open={isOpen} aria-labelledby={titleId} maxWidth="xs" fullWidth>
      <DialogTitle id={titleId} component="h2" sx={{ fontSize: '1rem' }}>
        {translate('app.reauth.title')}
      </DialogTitle>
      <form onSubmit={(event) => void submit(event)}>
        <DialogContent sx={{ pt: 0 }}>
          <DialogContentText sx={{ mb: 1 }}>{translate('app.reauth.text')}</DialogContentText>
          <TextField
            label={translate('app.sign_in.email')}
            name="email"
            type="email"
            autoComplete="username"
            value={email}
            onChange={(event) => setEmail(event.target.value)}
            required
          />
          <TextField
            label={translate('app.sign_in.password')}
            name="password"
            type="password"
            autoComplete="current-password"
            required
            autoFocus
          />
          {error !== null && (
            <Alert severity="error" sx={{ mt: 1 }}>
              {errorText(error)}
            </Alert>
          )}
        </DialogContent>
        <DialogActions>
          <Button
            disabled={isBusy}
            onClick={() => {
              finish(false);
              session.set(null);
              void logout();
            }}
          >
            {translate('app.reauth.leave')}
          </Button>
          <Button type="submit" variant="contained" loading={isBusy}>
            {translate('app.sign_in.submit')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

import { type FormEvent, useState } from 'react';
import { useLogin, useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { otherAddress } from '../browser/secureContext';
import { keepsCookies } from '../browser/storage';
import { Mark } from '../shared/Mark';
import { RollCall } from './RollCall';
import { useSignInErrorText } from './useSignInErrorText';

export function SignInPage() {
  const translate = useTranslate();
  const login = useLogin();
  const errorText = useSignInErrorText();
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);
  const [ownUrl] = useState(otherAddress);
  const [hasCookies] = useState(keepsCookies);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const data = new FormData(form);
    setIsBusy(true);
    setError(null);
    try {
      await login({ email: data.get('email'), password: data.get('password') });
    } catch (failure) {
      setError(failure);
      form.querySelector<HTMLInputElement>('[name=password]')?.select();
    } finally {
      setIsBusy(false);
    }
  };

  return (
    <Box
      sx={{
        minHeight: '100vh',
        display: 'grid',
        gridTemplateColumns: { xs: '1fr', md: 'minmax(0, 1fr) minmax(0, 1fr)' },
        bgcolor: 'background.paper',
      }}
    >
      <Box
        component="main"
        sx={{
          display: 'flex',
          flexDirection: 'column',
          justifyContent: 'center',
          px: { xs: 3, sm: 6 },
          py: 6,
          width: '100%',
          maxWidth: 480,
          mx: 'auto',
        }}
      >
        <Box sx={{ display: 'flex', alignItems: 'center', gap: 1.25, mb: 5 }}>
          <Mark size={32} />
          <Typography component="span" sx={{ fontSize: '1.25rem', fontWeight: 700 }}>
            Rolecall
          </Typography>
        </Box>
        <Typography variant="h1" sx={{ fontSize: '1.5rem', mb: 0.5 }}>
          {translate('app.sign_in.title')}
        </Typography>
        <Typography color="text.secondary" sx={{ mb: 3 }}>
          {translate('app.sign_in.line')}
        </Typography>
        {ownUrl !== null && (
          <Alert
            severity="warning"
            sx={{ mb: 2 }}
            action={
              <Button color="inherit" size="small" href={ownUrl}>
                {translate('app.sign_in.open_there')}
              </Button>
            }
          >
            {translate('app.sign_in.other_address', { url: ownUrl })}
          </Alert>
        )}
        {!hasCookies && (
          <Alert severity="warning" sx={{ mb: 2 }}>
            {translate('app.sign_in.needs_cookies')}
          </Alert>
        )}
        <form onSubmit={(event) => void submit(event)} aria-label={translate('app.sign_in.title')}>
          <TextField
            label={translate('app.sign_in.email')}
            name="email"
            type="email"
            autoComplete="username"
            size="medium"
            required
            autoFocus
          />
          <TextField
            label={translate('app.sign_in.password')}
            name="password"
            type="password"
            autoComplete="current-password"
            size="medium"
            required
          />
          <Box role="alert">
            {error !== null && (
              <Alert severity="error" role="presentation" sx={{ mt: 1 }}>
                {errorText(error)}
              </Alert>
            )}
          </Box>
          <Button
            type="submit"
            variant="contained"
            size="large"
            fullWidth
            loading={isBusy}
            sx={{ mt: 2, minHeight: 44 }}
          >
            {translate('app.sign_in.submit')}
          </Button>
        </form>
        <Typography variant="body2" color="text.secondary" sx={{ mt: 3 }}>
          {translate('app.sign_in.first_time')}
        </Typography>
      </Box>
      <RollCall />
    </Box>
  );
}

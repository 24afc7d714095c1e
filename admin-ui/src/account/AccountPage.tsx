import { type FormEvent, useState } from 'react';
import { Title, useNotify, useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import TextField from '@mui/material/TextField';
import { ProblemError, putJson } from '../api/httpClient';
import { useMe } from '../session/session';
import { Mono } from '../shared/Mono';
import { Facts, Panel } from '../shared/Panel';
import { useErrorText } from '../shared/useErrorText';
import './messages.en';

const MIN_LENGTH = 12;

export function AccountPage() {
  const translate = useTranslate();
  const me = useMe();
  if (!me) return null;
  return (
    <Box sx={{ display: 'grid', gap: 2, maxWidth: 760 }}>
      <Title title={translate('app.nav.account')} />
      <Panel title={translate('account.who')}>
        <Facts
          facts={[
            { label: translate('account.name'), value: me.operator.name },
            { label: translate('app.sign_in.email'), value: me.operator.email },
            {
              label: translate('account.roles'),
              value: me.accessRoles?.join(', ') || '–',
            },
            {
              label: translate('account.rooms'),
              value: me.rooms ? <Mono>{me.rooms.join(', ')}</Mono> : translate('account.all_rooms'),
            },
            {
              label: translate('account.permissions'),
              value: <Mono>{me.permissions.join(', ')}</Mono>,
            },
          ]}
        />
      </Panel>
      <PasswordPanel />
    </Box>
  );
}

function PasswordPanel() {
  const translate = useTranslate();
  const notify = useNotify();
  const errorText = useErrorText();
  const me = useMe();
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [failure, setFailure] = useState('');
  const [isBusy, setIsBusy] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const data = new FormData(form);
    const currentPassword = String(data.get('currentPassword') ?? '');
    const newPassword = String(data.get('newPassword') ?? '');
    const found: Record<string, string> = {};
    if ([...newPassword].length < MIN_LENGTH) found.newPassword = translate('account.too_short');
    else if (newPassword !== data.get('repeat')) found.repeat = translate('account.differs');
    setErrors(found);
    setFailure('');
    if (Object.keys(found).length > 0) return;
    setIsBusy(true);
    try {
      await putJson('/me/password', { currentPassword, newPassword });
      form.reset();
      notify('account.changed', { type: 'success' });
    } catch (error) {
      const named = error instanceof ProblemError ? error.body.errors : undefined;
      if (named) setErrors(named);
      else setFailure(errorText(error));
    } finally {
      setIsBusy(false);
    }
  };

  const field = (name: string, label: string, autoComplete: string, help?: string) => (
    <TextField
      name={name}
      type="password"
      label={translate(label)}
      autoComplete={autoComplete}
      required
      error={Boolean(errors[name])}
      helperText={errors[name] ?? help}
    />
  );

  return (
    <Panel title={translate('account.password')} text={translate('account.password_text')}>
      <Box
        component="form"
        noValidate
        onSubmit={(event) => void submit(event)}
        sx={{ maxWidth: 420 }}
      >
        <input type="hidden" name="username" autoComplete="username" value={me?.operator.email} />
        {field('currentPassword', 'account.current', 'current-password')}
        {field('newPassword', 'account.next', 'new-password', translate('account.next_help'))}
        {field('repeat', 'account.repeat', 'new-password')}
        {failure && (
          <Alert severity="error" sx={{ my: 1 }}>
            {failure}
          </Alert>
        )}
        <Button type="submit" variant="contained" loading={isBusy} sx={{ mt: 1 }}>
          {translate('account.save')}
        </Button>
      </Box>
    </Panel>
  );
}

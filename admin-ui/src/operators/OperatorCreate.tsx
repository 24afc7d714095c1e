import { useState } from 'react';
import {
  PasswordInput,
  type RaRecord,
  required,
  TextInput,
  useNotify,
  useTranslate,
} from 'react-admin';
import { useNavigate } from 'react-router-dom';
import { CreatePage, RecordForm } from '../shared/FormPage';
import { SecretOnce } from '../shared/SecretOnce';
import { AccessInput } from './AccessInput';
import './messages.en';

const DEFAULTS = { access: [{ role: 'moderator' }], name: '' };

export function OperatorCreate() {
  const translate = useTranslate();
  const notify = useNotify();
  const navigate = useNavigate();
  const [created, setCreated] = useState<{ email: string; password: string } | null>(null);
  return (
    <CreatePage
      title="operators.create_title"
      transform={(data: Record<string, unknown>) => ({
        ...data,
        password: data.password || undefined,
      })}
      mutationOptions={{
        onSuccess: (operator: RaRecord) => {
          notify('operators.created', { type: 'success' });
          const password = operator.temporaryPassword as string | undefined;
          if (password) setCreated({ email: String(operator.email), password });
          else void navigate('/operators');
        },
      }}
    >
      <RecordForm
        cancelTo="/operators"
        saveLabel="operators.create"
        defaultValues={DEFAULTS}
        isSaved={created !== null}
      >
        <TextInput
          source="email"
          type="email"
          validate={required()}
          helperText={translate('operators.help.email')}
          autoComplete="off"
          autoFocus
        />
        <TextInput source="name" validate={required()} autoComplete="off" />
        <PasswordInput
          source="password"
          helperText={translate('operators.help.password')}
          autoComplete="new-password"
        />
        <AccessInput />
      </RecordForm>
      <SecretOnce
        secret={created?.password ?? null}
        title={translate('operators.temporary_title')}
        text={translate('operators.temporary_text', { email: created?.email ?? '' })}
        copyLabel={translate('operators.copy_password')}
        onClose={() => void navigate('/operators')}
      />
    </CreatePage>
  );
}

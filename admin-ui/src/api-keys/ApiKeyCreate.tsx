import { useState } from 'react';
import {
  DateTimeInput,
  type RaRecord,
  required,
  TextInput,
  useInput,
  useNotify,
  useTranslate,
} from 'react-admin';
import { useNavigate } from 'react-router-dom';
import '../access-roles/messages.en';
import { fieldMessage } from '../assignments/ChoiceGroup';
import { CreatePage, RecordForm } from '../shared/FormPage';
import { RoomPatternsField } from '../shared/RoomPatternsField';
import { SecretOnce } from '../shared/SecretOnce';
import './messages.en';
import { PermissionsInput } from './PermissionsInput';

const DEFAULTS = { permissions: [], rooms: [] };

export function ApiKeyCreate() {
  const translate = useTranslate();
  const notify = useNotify();
  const navigate = useNavigate();
  const [secret, setSecret] = useState<string | null>(null);
  return (
    <CreatePage
      title="api_keys.create_title"
      transform={(data: Record<string, unknown>) => ({
        ...data,
        rooms: Array.isArray(data.rooms) && data.rooms.length > 0 ? data.rooms : undefined,
        expiresAt: data.expiresAt || undefined,
      })}
      mutationOptions={{
        onSuccess: (created: RaRecord) => {
          notify('api_keys.created', { type: 'success' });
          setSecret(String(created.key));
        },
      }}
    >
      <RecordForm
        cancelTo="/api-keys"
        saveLabel="api_keys.create"
        defaultValues={DEFAULTS}
        isSaved={secret !== null}
      >
        <TextInput
          source="name"
          validate={required()}
          helperText={translate('api_keys.help.name')}
          autoFocus
        />
        <RoomsInput />
        <DateTimeInput
          source="expiresAt"
          parse={(text: string) => (text ? new Date(text).toISOString() : null)}
          helperText={translate('api_keys.help.expiresAt')}
        />
        <PermissionsInput />
      </RecordForm>
      <SecretOnce
        secret={secret}
        title={translate('api_keys.secret_title')}
        text={translate('api_keys.secret_text')}
        copyLabel={translate('api_keys.copy')}
        onClose={() => void navigate('/api-keys')}
      />
    </CreatePage>
  );
}

function RoomsInput() {
  const translate = useTranslate();
  const { field, fieldState } = useInput({ source: 'rooms', defaultValue: [] });
  return (
    <RoomPatternsField
      label={translate('resources.api-keys.fields.rooms')}
      helperText={translate('api_keys.help.rooms')}
      value={(field.value ?? []) as string[]}
      onChange={field.onChange}
      error={fieldMessage(fieldState.error)}
    />
  );
}

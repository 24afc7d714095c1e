import { type RaRecord, useNotify } from 'react-admin';
import { useNavigate } from 'react-router-dom';
import { CreatePage, RecordForm } from '../shared/FormPage';
import './messages.en';
import { userPath } from './paths';
import { UserInputs } from './UserInputs';

const DEFAULTS = { name: '', kind: 'standard', metadata: '', attributes: {} };

export function UserCreate() {
  const notify = useNotify();
  const navigate = useNavigate();
  return (
    <CreatePage
      title="users.create_title"
      transform={(data: Record<string, unknown>) => ({
        ...data,
        identity: data.identity || undefined,
      })}
      mutationOptions={{
        onSuccess: (user: RaRecord) => {
          notify('users.created', { type: 'success' });
          void navigate(userPath(user.id));
        },
      }}
    >
      <RecordForm cancelTo="/users" saveLabel="users.create" defaultValues={DEFAULTS}>
        <UserInputs isNew />
      </RecordForm>
    </CreatePage>
  );
}

import { useMemo } from 'react';
import { useNotify } from 'react-admin';
import { useNavigate, useSearchParams } from 'react-router-dom';
import { CreatePage, RecordForm } from '../shared/FormPage';
import { AssignmentInputs } from './AssignmentInputs';
import './messages.en';

/** `?user=`, `?room=` and `?template=` fill the form: other pages link here. */
export function AssignmentCreate() {
  const notify = useNotify();
  const navigate = useNavigate();
  const [params] = useSearchParams();
  const defaults = useMemo(
    () => ({
      subject: { user: params.get('user') ?? '' },
      scope: { room: params.get('room') ?? '' },
      template: params.get('template'),
      priority: 0,
      validFrom: null,
      validUntil: null,
      reason: null,
    }),
    [params],
  );
  return (
    <CreatePage
      title="assignments.create_title"
      mutationOptions={{
        onSuccess: () => {
          notify('assignments.created', { type: 'success' });
          void navigate('/assignments');
        },
      }}
    >
      <RecordForm cancelTo="/assignments" saveLabel="assignments.create" defaultValues={defaults}>
        <AssignmentInputs isNew />
      </RecordForm>
    </CreatePage>
  );
}

import type { RaRecord } from 'react-admin';
import { useNotify } from 'react-admin';
import { useNavigate } from 'react-router-dom';
import { CreatePage, RecordForm } from '../shared/FormPage';
import './messages.en';
import { roomConsolePath } from './paths';
import { RoomInputs } from './RoomInputs';

const DEFAULTS = {
  title: '',
  emptyTimeout: 300,
  departureTimeout: 20,
  maxParticipants: 0,
  metadata: '',
  defaultTemplate: 'viewer',
  promoteTemplate: null,
  unlistedParticipants: 'allow',
};

export function RoomCreate() {
  const notify = useNotify();
  const navigate = useNavigate();
  return (
    <CreatePage
      title="rooms.create_title"
      mutationOptions={{
        onSuccess: (room: RaRecord) => {
          notify('rooms.created', { type: 'success' });
          void navigate(roomConsolePath(String(room.name)));
        },
      }}
    >
      <RecordForm cancelTo="/rooms" saveLabel="rooms.create" defaultValues={DEFAULTS}>
        <RoomInputs isNew />
      </RecordForm>
    </CreatePage>
  );
}

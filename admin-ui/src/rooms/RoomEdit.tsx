import { useState } from 'react';
import { useNotify, useTranslate } from 'react-admin';
import { useQueryClient } from '@tanstack/react-query';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { Link, useNavigate } from 'react-router-dom';
import { deleteJson, path, postJson } from '../api/httpClient';
import type { Room } from '../api/records';
import { ConfirmDialog } from '../shared/ConfirmDialog';
import { EditPage, RecordForm } from '../shared/FormPage';
import { Panel } from '../shared/Panel';
import { usePermissionSet } from '../session/usePermissionSet';
import { useRouteSegment } from '../shared/useRouteSegment';
import { SessionsPanel } from '../sessions/SessionsPanel';
import { roomHistoryPath } from '../shared/historyPaths';
import { VoidTokens } from '../tokens/VoidTokens';
import './messages.en';
import { roomConsolePath } from './paths';
import { RoomInputs } from './RoomInputs';
import { RoomState } from './RoomState';

export function RoomEdit() {
  const name = useRouteSegment(1);
  const translate = useTranslate();
  const can = usePermissionSet();
  const isReadOnly = !can('room.update', name);
  return (
    <EditPage
      id={name}
      title={(room) => room.title || room.name}
      saved={(room) => {
        const later = (room as Room).appliesAtNextStart ?? [];
        return later.length === 0
          ? translate('app.form.saved')
          : translate('rooms.saved_later', {
              options: later
                .map((option) => translate(`resources.rooms.fields.${option}`))
                .join(', '),
            });
      }}
    >
      {(record) => {
        const room = record as Room;
        return (
          <Box sx={{ display: 'grid', gap: 2, maxWidth: 760 }}>
            <Heading room={room} />
            <RecordForm cancelTo="/rooms" isReadOnly={isReadOnly}>
              <RoomInputs isReadOnly={isReadOnly} />
            </RecordForm>
            {can('ledger.read', name) && <SessionsPanel room={room.name} />}
            <VoidTokens scope={{ kind: 'room', name: room.name }} />
            <Danger room={room} />
          </Box>
        );
      }}
    </EditPage>
  );
}

function Heading({ room }: { room: Room }) {
  const translate = useTranslate();
  const can = usePermissionSet();
  return (
    <>
      <Box sx={{ display: 'flex', gap: 2, alignItems: 'center', flexWrap: 'wrap' }}>
        <Typography component="p" sx={{ fontWeight: 650, overflowWrap: 'anywhere' }}>
          <bdi translate="no">{room.name}</bdi>
        </Typography>
        <RoomState room={room} />
        <Box sx={{ flex: 1 }} />
        {can('ledger.read', room.name) && (
          <Button component={Link} to={roomHistoryPath(room.name)}>
            {translate('rooms.to_history')}
          </Button>
        )}
        <Button component={Link} to={roomConsolePath(room.name)} variant="outlined">
          {translate('rooms.to_console')}
        </Button>
      </Box>
      {room.isClosed && <Alert severity="warning">{translate('rooms.closed_notice')}</Alert>}
      {room.numParticipants > 0 && (
        <Alert severity="info">
          {translate('rooms.live_now', { smart_count: room.numParticipants })}
        </Alert>
      )}
    </>
  );
}

type Question = 'close' | 'delete' | null;

function Danger({ room }: { room: Room }) {
  const translate = useTranslate();
  const notify = useNotify();
  const can = usePermissionSet();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [question, setQuestion] = useState<Question>(null);
  const people = room.numParticipants;
  const canClose = can('room.close', room.name);
  const canDelete = can('room.delete', room.name);
  if (!canClose && !canDelete) return null;

  const after = async (message: string) => {
    await queryClient.invalidateQueries({ queryKey: ['rooms'] });
    notify(message, { type: 'success' });
  };

  return (
    <Panel title={translate('rooms.danger')} text={translate('rooms.danger_text')}>
      <Box sx={{ display: 'flex', gap: 1, flexWrap: 'wrap' }}>
        {canClose &&
          (room.isClosed ? (
            <ReopenButton room={room} onDone={() => after('rooms.opened_done')} />
          ) : (
            <Button variant="outlined" color="error" onClick={() => setQuestion('close')}>
              {translate('rooms.close')}
            </Button>
          ))}
        {canDelete && (
          <Button variant="outlined" color="error" onClick={() => setQuestion('delete')}>
            {translate('rooms.delete')}
          </Button>
        )}
      </Box>
      <ConfirmDialog
        isOpen={question === 'close'}
        onClose={() => setQuestion(null)}
        title={translate('rooms.close_title', { name: room.name })}
        confirmLabel={translate('rooms.close')}
        isDestructive
        asksReason
        onConfirm={async (reason) => {
          const { outcome } = await postJson<{ outcome?: string }>(
            `${path('rooms', room.name)}/close`,
            reason ? { reason } : {},
          );
          await after(outcome === 'pending' ? 'rooms.closed_pending' : 'rooms.closed_done');
        }}
      >
        <Typography>{translate('rooms.close_text')}</Typography>
        {people > 0 && (
          <Typography sx={{ mt: 1, fontWeight: 600 }}>
            {translate('rooms.close_live', { smart_count: people })}
          </Typography>
        )}
      </ConfirmDialog>
      <ConfirmDialog
        isOpen={question === 'delete'}
        onClose={() => setQuestion(null)}
        title={translate('rooms.delete_title', { name: room.name })}
        confirmLabel={translate('rooms.delete')}
        isDestructive
        typeToConfirm={people > 0 ? room.name : undefined}
        onConfirm={async () => {
          await deleteJson(path('rooms', room.name));
          void navigate('/rooms');
          await queryClient.invalidateQueries({ queryKey: ['rooms', 'getList'] });
          notify('rooms.deleted', { type: 'success' });
        }}
      >
        <Typography>{translate('rooms.delete_text')}</Typography>
        {people > 0 && (
          <Typography sx={{ mt: 1, fontWeight: 600 }}>
            {translate('rooms.delete_live', { smart_count: people })}
          </Typography>
        )}
      </ConfirmDialog>
    </Panel>
  );
}

function ReopenButton({ room, onDone }: { room: Room; onDone: () => Promise<void> }) {
  const translate = useTranslate();
  const notify = useNotify();
  const [isBusy, setIsBusy] = useState(false);
  const reopen = async () => {
    setIsBusy(true);
    try {
      await postJson(`${path('rooms', room.name)}/open`);
      await onDone();
    } catch (error) {
      notify((error as Error).message, { type: 'error' });
    } finally {
      setIsBusy(false);
    }
  };
  return (
    <Button variant="outlined" loading={isBusy} onClick={() => void reopen()}>
      {translate('rooms.reopen')}
    </Button>
  );
}

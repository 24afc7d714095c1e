import { useState } from 'react';
import { type RaRecord, useDelete, useNotify, useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { useNavigate } from 'react-router-dom';
import type { Assignment } from '../api/records';
import { ConfirmDialog } from '../shared/ConfirmDialog';
import { EditPage, RecordForm } from '../shared/FormPage';
import { TimeText } from '../shared/TimeText';
import { usePermissionSet } from '../session/usePermissionSet';
import { useRouteSegment } from '../shared/useRouteSegment';
import { AssignmentInputs } from './AssignmentInputs';
import { AssignmentStatusBadge } from './AssignmentStatusBadge';
import { actorText } from '../shared/actorText';
import './messages.en';

export function AssignmentEdit() {
  const translate = useTranslate();
  const can = usePermissionSet();
  const id = useRouteSegment(1);
  const isReadOnly = !can('assignment.update');
  return (
    <EditPage id={id} title={() => translate('assignments.edit_title')}>
      {(record) => {
        const assignment = record as Assignment;
        return (
          <Box sx={{ display: 'grid', gap: 2, maxWidth: 760 }}>
            <Box sx={{ display: 'flex', gap: 2, alignItems: 'center', flexWrap: 'wrap' }}>
              <AssignmentStatusBadge status={assignment.status} />
              <Typography variant="body2" color="text.secondary">
                <span>{translate('resources.assignments.fields.createdAt')}</span>{' '}
                <TimeText at={assignment.createdAt} />
                {assignment.createdBy && (
                  <span>
                    {` · ${actorText(assignment.createdBy, assignment.createdByKind, translate)}`}
                  </span>
                )}
              </Typography>
            </Box>
            <RecordForm
              cancelTo="/assignments"
              saveLabel="assignments.edit"
              isReadOnly={isReadOnly}
              extra={can('assignment.delete') ? <EndButton assignment={assignment} /> : undefined}
            >
              <AssignmentInputs isReadOnly={isReadOnly} />
            </RecordForm>
          </Box>
        );
      }}
    </EditPage>
  );
}

function EndButton({ assignment }: { assignment: Assignment }) {
  const translate = useTranslate();
  const notify = useNotify();
  const navigate = useNavigate();
  const [isAsking, setIsAsking] = useState(false);
  const [remove] = useDelete();
  return (
    <>
      <Button color="error" onClick={() => setIsAsking(true)}>
        {translate('assignments.end')}
      </Button>
      <ConfirmDialog
        isOpen={isAsking}
        onClose={() => setIsAsking(false)}
        title={translate('assignments.end_title')}
        confirmLabel={translate('assignments.end')}
        isDestructive
        onConfirm={async () => {
          await remove(
            'assignments',
            { id: assignment.id, previousData: assignment as RaRecord },
            { mutationMode: 'pessimistic', returnPromise: true },
          );
          notify('assignments.ended', { type: 'success' });
          void navigate('/assignments');
        }}
      >
        <Typography>{translate('assignments.end_text')}</Typography>
      </ConfirmDialog>
    </>
  );
}

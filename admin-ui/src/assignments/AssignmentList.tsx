import { DataTable, useTranslate } from 'react-admin';
import AssignmentInd from '@mui/icons-material/AssignmentIndOutlined';
import type { Assignment } from '../api/records';
import { SearchFilter, SelectFilter } from '../shared/filters';
import { RecordList } from '../shared/RecordList';
import { RoleChip } from '../shared/RoleChip';
import { RowLink } from '../shared/RowLink';
import { TimeText } from '../shared/TimeText';
import { useTemplates } from '../shared/useTemplates';
import { AssignmentStatusBadge } from './AssignmentStatusBadge';
import './messages.en';
import { ScopeText } from './ScopeText';

const Column = DataTable.Col<Assignment>;
const wide = { display: { xs: 'none', md: 'table-cell' } };
const assignmentPath = (id: string | number) => `/assignments/${encodeURIComponent(id)}`;

export function AssignmentList() {
  const translate = useTranslate();
  const { templates } = useTemplates();
  return (
    <RecordList
      title="app.nav.assignments"
      sort={{ field: 'createdAt', order: 'DESC' }}
      create={{ permission: 'assignment.create', label: 'assignments.create' }}
      empty={{
        icon: <AssignmentInd />,
        title: 'assignments.empty_title',
        text: 'assignments.empty_text',
      }}
      rowClick={(assignment) => assignmentPath(assignment.id)}
      isRowMuted={(assignment) => assignment.status === 'expired'}
      filters={
        <>
          <SearchFilter label="assignments.search" />
          <SelectFilter
            source="status"
            label="resources.assignments.fields.status"
            choices={(['active', 'upcoming', 'expired'] as const).map((id) => ({
              id,
              label: `assignments.status.${id}`,
            }))}
          />
          <SelectFilter
            source="template"
            label="resources.assignments.fields.template"
            choices={templates.map(({ key, name }) => ({ id: key, label: name }))}
          />
        </>
      }
    >
      <Column
        label="resources.assignments.fields.subject"
        render={(assignment) => (
          <RowLink to={assignmentPath(assignment.id)}>
            <bdi translate="no">
              {'everyone' in assignment.subject
                ? translate('assignments.subject.everyone_label')
                : assignment.subjectLabel}
            </bdi>
          </RowLink>
        )}
      />
      <Column
        source="template"
        render={(assignment) => <RoleChip template={assignment.template} />}
      />
      <Column
        label="resources.assignments.fields.scope"
        render={(assignment) => <ScopeText scope={assignment.scope} />}
      />
      <Column
        label="resources.assignments.fields.status"
        render={(assignment) => <AssignmentStatusBadge status={assignment.status} />}
      />
      <Column
        source="validUntil"
        sx={wide}
        render={(assignment) => (
          <TimeText at={assignment.validUntil} empty={translate('assignments.no_end')} />
        )}
      />
      <Column source="priority" sx={wide} align="right" />
      <Column
        source="createdAt"
        sx={wide}
        render={(assignment) => <TimeText at={assignment.createdAt} />}
      />
    </RecordList>
  );
}

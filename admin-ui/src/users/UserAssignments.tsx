import { useGetList, useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Skeleton from '@mui/material/Skeleton';
import { Link } from 'react-router-dom';
import { AssignmentStatusBadge } from '../assignments/AssignmentStatusBadge';
import { ScopeText } from '../assignments/ScopeText';
import type { Assignment, User } from '../api/records';
import { ErrorState } from '../shared/ErrorState';
import { Panel } from '../shared/Panel';
import { RoleChip } from '../shared/RoleChip';
import { TimeText } from '../shared/TimeText';
import { usePermissionSet } from '../session/usePermissionSet';

const LIMIT = 50;

export function UserAssignments({ user }: { user: User }) {
  const translate = useTranslate();
  const can = usePermissionSet();
  const { data, total, error, isPending, refetch } = useGetList<Assignment>('assignments', {
    filter: { user: user.id },
    pagination: { page: 1, perPage: LIMIT },
    sort: { field: 'createdAt', order: 'DESC' },
  });
  return (
    <Panel
      title={translate('users.tab.assignments')}
      action={
        can('assignment.create') && (
          <Button
            component={Link}
            to={`/assignments/create?user=${encodeURIComponent(user.id)}`}
            variant="outlined"
          >
            {translate('users.assignments.create')}
          </Button>
        )
      }
    >
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : isPending ? (
        <Skeleton height={80} animation={false} />
      ) : data.length === 0 ? (
        <span>{translate('users.assignments.none')}</span>
      ) : (
        <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0 }}>
          {data.map((assignment) => (
            <Box
              component="li"
              key={assignment.id}
              sx={{
                borderTop: 1,
                borderColor: 'divider',
                py: 0.75,
                display: 'flex',
                flexWrap: 'wrap',
                gap: 2,
                alignItems: 'center',
              }}
            >
              <Box
                component={Link}
                to={`/assignments/${encodeURIComponent(assignment.id)}`}
                sx={{ flex: '1 1 160px', color: 'inherit' }}
              >
                <RoleChip template={assignment.template} />
              </Box>
              <Box sx={{ flex: '1 1 140px', minWidth: 0 }}>
                <ScopeText scope={assignment.scope} />
              </Box>
              <AssignmentStatusBadge status={assignment.status} />
              <Box sx={{ color: 'text.secondary' }}>
                <TimeText at={assignment.validUntil} empty={translate('assignments.no_end')} />
              </Box>
            </Box>
          ))}
        </Box>
      )}
      {total !== undefined && total > LIMIT && (
        <Button component={Link} to={assignmentsOf(user.id)}>
          {translate('users.see_all')}
        </Button>
      )}
    </Panel>
  );
}

const assignmentsOf = (user: string) =>
  `/assignments?${new URLSearchParams({ filter: JSON.stringify({ user }) })}`;

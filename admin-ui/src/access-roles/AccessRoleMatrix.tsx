import { Fragment, useMemo } from 'react';
import { Title, useGetList, useTranslate } from 'react-admin';
import { useQuery } from '@tanstack/react-query';
import Box from '@mui/material/Box';
import Paper from '@mui/material/Paper';
import Skeleton from '@mui/material/Skeleton';
import Table from '@mui/material/Table';
import TableBody from '@mui/material/TableBody';
import TableCell from '@mui/material/TableCell';
import TableHead from '@mui/material/TableHead';
import TableRow from '@mui/material/TableRow';
import Typography from '@mui/material/Typography';
import Check from '@mui/icons-material/Check';
import Remove from '@mui/icons-material/Remove';
import { getJson } from '../api/httpClient';
import type { AccessRole, PermissionRecord } from '../api/records';
import { ErrorState } from '../shared/ErrorState';
import { Mono } from '../shared/Mono';
import { visuallyHidden } from '../shared/visuallyHidden';
import './messages.en';

/** Permissions down, access roles across: who may do what in the dashboard. */
export function AccessRoleMatrix() {
  const translate = useTranslate();
  const roles = useGetList<AccessRole>('access-roles', {
    pagination: { page: 1, perPage: 100 },
    sort: { field: 'name', order: 'ASC' },
  });
  const permissions = useQuery({
    queryKey: ['permissions'],
    queryFn: ({ signal }) => getJson<PermissionRecord[]>('/permissions', { signal }),
    staleTime: Infinity,
  });
  const error = roles.error ?? permissions.error;
  return (
    <>
      <Title title={translate('app.nav.access_roles')} />
      <Typography color="text.secondary" sx={{ mb: 2 }}>
        {translate('access_roles.text')}
      </Typography>
      {error ? (
        <ErrorState
          error={error}
          onRetry={() => {
            void roles.refetch();
            void permissions.refetch();
          }}
        />
      ) : roles.data && permissions.data ? (
        <Matrix roles={roles.data} permissions={permissions.data} />
      ) : (
        <Skeleton variant="rectangular" height={320} animation={false} />
      )}
    </>
  );
}

function Matrix({ roles, permissions }: { roles: AccessRole[]; permissions: PermissionRecord[] }) {
  const translate = useTranslate();
  const groups = useMemo(() => {
    const byGroup = new Map<string, PermissionRecord[]>();
    for (const permission of permissions) {
      const group = permission.id.split('.')[0] ?? '';
      byGroup.set(group, [...(byGroup.get(group) ?? []), permission]);
    }
    return [...byGroup];
  }, [permissions]);
  return (
    <Paper variant="outlined" sx={{ maxWidth: 960, overflow: 'hidden' }}>
      <Box
        tabIndex={0}
        role="region"
        aria-label={translate('access_roles.matrix')}
        sx={{ position: 'relative', overflow: 'auto', maxHeight: 'calc(100vh - 160px)' }}
      >
        <Table stickyHeader>
          <TableHead>
            <TableRow>
              <TableCell scope="col">{translate('access_roles.permission')}</TableCell>
              {roles.map(({ key, name, description }) => (
                <TableCell
                  key={key}
                  scope="col"
                  sx={{ minWidth: { xs: 96, sm: 180 }, verticalAlign: 'top', whiteSpace: 'normal' }}
                >
                  <Typography component="div" sx={{ fontWeight: 650, color: 'text.primary' }}>
                    {name}
                  </Typography>
                  <Typography
                    variant="caption"
                    component="div"
                    sx={{ display: { xs: 'none', sm: 'block' } }}
                  >
                    {description}
                  </Typography>
                </TableCell>
              ))}
            </TableRow>
          </TableHead>
          <TableBody>
            <TableRow>
              <TableCell component="th" scope="row" sx={{ fontWeight: 550 }}>
                {translate('access_roles.ceiling')}
              </TableCell>
              {roles.map((role) => (
                <TableCell key={role.key}>{translate(ceilingText(role))}</TableCell>
              ))}
            </TableRow>
            {groups.map(([group, members]) => (
              <Fragment key={group}>
                <TableRow>
                  <TableCell
                    component="th"
                    scope="rowgroup"
                    colSpan={roles.length + 1}
                    sx={{ bgcolor: 'background.default', fontWeight: 650, fontSize: '.75rem' }}
                  >
                    {translate(`access_roles.groups.${group}`, { _: group })}
                  </TableCell>
                </TableRow>
                {members.map(({ id, description }) => (
                  <TableRow key={id} hover>
                    <TableCell component="th" scope="row" sx={{ fontWeight: 400 }}>
                      <span>{description}</span>{' '}
                      <Box
                        component="span"
                        sx={{ color: 'text.secondary', display: { xs: 'none', sm: 'inline' } }}
                      >
                        <Mono>{id}</Mono>
                      </Box>
                    </TableCell>
                    {roles.map((role) => (
                      <TableCell key={role.key}>
                        <Held isHeld={role.permissions.includes(id)} />
                      </TableCell>
                    ))}
                  </TableRow>
                ))}
              </Fragment>
            ))}
          </TableBody>
        </Table>
      </Box>
    </Paper>
  );
}

const GIVING = ['token.issue', 'token.issue_as', 'assignment.create', 'seat.promote'];

function ceilingText({ ceiling, permissions }: AccessRole) {
  if (!GIVING.some((permission) => permissions.includes(permission))) {
    return 'access_roles.gives_nothing';
  }
  return ceiling === null ? 'access_roles.no_ceiling' : 'access_roles.with_ceiling';
}

function Held({ isHeld }: { isHeld: boolean }) {
  const translate = useTranslate();
  const Icon = isHeld ? Check : Remove;
  return (
    <>
      <Icon
        aria-hidden
        sx={{
          fontSize: 18,
          display: 'block',
          color: isHeld ? 'success.main' : 'text.disabled',
          opacity: isHeld ? 1 : 0.6,
        }}
      />
      <Box component="span" sx={visuallyHidden}>
        {translate(isHeld ? 'access_roles.yes' : 'access_roles.no')}
      </Box>
    </>
  );
}

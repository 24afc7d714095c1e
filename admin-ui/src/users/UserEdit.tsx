import { useState } from 'react';
import { useDelete, useNotify, useTranslate, useUpdate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Tab from '@mui/material/Tab';
import Tabs from '@mui/material/Tabs';
import Typography from '@mui/material/Typography';
import { Link, useNavigate } from 'react-router-dom';
import type { Permission } from '../session/permissions';
import type { User } from '../api/records';
import { ConfirmDialog } from '../shared/ConfirmDialog';
import { CopyButton } from '../shared/CopyButton';
import { EditPage, RecordForm } from '../shared/FormPage';
import { Mono } from '../shared/Mono';
import { Panel } from '../shared/Panel';
import { usePermissionSet } from '../session/usePermissionSet';
import { useRouteSegment } from '../shared/useRouteSegment';
import { useUrlFilters } from '../shared/useUrlFilters';
import { personPath } from '../shared/historyPaths';
import { VoidTokens } from '../tokens/VoidTokens';
import './messages.en';
import { LookAlikeWarning } from './LookAlikeWarning';
import { UserAssignments } from './UserAssignments';
import { UserEffective } from './UserEffective';
import { UserInputs } from './UserInputs';
import { UserIssuances } from './UserIssuances';
import { UserState } from './UserState';
import { nameOf } from '../shared/nameOf';

const TABS = [
  { id: 'profile', permission: 'user.read' },
  { id: 'effective', permission: 'token.preview' },
  { id: 'assignments', permission: 'assignment.read' },
  { id: 'issuances', permission: 'ledger.read' },
] as const satisfies { id: string; permission: Permission }[];

const KEYS = ['tab'] as const;

export function UserEdit() {
  const id = useRouteSegment(1);
  return (
    <EditPage id={id} title={(user) => nameOf({ name: user.name, identity: user.identity })}>
      {(record) => <UserPage user={record as User} />}
    </EditPage>
  );
}

function UserPage({ user }: { user: User }) {
  const translate = useTranslate();
  const can = usePermissionSet();
  const { values, set } = useUrlFilters(KEYS);
  const tabs = TABS.filter(({ permission }) => can(permission));
  const tab = tabs.find(({ id }) => id === values.tab)?.id ?? 'profile';
  return (
    <Box sx={{ display: 'grid', gap: 2, maxWidth: 960, minWidth: 0 }}>
      <Box sx={{ display: 'flex', gap: 1, alignItems: 'center', flexWrap: 'wrap' }}>
        <Mono>{user.identity}</Mono>
        <CopyButton text={user.identity} label={translate('app.copy.identity')} />
        <UserState user={user} />
        {can('ledger.read') && (
          <Button component={Link} to={personPath(user.identity)} sx={{ ml: 'auto' }}>
            {translate('users.to_history')}
          </Button>
        )}
      </Box>
      {user.isSuspended && <Alert severity="warning">{translate('users.suspended_notice')}</Alert>}
      <LookAlikeWarning identity={user.identity} />
      <Tabs
        value={tab}
        onChange={(_, next: string) => set({ tab: next === 'profile' ? '' : next })}
        aria-label={translate('users.tab.label')}
        variant="scrollable"
        sx={{ borderBottom: 1, borderColor: 'divider' }}
      >
        {tabs.map(({ id }) => (
          <Tab
            key={id}
            value={id}
            label={translate(`users.tab.${id}`)}
            id={`tab-${id}`}
            aria-controls={id === tab ? `panel-${id}` : undefined}
          />
        ))}
      </Tabs>
      <Box role="tabpanel" id={`panel-${tab}`} aria-labelledby={`tab-${tab}`} sx={{ minWidth: 0 }}>
        {tab === 'profile' && <Profile user={user} />}
        {tab === 'effective' && <UserEffective user={user} />}
        {tab === 'assignments' && <UserAssignments user={user} />}
        {tab === 'issuances' && <UserIssuances user={user} />}
      </Box>
    </Box>
  );
}

function Profile({ user }: { user: User }) {
  const can = usePermissionSet();
  const isReadOnly = !can('user.update');
  return (
    <Box sx={{ display: 'grid', gap: 2, maxWidth: 760 }}>
      <RecordForm cancelTo="/users" isReadOnly={isReadOnly}>
        <UserInputs isReadOnly={isReadOnly} />
      </RecordForm>
      <VoidTokens scope={{ kind: 'user', id: user.id, name: nameOf(user) }} />
      <Danger user={user} />
    </Box>
  );
}

function Danger({ user }: { user: User }) {
  const translate = useTranslate();
  const notify = useNotify();
  const navigate = useNavigate();
  const can = usePermissionSet();
  const [question, setQuestion] = useState<'suspend' | 'delete' | null>(null);
  const [update, { isPending: isUpdating }] = useUpdate();
  const [remove] = useDelete();
  if (!can('user.update') && !can('user.delete')) return null;
  const name = nameOf(user);

  const setSuspended = async (isSuspended: boolean) => {
    await update(
      'users',
      { id: user.id, data: { isSuspended }, previousData: user },
      { mutationMode: 'pessimistic', returnPromise: true },
    );
    notify(isSuspended ? 'users.suspended_done' : 'users.resumed_done', { type: 'success' });
  };

  return (
    <Panel title={translate('users.danger')} text={translate('users.danger_text')}>
      <Box sx={{ display: 'flex', gap: 1, flexWrap: 'wrap' }}>
        {can('user.update') &&
          (user.isSuspended ? (
            <Button
              variant="outlined"
              loading={isUpdating}
              onClick={() =>
                void setSuspended(false).catch((error: Error) =>
                  notify(error.message, { type: 'error' }),
                )
              }
            >
              {translate('users.resume')}
            </Button>
          ) : (
            <Button variant="outlined" color="error" onClick={() => setQuestion('suspend')}>
              {translate('users.suspend')}
            </Button>
          ))}
        {can('user.delete') && (
          <Button variant="outlined" color="error" onClick={() => setQuestion('delete')}>
            {translate('users.delete')}
          </Button>
        )}
      </Box>
      <ConfirmDialog
        isOpen={question === 'suspend'}
        onClose={() => setQuestion(null)}
        title={translate('users.suspend_title', { name })}
        confirmLabel={translate('users.suspend')}
        isDestructive
        onConfirm={() => setSuspended(true)}
      >
        <Typography>{translate('users.suspend_text')}</Typography>
      </ConfirmDialog>
      <ConfirmDialog
        isOpen={question === 'delete'}
        onClose={() => setQuestion(null)}
        title={translate('users.delete_title', { name })}
        confirmLabel={translate('users.delete')}
        isDestructive
        onConfirm={async () => {
          await remove(
            'users',
            { id: user.id, previousData: user },
            { mutationMode: 'pessimistic', returnPromise: true },
          );
          notify('users.deleted', { type: 'success' });
          void navigate('/users');
        }}
      >
        <Typography>{translate('users.delete_text')}</Typography>
      </ConfirmDialog>
    </Panel>
  );
}

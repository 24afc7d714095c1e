import { DataTable, useTranslate } from 'react-admin';
import Group from '@mui/icons-material/GroupOutlined';
import type { User } from '../api/records';
import { SearchFilter, SelectFilter } from '../shared/filters';
import { Mono } from '../shared/Mono';
import { RecordList } from '../shared/RecordList';
import { RowLink } from '../shared/RowLink';
import { TimeText } from '../shared/TimeText';
import './messages.en';
import { userPath } from './paths';
import { UserState } from './UserState';
import { nameOf } from '../shared/nameOf';

const Column = DataTable.Col<User>;
const wide = { display: { xs: 'none', md: 'table-cell' } };

export function UserList() {
  const translate = useTranslate();
  return (
    <RecordList
      title="app.nav.users"
      sort={{ field: 'name', order: 'ASC' }}
      create={{ permission: 'user.create', label: 'users.create' }}
      empty={{ icon: <Group />, title: 'users.empty_title', text: 'users.empty_text' }}
      rowClick={(user) => userPath(user.id)}
      isRowMuted={(user) => user.isSuspended as boolean}
      filters={
        <>
          <SearchFilter label="users.search" />
          <SelectFilter
            source="kind"
            label="resources.users.fields.kind"
            choices={[
              { id: 'standard', label: 'users.kind.standard' },
              { id: 'agent', label: 'users.kind.agent' },
            ]}
          />
          <SelectFilter
            source="isSuspended"
            label="resources.users.fields.isSuspended"
            choices={[
              { id: false, label: 'users.state.active' },
              { id: true, label: 'users.state.suspended' },
            ]}
          />
        </>
      }
    >
      <Column
        source="name"
        render={(user) => (
          <RowLink to={userPath(user.id)}>
            <bdi translate="no">{nameOf(user)}</bdi>
          </RowLink>
        )}
      />
      <Column source="identity" render={(user) => <Mono>{user.identity}</Mono>} />
      <Column source="kind" sx={wide} render={(user) => translate(`users.kind.${user.kind}`)} />
      <Column source="isSuspended" disableSort render={(user) => <UserState user={user} />} />
      <Column source="createdAt" sx={wide} render={(user) => <TimeText at={user.createdAt} />} />
    </RecordList>
  );
}

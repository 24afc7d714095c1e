import { DataTable, useTranslate } from 'react-admin';
import AdminPanelSettings from '@mui/icons-material/AdminPanelSettingsOutlined';
import Box from '@mui/material/Box';
import type { Operator } from '../api/records';
import { useMe } from '../session/session';
import { SearchFilter } from '../shared/filters';
import { RecordList } from '../shared/RecordList';
import { RowLink } from '../shared/RowLink';
import { StatusBadge } from '../shared/StatusBadge';
import { TimeText } from '../shared/TimeText';
import { AccessText } from './AccessText';
import './messages.en';

const Column = DataTable.Col<Operator>;
const wide = { display: { xs: 'none', md: 'table-cell' } };
const operatorPath = (id: string | number) => `/operators/${encodeURIComponent(id)}`;

export function OperatorList() {
  const translate = useTranslate();
  const me = useMe();
  return (
    <RecordList
      title="app.nav.operators"
      sort={{ field: 'name', order: 'ASC' }}
      create={{ permission: 'operator.create', label: 'operators.create' }}
      empty={{
        icon: <AdminPanelSettings />,
        title: 'operators.empty_title',
        text: 'operators.empty_text',
      }}
      rowClick={(operator) => operatorPath(operator.id)}
      isRowMuted={(operator) => operator.isDisabled as boolean}
      filters={<SearchFilter label="operators.search" />}
    >
      <Column
        source="name"
        render={(operator) => (
          <>
            <RowLink to={operatorPath(operator.id)}>
              <bdi translate="no">{operator.name || operator.email}</bdi>
            </RowLink>
            {operator.id === me?.operator.id && (
              <Box component="span" sx={{ color: 'text.secondary', ml: 1 }}>
                {translate('operators.you')}
              </Box>
            )}
          </>
        )}
      />
      <Column
        source="email"
        sx={wide}
        render={(operator) => <bdi translate="no">{operator.email}</bdi>}
      />
      <Column
        label="resources.operators.fields.access"
        render={(operator) => <AccessText access={operator.access} />}
      />
      <Column
        source="isDisabled"
        disableSort
        render={(operator) =>
          operator.isDisabled ? (
            <StatusBadge tone="bad">{translate('operators.state.disabled')}</StatusBadge>
          ) : (
            <StatusBadge tone="good">{translate('operators.state.active')}</StatusBadge>
          )
        }
      />
      <Column
        source="lastSignedInAt"
        sx={wide}
        disableSort
        render={(operator) => (
          <TimeText at={operator.lastSignedInAt} empty={translate('operators.never')} />
        )}
      />
    </RecordList>
  );
}

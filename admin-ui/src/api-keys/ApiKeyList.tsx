import { useState } from 'react';
import { DataTable, useNotify, useRefresh, useTranslate } from 'react-admin';
import Button from '@mui/material/Button';
import Tooltip from '@mui/material/Tooltip';
import Typography from '@mui/material/Typography';
import Key from '@mui/icons-material/VpnKeyOutlined';
import { deleteJson, path } from '../api/httpClient';
import type { ApiKey } from '../api/records';
import { ConfirmDialog } from '../shared/ConfirmDialog';
import { Mono } from '../shared/Mono';
import { logPath } from '../shared/historyPaths';
import { RecordList } from '../shared/RecordList';
import { RowLink } from '../shared/RowLink';
import { StatusBadge } from '../shared/StatusBadge';
import { TimeText } from '../shared/TimeText';
import { usePermissionSet } from '../session/usePermissionSet';
import './messages.en';

const Column = DataTable.Col<ApiKey>;
const wide = { display: { xs: 'none', md: 'table-cell' } };

export function ApiKeyList() {
  const translate = useTranslate();
  const notify = useNotify();
  const refresh = useRefresh();
  const can = usePermissionSet();
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  return (
    <>
      <RecordList
        title="app.nav.api_keys"
        sort={{ field: 'createdAt', order: 'DESC' }}
        create={{ permission: 'api_key.create', label: 'api_keys.create' }}
        empty={{ icon: <Key />, title: 'api_keys.empty_title', text: 'api_keys.empty_text' }}
        isRowMuted={(key) => key.isRevoked as boolean}
      >
        <Column
          source="name"
          render={({ id, name }) =>
            can('ledger.read') ? (
              <RowLink to={logPath(`actor:${id}`)}>{name}</RowLink>
            ) : (
              <strong>{name}</strong>
            )
          }
        />
        <Column source="prefix" disableSort render={(key) => <Mono>{`${key.prefix}…`}</Mono>} />
        <Column label="api_keys.state.label" render={(key) => <KeyState apiKey={key} />} />
        <Column
          source="permissions"
          disableSort
          sx={wide}
          render={(key) => (
            <Tooltip title={key.permissions.join(', ')}>
              <span>{translate('api_keys.count', { smart_count: key.permissions.length })}</span>
            </Tooltip>
          )}
        />
        <Column
          source="rooms"
          disableSort
          sx={wide}
          render={(key) =>
            key.rooms && key.rooms.length > 0 ? (
              <Mono>{key.rooms.join(', ')}</Mono>
            ) : (
              translate('api_keys.all_rooms')
            )
          }
        />
        <Column
          source="expiresAt"
          disableSort
          sx={wide}
          render={(key) => <TimeText at={key.expiresAt} empty={translate('api_keys.no_expiry')} />}
        />
        <Column
          source="lastUsedAt"
          disableSort
          sx={wide}
          render={(key) => <TimeText at={key.lastUsedAt} empty={translate('api_keys.never')} />}
        />
        <Column
          label="app.list.actions"
          align="right"
          render={(key) =>
            !key.isRevoked && can('api_key.revoke') ? (
              <Button
                color="error"
                aria-label={translate('api_keys.revoke_named', { name: key.name })}
                onClick={() => setRevoking(key)}
              >
                {translate('api_keys.revoke')}
              </Button>
            ) : null
          }
        />
      </RecordList>
      <ConfirmDialog
        isOpen={revoking !== null}
        onClose={() => setRevoking(null)}
        title={translate('api_keys.revoke_title', { name: revoking?.name ?? '' })}
        confirmLabel={translate('api_keys.revoke')}
        isDestructive
        onConfirm={async () => {
          if (!revoking) return;
          await deleteJson(path('api-keys', revoking.id));
          notify('api_keys.revoked', { type: 'success' });
          refresh();
        }}
      >
        <Typography>{translate('api_keys.revoke_text')}</Typography>
      </ConfirmDialog>
    </>
  );
}

function KeyState({ apiKey }: { apiKey: ApiKey }) {
  const translate = useTranslate();
  if (apiKey.isRevoked) {
    return <StatusBadge tone="bad">{translate('api_keys.state.revoked')}</StatusBadge>;
  }
  const isExpired = apiKey.expiresAt !== null && new Date(apiKey.expiresAt) < new Date();
  return isExpired ? (
    <StatusBadge tone="pending">{translate('api_keys.state.expired')}</StatusBadge>
  ) : (
    <StatusBadge tone="good">{translate('api_keys.state.active')}</StatusBadge>
  );
}

import { useState } from 'react';
import { TextInput, useNotify, useTranslate, useUpdate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { Link } from 'react-router-dom';
import type { Operator } from '../api/records';
import { useMe } from '../session/session';
import { ConfirmDialog } from '../shared/ConfirmDialog';
import { EditPage, RecordForm } from '../shared/FormPage';
import { Panel } from '../shared/Panel';
import { SecretOnce } from '../shared/SecretOnce';
import { useErrorText } from '../shared/useErrorText';
import { usePermissionSet } from '../session/usePermissionSet';
import { useRouteSegment } from '../shared/useRouteSegment';
import { operatorHistoryPath } from '../shared/historyPaths';
import { AccessInput } from './AccessInput';
import './messages.en';

export function OperatorEdit() {
  const translate = useTranslate();
  const can = usePermissionSet();
  const me = useMe();
  const id = useRouteSegment(1);
  return (
    <EditPage id={id} title={(operator) => operator.name || operator.email}>
      {(record) => {
        const operator = record as Operator;
        const isSelf = operator.id === me?.operator.id;
        const isReadOnly = !can('operator.update');
        return (
          <Box sx={{ display: 'grid', gap: 2, maxWidth: 760 }}>
            <Box sx={{ display: 'flex', alignItems: 'center', gap: 2, flexWrap: 'wrap' }}>
              <Typography color="text.secondary">
                <bdi translate="no">{operator.email}</bdi>
              </Typography>
              {can('ledger.read') && (
                <Button component={Link} to={operatorHistoryPath(operator.id)}>
                  {translate('operators.to_history')}
                </Button>
              )}
            </Box>
            {operator.isDisabled && (
              <Alert severity="warning">{translate('operators.disabled_notice')}</Alert>
            )}
            {isSelf && <Alert severity="info">{translate('operators.self_notice')}</Alert>}
            <RecordForm cancelTo="/operators" isReadOnly={isReadOnly}>
              <TextInput source="name" readOnly={isReadOnly} />
              <AccessInput isReadOnly={isReadOnly || isSelf} />
            </RecordForm>
            {!isReadOnly && !isSelf && <SignInSettings operator={operator} />}
          </Box>
        );
      }}
    </EditPage>
  );
}

function SignInSettings({ operator }: { operator: Operator }) {
  const translate = useTranslate();
  const notify = useNotify();
  const errorText = useErrorText();
  const [question, setQuestion] = useState<'disable' | 'reset' | null>(null);
  const [password, setPassword] = useState<string | null>(null);
  const [update, { isPending }] = useUpdate();
  const name = operator.name || operator.email;

  const save = (data: Partial<Operator> & { password?: string }) =>
    update(
      'operators',
      { id: operator.id, data, previousData: operator },
      { mutationMode: 'pessimistic', returnPromise: true },
    );

  return (
    <Panel title={translate('operators.danger')} text={translate('operators.danger_text')}>
      <Box sx={{ display: 'flex', gap: 1, flexWrap: 'wrap' }}>
        <Button variant="outlined" onClick={() => setQuestion('reset')}>
          {translate('operators.reset')}
        </Button>
        {operator.isDisabled ? (
          <Button
            variant="outlined"
            loading={isPending}
            onClick={() =>
              void save({ isDisabled: false }).then(
                () => notify('operators.enabled_done', { type: 'success' }),
                (error: unknown) => notify(errorText(error), { type: 'error' }),
              )
            }
          >
            {translate('operators.enable')}
          </Button>
        ) : (
          <Button variant="outlined" color="error" onClick={() => setQuestion('disable')}>
            {translate('operators.disable')}
          </Button>
        )}
      </Box>
      <ConfirmDialog
        isOpen={question === 'disable'}
        onClose={() => setQuestion(null)}
        title={translate('operators.disable_title', { name })}
        confirmLabel={translate('operators.disable')}
        isDestructive
        onConfirm={async () => {
          await save({ isDisabled: true });
          notify('operators.disabled_done', { type: 'success' });
        }}
      >
        <Typography>{translate('operators.disable_text')}</Typography>
      </ConfirmDialog>
      <ConfirmDialog
        isOpen={question === 'reset'}
        onClose={() => setQuestion(null)}
        title={translate('operators.reset_title', { name })}
        confirmLabel={translate('operators.reset')}
        onConfirm={async () => {
          const next = newPassword();
          await save({ password: next });
          notify('operators.reset_done', { type: 'success' });
          setPassword(next);
        }}
      >
        <Typography>{translate('operators.reset_text')}</Typography>
      </ConfirmDialog>
      <SecretOnce
        secret={password}
        title={translate('operators.temporary_title')}
        text={translate('operators.temporary_text', { email: operator.email })}
        copyLabel={translate('operators.copy_password')}
        onClose={() => setPassword(null)}
      />
    </Panel>
  );
}

const LETTERS = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/** 20 letters without look-alikes: about 115 bits. */
function newPassword() {
  const bytes = crypto.getRandomValues(new Uint32Array(20));
  const text = Array.from(bytes, (value) => LETTERS[value % LETTERS.length]).join('');
  return (text.match(/.{5}/g) ?? []).join('-');
}

import { useState } from 'react';
import { useNotify, useTranslate } from 'react-admin';
import { useQueryClient } from '@tanstack/react-query';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { path, postJson } from '../api/httpClient';
import { useMe } from '../session/session';
import { ConfirmDialog } from '../shared/ConfirmDialog';
import { Panel } from '../shared/Panel';
import { usePermissionSet } from '../session/usePermissionSet';
import './voidTokens.messages.en';

export type VoidScope =
  | { kind: 'user'; id: string; name: string }
  | { kind: 'room'; name: string }
  | { kind: 'everybody' };

/** Hidden without the permission. Tokens of all rooms need access without a room limit. */
export function VoidTokens({ scope }: { scope: VoidScope }) {
  const translate = useTranslate();
  const notify = useNotify();
  const queryClient = useQueryClient();
  const [isAsking, setIsAsking] = useState(false);
  if (!useMayVoid(scope)) return null;
  const { kind } = scope;
  const text = (name: string) =>
    translate(`void_tokens.${kind}.${name}`, kind === 'everybody' ? {} : { name: scope.name });

  return (
    <Panel title={translate('void_tokens.title')} text={translate('void_tokens.text')}>
      <Button variant="outlined" color="error" onClick={() => setIsAsking(true)}>
        {text('label')}
      </Button>
      <ConfirmDialog
        isOpen={isAsking}
        onClose={() => setIsAsking(false)}
        title={text('title')}
        confirmLabel={translate('void_tokens.confirm')}
        isDestructive
        {...(kind === 'everybody' && { typeToConfirm: text('type') })}
        asksReason
        onConfirm={async (reason) => {
          await postJson(routeOf(scope), reason ? { reason } : {});
          await queryClient.invalidateQueries({ queryKey: ['ledger'] });
          notify('void_tokens.done', { type: 'success' });
        }}
      >
        <Typography>{text('text')}</Typography>
      </ConfirmDialog>
    </Panel>
  );
}

function useMayVoid(scope: VoidScope): boolean {
  const can = usePermissionSet();
  const me = useMe();
  if (scope.kind === 'room') return can('token.void', scope.name);
  return can('token.void') && me?.rooms === null;
}

function routeOf(scope: VoidScope): string {
  switch (scope.kind) {
    case 'user':
      return `${path('users', scope.id)}/void-tokens`;
    case 'room':
      return `${path('rooms', scope.name)}/void-tokens`;
    case 'everybody':
      return '/void-tokens';
  }
}

import { useNotify, useTranslate } from 'react-admin';
import type { LedgerView } from '@rolecall/server/api';
import { ConfirmDialog } from '../../shared/ConfirmDialog';
import { useDeleteView } from './useViews';

export interface DeleteViewDialogProps {
  view: LedgerView;
  onClose: () => void;
}

export function DeleteViewDialog({ view, onClose }: DeleteViewDialogProps) {
  const translate = useTranslate();
  const notify = useNotify();
  const remove = useDeleteView();
  return (
    <ConfirmDialog
      isOpen
      isDestructive
      title={translate('ledger.view.delete_title', { name: view.name })}
      confirmLabel={translate('ledger.view.delete')}
      onConfirm={async () => {
        await remove.mutateAsync(view.id);
        notify('ledger.view.deleted', { type: 'success' });
      }}
      onClose={onClose}
    >
      {translate('ledger.view.delete_text')}
    </ConfirmDialog>
  );
}

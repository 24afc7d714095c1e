import { useTranslate } from 'react-admin';
import Typography from '@mui/material/Typography';
import { ConfirmDialog } from '../../shared/ConfirmDialog';
import type { Console } from '../useConsole';

/** Before many people come up at once: how many, in figures. */
export function ApproveAllDialog({ desk, count }: { desk: Console; count: number }) {
  const translate = useTranslate();
  const title = translate('room_stage.approve_many', { smart_count: count });
  return (
    <ConfirmDialog
      isOpen
      title={`${title}?`}
      confirmLabel={title}
      typeToConfirm={String(count)}
      onConfirm={desk.approvals.all}
      onClose={desk.close}
    >
      <Typography variant="body2">{translate('room_stage.approve_many_help')}</Typography>
    </ConfirmDialog>
  );
}

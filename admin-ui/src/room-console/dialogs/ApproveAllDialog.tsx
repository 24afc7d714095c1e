import { useTranslate } from 'react-admin';
import Typography from '@mui/material/Typography';
import { ConfirmDialog } from '../../shared/ConfirmDialog';
import { useDialogControls } from '../commands/useOpenDialog';

export interface ApproveAllDialogProps {
  count: number;
  onConfirm: () => Promise<void>;
}

/** Before many people are approved at once, their number has to be typed. */
export function ApproveAllDialog({ count, onConfirm }: ApproveAllDialogProps) {
  const translate = useTranslate();
  const { closeDialog } = useDialogControls();
  const title = translate('room_stage.approve_many', { smart_count: count });
  return (
    <ConfirmDialog
      isOpen
      title={`${title}?`}
      confirmLabel={title}
      typeToConfirm={String(count)}
      onConfirm={onConfirm}
      onClose={closeDialog}
    >
      <Typography variant="body2">{translate('room_stage.approve_many_help')}</Typography>
    </ConfirmDialog>
  );
}

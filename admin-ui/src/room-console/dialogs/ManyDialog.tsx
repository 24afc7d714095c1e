import { useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Typography from '@mui/material/Typography';
import { ConfirmDialog } from '../../shared/ConfirmDialog';
import { useErrorText } from '../../shared/useErrorText';
import type { BulkRequest } from '../commands/bulkRequest';
import { useDialogControls } from '../commands/useOpenDialog';
import { useBulkActs } from '../bulk/useBulkCommands';

export interface ManyDialogProps {
  request: BulkRequest;
  /** Why it could not begin, when it was tried already. */
  error: unknown;
}

/** Before something happens to many people, or to hosts: how many, in figures. */
export function ManyDialog({ request, error }: ManyDialogProps) {
  const translate = useTranslate();
  const errorText = useErrorText();
  const { needsCount, start } = useBulkActs();
  const { closeDialog } = useDialogControls();
  const count = request.identities.length;
  const title = translate(`room_bulk.ask.${request.action}`, { smart_count: count });
  return (
    <ConfirmDialog
      isOpen
      title={`${title}?`}
      confirmLabel={title}
      typeToConfirm={needsCount(request.identities) ? String(count) : undefined}
      onConfirm={() => start(request)}
      onClose={closeDialog}
    >
      {request.action === 'hold' && (
        <Typography variant="body2" gutterBottom>
          {translate('room_console.does.hold')}
        </Typography>
      )}
      <Typography variant="body2">{translate('room_bulk.paced')}</Typography>
      {error !== undefined && (
        <Alert severity="error" sx={{ mt: 1 }}>
          {errorText(error)}
        </Alert>
      )}
    </ConfirmDialog>
  );
}

import { useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Typography from '@mui/material/Typography';
import { ConfirmDialog } from '../../shared/ConfirmDialog';
import { useErrorText } from '../../shared/useErrorText';
import type { Console } from '../useConsole';
import type { BulkRequest } from '../bulk/useBulk';

export interface ManyDialogProps {
  desk: Console;
  request: BulkRequest;
  /** Why it could not begin, when it was tried already. */
  error: unknown;
}

/** Before something happens to many people, or to hosts: how many, in figures. */
export function ManyDialog({ desk, request, error }: ManyDialogProps) {
  const translate = useTranslate();
  const errorText = useErrorText();
  const count = request.identities.length;
  const title = translate(`room_bulk.ask.${request.action}`, { smart_count: count });
  return (
    <ConfirmDialog
      isOpen
      title={`${title}?`}
      confirmLabel={title}
      typeToConfirm={desk.needsCount(request.identities) ? String(count) : undefined}
      onConfirm={() => desk.startBulk(request)}
      onClose={desk.close}
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

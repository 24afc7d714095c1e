import { useState } from 'react';
import { useNotify, useTranslate } from 'react-admin';
import { useQueryClient } from '@tanstack/react-query';
import Alert from '@mui/material/Alert';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { deleteJson } from '../api/httpClient';
import { ConfirmDialog } from '../shared/ConfirmDialog';
import { usePermissionSet } from '../session/usePermissionSet';
import { useSystemStatus } from '../api/useSystemStatus';

/** Sample data must never be taken for real: the banner stays until it is gone. */
export function DemoBanner() {
  const translate = useTranslate();
  const notify = useNotify();
  const can = usePermissionSet();
  const queryClient = useQueryClient();
  const { data } = useSystemStatus();
  const [isAsking, setIsAsking] = useState(false);
  if (!data?.demo.isPresent) return null;
  return (
    <>
      <Alert
        severity="info"
        sx={{ mb: 2, py: 0, alignItems: 'center' }}
        action={
          can('demo.remove') && (
            <Button color="inherit" onClick={() => setIsAsking(true)}>
              {translate('app.demo.remove')}
            </Button>
          )
        }
      >
        {translate('app.demo.text')}
      </Alert>
      <ConfirmDialog
        isOpen={isAsking}
        onClose={() => setIsAsking(false)}
        title={translate('app.demo.confirm_title')}
        confirmLabel={translate('app.demo.remove')}
        isDestructive
        onConfirm={async () => {
          await deleteJson('/demo');
          await queryClient.invalidateQueries();
          notify('app.demo.removed', { type: 'success' });
        }}
      >
        <Typography>{translate('app.demo.confirm_text')}</Typography>
      </ConfirmDialog>
    </>
  );
}

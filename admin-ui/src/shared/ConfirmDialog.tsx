import { type ReactNode, useId, useState } from 'react';
import { useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import TextField from '@mui/material/TextField';
import { useErrorText } from './useErrorText';

export interface ConfirmDialogProps {
  isOpen: boolean;
  /** A question with verb and object: "Delete room town-hall?" */
  title: string;
  /** What will happen, honestly, with what cannot be undone. */
  children?: ReactNode;
  /** Verb and object, never "OK". */
  confirmLabel: string;
  isDestructive?: boolean;
  /** Asks to type this before the button works. */
  typeToConfirm?: string;
  /** The content has a field that takes the focus; Enter confirms from there as well. */
  hasField?: boolean;
  /** The dialog stays open, and shows what went wrong, until this resolves. */
  onConfirm: () => Promise<unknown> | void;
  onClose: () => void;
}

export function ConfirmDialog(props: ConfirmDialogProps) {
  const { isOpen, title, onClose } = props;
  const titleId = useId();
  const [isBusy, setIsBusy] = useState(false);
  return (
    <Dialog
      open={isOpen}
      onClose={isBusy ? undefined : onClose}
      aria-labelledby={titleId}
      maxWidth="xs"
      fullWidth
    >
      <DialogTitle id={titleId} component="h2" sx={{ fontSize: '1rem', overflowWrap: 'anywhere' }}>
        {title}
      </DialogTitle>
      <Body {...props} isBusy={isBusy} setIsBusy={setIsBusy} />
    </Dialog>
  );
}

function Body({
  children,
  confirmLabel,
  isDestructive,
  typeToConfirm,
  hasField = false,
  onConfirm,
  onClose,
  isBusy,
  setIsBusy,
}: ConfirmDialogProps & { isBusy: boolean; setIsBusy: (isBusy: boolean) => void }) {
  const translate = useTranslate();
  const errorText = useErrorText();
  const [typed, setTyped] = useState('');
  const [error, setError] = useState<unknown>(null);
  const isReady = typeToConfirm === undefined || typed === typeToConfirm;

  const confirm = async () => {
    setIsBusy(true);
    setError(null);
    try {
      await onConfirm();
      onClose();
    } catch (failure) {
      setError(failure);
    } finally {
      setIsBusy(false);
    }
  };

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        event.stopPropagation();
        if (isReady && !isBusy) void confirm();
      }}
    >
      <DialogContent sx={{ pt: 0 }}>
        {children}
        {typeToConfirm !== undefined && (
          <TextField
            sx={{ mt: 2 }}
            label={translate('app.confirm.type', { text: typeToConfirm })}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            autoComplete="off"
            autoFocus
          />
        )}
        {error !== null && (
          <Alert severity="error" sx={{ mt: 2 }}>
            {errorText(error)}
          </Alert>
        )}
      </DialogContent>
      <DialogActions>
        <Button onClick={onClose} disabled={isBusy}>
          {translate('ra.action.cancel')}
        </Button>
        <Button
          type="submit"
          variant="contained"
          color={isDestructive ? 'error' : 'primary'}
          disabled={!isReady}
          loading={isBusy}
          autoFocus={typeToConfirm === undefined && !hasField}
        >
          {confirmLabel}
        </Button>
      </DialogActions>
    </form>
  );
}

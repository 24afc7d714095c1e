import { type ReactNode, useId, useState } from 'react';
import { useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import TextField from '@mui/material/TextField';
import { PresetChips } from './PresetChips';
import { ReasonField } from './ReasonField';
import { useErrorText } from './useErrorText';

export interface ConfirmDialogProps {
  isOpen: boolean;
  /** A question with verb and object: "Delete room town-hall?" */
  title: string;
  /** What will happen, honestly, with what cannot be undone. */
  children?: ReactNode;
  /** Verb and object, never "OK". */
  confirmLabel: string;
  /** The act harms somebody: the focus starts on Cancel, and only the red button itself commits. */
  isDestructive?: boolean;
  /** Asks why. The field is empty each time, so that no reason reaches somebody it was not meant for. */
  asksReason?: boolean;
  reasonPresets?: readonly string[];
  /** What the operator has just written about the same people. */
  reason?: string;
  /** Asks to type this before the button works. */
  typeToConfirm?: string;
  /** The content has a field that takes the focus; Enter confirms from there as well. */
  hasField?: boolean;
  /** The dialog stays open, and shows what went wrong, until this resolves. */
  onConfirm: (reason: string) => Promise<unknown> | void;
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
  isDestructive = false,
  asksReason = false,
  reasonPresets = [],
  reason: written = '',
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
  const [reason, setReason] = useState(written);
  const [error, setError] = useState<unknown>(null);
  const isReady = typeToConfirm === undefined || typed === typeToConfirm;

  const confirm = async () => {
    setIsBusy(true);
    setError(null);
    try {
      await onConfirm(reason.trim());
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
        if (isReady && !isBusy && !isDestructive) void confirm();
      }}
    >
      <DialogContent sx={{ pt: 0 }}>
        {children}
        {asksReason && (
          <Box sx={{ mt: 2 }}>
            <ReasonField value={reason} onChange={setReason} />
            {reasonPresets.length > 0 && (
              <PresetChips
                label={translate('app.reason.presets')}
                presets={reasonPresets}
                value={reason}
                onChange={setReason}
              />
            )}
          </Box>
        )}
        {typeToConfirm !== undefined && (
          <TextField
            sx={{ mt: 2 }}
            label={translate('app.confirm.type', { text: typeToConfirm })}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            autoComplete="off"
            autoFocus={!isDestructive}
          />
        )}
        {error !== null && (
          <Alert severity="error" sx={{ mt: 2 }}>
            {errorText(error)}
          </Alert>
        )}
      </DialogContent>
      <DialogActions>
        <Button onClick={onClose} disabled={isBusy} autoFocus={isDestructive}>
          {translate('ra.action.cancel')}
        </Button>
        <Button
          // No default button in a form that harms: Enter in one of its fields must not press it.
          type={isDestructive ? 'button' : 'submit'}
          onClick={isDestructive ? () => void confirm() : undefined}
          variant="contained"
          color={isDestructive ? 'error' : 'primary'}
          disabled={!isReady}
          loading={isBusy}
          autoFocus={!isDestructive && typeToConfirm === undefined && !hasField}
        >
          {confirmLabel}
        </Button>
      </DialogActions>
    </form>
  );
}

import { useTranslate } from 'react-admin';
import TextField from '@mui/material/TextField';

export interface ReasonFieldProps {
  value: string;
  onChange: (reason: string) => void;
  isRequired?: boolean;
  autoFocus?: boolean;
}

/** The reason, which the ledger keeps with who and when. */
export function ReasonField({ value, onChange, isRequired, autoFocus }: ReasonFieldProps) {
  const translate = useTranslate();
  return (
    <TextField
      label={translate(isRequired ? 'app.reason.required' : 'app.reason.optional')}
      helperText={translate('app.reason.help')}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      required={isRequired}
      autoFocus={autoFocus}
      slotProps={{ htmlInput: { maxLength: 500 } }}
    />
  );
}

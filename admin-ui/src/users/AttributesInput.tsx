import { useState } from 'react';
import { useInput, useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import FormHelperText from '@mui/material/FormHelperText';
import IconButton from '@mui/material/IconButton';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import Add from '@mui/icons-material/Add';
import Close from '@mui/icons-material/Close';

type Pair = [key: string, value: string];

export interface AttributesInputProps {
  source: string;
  label: string;
  helperText?: string;
  isReadOnly?: boolean;
}

/** Key and value pairs. Rows keep their order while one types; a row without a key is not sent. */
export function AttributesInput({ source, label, helperText, isReadOnly }: AttributesInputProps) {
  const translate = useTranslate();
  const { field, fieldState } = useInput({ source, defaultValue: {} });
  const value = (field.value ?? {}) as Record<string, string>;
  const [pairs, setPairs] = useState<Pair[]>(() => Object.entries(value));
  const [sent, setSent] = useState(() => JSON.stringify(value));
  if (JSON.stringify(value) !== sent) {
    // The record was read again: its pairs replace what is shown.
    setSent(JSON.stringify(value));
    setPairs(Object.entries(value));
  }

  const change = (next: Pair[]) => {
    const record = Object.fromEntries(next.filter(([key]) => key !== ''));
    setPairs(next);
    setSent(JSON.stringify(record));
    field.onChange(record);
  };
  const error = fieldState.error?.message;

  return (
    <Box
      component="fieldset"
      sx={{ border: 0, p: 0, m: 0, mt: 1, width: '100%', minWidth: 0 }}
      disabled={isReadOnly}
    >
      <Typography component="legend" variant="body2" sx={{ fontWeight: 600, p: 0 }}>
        {label}
      </Typography>
      {pairs.map(([key, text], at) => (
        <Box key={at} sx={{ display: 'flex', gap: 1, alignItems: 'center' }}>
          <TextField
            label={translate('users.attribute.key')}
            value={key}
            onChange={(event) =>
              change(pairs.map((pair, i) => (i === at ? [event.target.value, pair[1]] : pair)))
            }
          />
          <TextField
            label={translate('users.attribute.value')}
            value={text}
            onChange={(event) =>
              change(pairs.map((pair, i) => (i === at ? [pair[0], event.target.value] : pair)))
            }
          />
          {!isReadOnly && (
            <IconButton
              aria-label={translate('users.attribute.remove', { key: key || at + 1 })}
              onClick={() => change(pairs.filter((_, i) => i !== at))}
            >
              <Close sx={{ fontSize: 18 }} />
            </IconButton>
          )}
        </Box>
      ))}
      {!isReadOnly && (
        <Button startIcon={<Add />} onClick={() => change([...pairs, ['', '']])}>
          {translate('users.attribute.add')}
        </Button>
      )}
      {(error || helperText) && (
        <FormHelperText error={Boolean(error)} sx={{ mx: 0 }}>
          {error || helperText}
        </FormHelperText>
      )}
    </Box>
  );
}

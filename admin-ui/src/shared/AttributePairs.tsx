import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import FormHelperText from '@mui/material/FormHelperText';
import IconButton from '@mui/material/IconButton';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import Add from '@mui/icons-material/Add';
import Close from '@mui/icons-material/Close';
import { registerMessages } from '../i18n/i18nProvider';

registerMessages({
  attribute_pairs: {
    key: 'Key',
    value: 'Value',
    add: 'Add an attribute',
    remove: 'Remove the attribute %{key}',
  },
});

export type Pair = readonly [key: string, value: string];

export const toPairs = (record: Record<string, string> | null | undefined): Pair[] =>
  Object.entries(record ?? {});

/** Rows without a key are not sent. */
export const fromPairs = (pairs: readonly Pair[]): Record<string, string> =>
  Object.fromEntries(pairs.filter(([key]) => key !== ''));

export interface AttributePairsProps {
  label: string;
  help?: string;
  error?: string;
  value: readonly Pair[];
  isReadOnly?: boolean;
  onChange: (pairs: readonly Pair[]) => void;
}

/** Attributes as rows that keep their order while one types; the caller holds them. */
export function AttributePairs(props: AttributePairsProps) {
  const { label, help, error, value, isReadOnly, onChange } = props;
  const translate = useTranslate();
  const replace = (at: number, pair: Pair) =>
    onChange(value.map((each, index) => (index === at ? pair : each)));
  return (
    <Box component="fieldset" sx={{ border: 0, p: 0, m: 0, mt: 1, minWidth: 0 }}>
      <Typography component="legend" variant="body2" sx={{ fontWeight: 600, p: 0 }}>
        {label}
      </Typography>
      {value.map(([key, text], at) => (
        <Box key={at} sx={{ display: 'flex', gap: 1, alignItems: 'center' }}>
          <TextField
            label={translate('attribute_pairs.key')}
            value={key}
            slotProps={{ input: { readOnly: isReadOnly } }}
            onChange={(event) => replace(at, [event.target.value, text])}
          />
          <TextField
            label={translate('attribute_pairs.value')}
            value={text}
            slotProps={{ input: { readOnly: isReadOnly } }}
            onChange={(event) => replace(at, [key, event.target.value])}
          />
          {!isReadOnly && (
            <IconButton
              aria-label={translate('attribute_pairs.remove', { key: key || at + 1 })}
              onClick={() => onChange(value.filter((_, index) => index !== at))}
            >
              <Close sx={{ fontSize: 18 }} />
            </IconButton>
          )}
        </Box>
      ))}
      {!isReadOnly && (
        <Button startIcon={<Add />} onClick={() => onChange([...value, ['', '']])}>
          {translate('attribute_pairs.add')}
        </Button>
      )}
      {(error || help) && (
        <FormHelperText error={Boolean(error)} sx={{ mx: 0 }}>
          {error || help}
        </FormHelperText>
      )}
    </Box>
  );
}

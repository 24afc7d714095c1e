import { type ReactNode, useId } from 'react';
import Box from '@mui/material/Box';
import FormHelperText from '@mui/material/FormHelperText';
import ToggleButton from '@mui/material/ToggleButton';
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup';
import Typography from '@mui/material/Typography';

export interface ChoiceGroupProps<T extends string> {
  legend: string;
  value: T;
  choices: { id: T; label: string }[];
  onChange: (value: T) => void;
  isReadOnly?: boolean;
  error?: string;
  children?: ReactNode;
}

/** One of two or three ways to fill a field, and then the field. */
export function ChoiceGroup<T extends string>({
  legend,
  value,
  choices,
  onChange,
  isReadOnly,
  error,
  children,
}: ChoiceGroupProps<T>) {
  const legendId = useId();
  return (
    <Box role="group" aria-labelledby={legendId} sx={{ width: '100%', mb: 1 }}>
      <Typography id={legendId} variant="body2" sx={{ fontWeight: 600, mb: 0.5 }}>
        {legend}
      </Typography>
      <ToggleButtonGroup
        exclusive
        size="small"
        value={value}
        disabled={isReadOnly}
        aria-labelledby={legendId}
        onChange={(_, next: T | null) => {
          if (next !== null) onChange(next);
        }}
      >
        {choices.map(({ id, label }) => (
          <ToggleButton key={id} value={id} sx={{ px: 1.5, py: 0.5, textTransform: 'none' }}>
            {label}
          </ToggleButton>
        ))}
      </ToggleButtonGroup>
      {children}
      {error && <FormHelperText error>{error}</FormHelperText>}
    </Box>
  );
}

interface FieldErrorLike {
  message?: unknown;
  [key: string]: unknown;
}

/** The server may name a field inside an object ("subject.user"): its message shows here too. */
export function fieldMessage(error: FieldErrorLike | undefined): string | undefined {
  if (!error) return undefined;
  const nested = Object.values(error).find(
    (value): value is FieldErrorLike =>
      typeof value === 'object' && value !== null && 'message' in value,
  );
  const message = error.message || nested?.message;
  return typeof message === 'string'
    ? message.replace(/^@@react-admin@@"?(.*?)"?$/, '$1')
    : undefined;
}

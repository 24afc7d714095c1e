import {
  required,
  useInput,
  useResourceContext,
  useTranslate,
  useTranslateLabel,
} from 'react-admin';
import MenuItem from '@mui/material/MenuItem';
import TextField from '@mui/material/TextField';
import { RoleChip } from './RoleChip';
import { useTemplates } from './useTemplates';

export interface TemplateInputProps {
  source: string;
  /** What no template means here; without it one must be chosen. */
  emptyText?: string;
  helperText?: string;
  isReadOnly?: boolean;
}

/** Choose a published role template by its key; none is null. */
export function TemplateInput({ source, emptyText, helperText, isReadOnly }: TemplateInputProps) {
  const translate = useTranslate();
  const translateLabel = useTranslateLabel();
  const resource = useResourceContext();
  const { published, byKey, isSuccess } = useTemplates();
  const { field, fieldState, id } = useInput({
    source,
    validate: emptyText === undefined ? required() : undefined,
    format: (value: string | null | undefined) => value ?? '',
    parse: (value: string) => value || null,
  });
  const value = field.value as string;
  const error = fieldState.error?.message;
  // One that was archived since stays visible where it is used.
  const keys = published.map(({ key }) => key);
  const choices = value && !keys.includes(value) ? [...keys, value] : keys;
  return (
    <TextField
      {...field}
      id={id}
      select
      value={isSuccess || value === '' ? value : ''}
      label={translateLabel({ source, resource })}
      required={emptyText === undefined}
      error={Boolean(error)}
      helperText={error ? translate('ra.validation.required') : helperText}
      slotProps={{
        select: { readOnly: isReadOnly, displayEmpty: emptyText !== undefined },
        inputLabel: emptyText === undefined ? {} : { shrink: true },
      }}
    >
      {emptyText !== undefined && <MenuItem value="">{emptyText}</MenuItem>}
      {choices.map((key) => (
        <MenuItem key={key} value={key}>
          <RoleChip
            template={key}
            name={byKey.get(key)?.name ?? key}
            color={byKey.get(key)?.color}
          />
        </MenuItem>
      ))}
    </TextField>
  );
}

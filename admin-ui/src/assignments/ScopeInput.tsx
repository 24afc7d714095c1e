import { useState } from 'react';
import { useGetList, useInput, useTranslate } from 'react-admin';
import Autocomplete from '@mui/material/Autocomplete';
import TextField from '@mui/material/TextField';
import type { Room, Scope } from '../api/records';
import { ChoiceGroup, fieldMessage } from './ChoiceGroup';

type Kind = 'room' | 'pattern' | 'all';

const isFilled = (scope?: Scope) =>
  scope && ('all' in scope || ('room' in scope ? scope.room : scope.pattern) !== '');

export function ScopeInput({ isReadOnly }: { isReadOnly?: boolean }) {
  const translate = useTranslate();
  const { field, fieldState } = useInput({
    source: 'scope',
    validate: (value?: Scope) => (isFilled(value) ? undefined : 'assignments.required'),
  });
  const value = field.value as Scope | null | undefined;
  const kind: Kind = !value || 'room' in value ? 'room' : 'pattern' in value ? 'pattern' : 'all';
  const error = fieldMessage(fieldState.error);
  const change = (next: Kind) =>
    field.onChange(
      next === 'all' ? { all: true } : next === 'room' ? { room: '' } : { pattern: '' },
    );
  return (
    <ChoiceGroup<Kind>
      legend={translate('assignments.scope.legend')}
      value={kind}
      onChange={change}
      isReadOnly={isReadOnly}
      choices={(['room', 'pattern', 'all'] as const).map((id) => ({
        id,
        label: translate(`assignments.scope.${id}`),
      }))}
      error={kind === 'all' && error ? translate(error, { _: error }) : undefined}
    >
      {kind === 'room' && (
        <RoomPicker
          name={value && 'room' in value ? value.room : ''}
          onChange={(room) => field.onChange({ room })}
          error={error}
          isReadOnly={isReadOnly}
        />
      )}
      {kind === 'pattern' && (
        <TextField
          label={translate('assignments.scope.pattern_label')}
          value={value && 'pattern' in value ? value.pattern : ''}
          onChange={(event) => field.onChange({ pattern: event.target.value })}
          onBlur={field.onBlur}
          required
          error={Boolean(error)}
          helperText={
            error ? translate(error, { _: error }) : translate('assignments.scope.pattern_help')
          }
          slotProps={{ htmlInput: { readOnly: isReadOnly } }}
        />
      )}
    </ChoiceGroup>
  );
}

/** Rooms that exist are offered; a name that does not exist yet may be typed. */
function RoomPicker({
  name,
  onChange,
  error,
  isReadOnly,
}: {
  name: string;
  onChange: (name: string) => void;
  error?: string;
  isReadOnly?: boolean;
}) {
  const translate = useTranslate();
  const [q, setQ] = useState('');
  const { data, isFetching } = useGetList<Room>('rooms', {
    filter: q ? { q } : {},
    pagination: { page: 1, perPage: 20 },
    sort: { field: 'name', order: 'ASC' },
  });
  return (
    <Autocomplete
      freeSolo
      options={(data ?? []).map((room) => room.name)}
      value={name}
      inputValue={name}
      readOnly={isReadOnly}
      loading={isFetching}
      filterOptions={(options) => options}
      onInputChange={(_, text, reason) => {
        if (reason === 'reset') return;
        setQ(text.trim());
        onChange(text);
      }}
      onChange={(_, room) => onChange(room ?? '')}
      renderInput={(params) => (
        <TextField
          {...params}
          label={translate('assignments.scope.pick')}
          required
          error={Boolean(error)}
          helperText={error && translate(error, { _: error })}
        />
      )}
    />
  );
}

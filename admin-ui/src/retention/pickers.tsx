import { useState } from 'react';
import { useTranslate } from 'react-admin';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import Autocomplete from '@mui/material/Autocomplete';
import Box from '@mui/material/Box';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { getJson } from '../api/httpClient';
import type { Operator, Room, User } from '../api/records';
import { usePermissionSet } from '../session/usePermissionSet';

export interface PickerProps {
  label: string;
  helperText?: string;
  isWrong?: boolean;
  value: string;
  onChange: (value: string) => void;
}

const FOUND = 8;

function useLookup<T>(route: string, sort: string, q: string, isEnabled: boolean): T[] {
  const { data } = useQuery({
    queryKey: [route, 'lookup', q],
    enabled: isEnabled,
    queryFn: ({ signal }) =>
      getJson<T[]>(route, {
        query: {
          range: JSON.stringify([0, FOUND - 1]),
          sort: JSON.stringify([sort, 'ASC']),
          filter: JSON.stringify(q === '' ? {} : { q }),
        },
        signal,
      }),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    retry: false,
  });
  return isEnabled ? (data ?? []) : [];
}

interface Option {
  value: string;
  note: string;
}

/** What is typed counts; what is found is offered. */
function FreePicker({
  options,
  label,
  helperText,
  isWrong,
  value,
  onChange,
}: PickerProps & { options: Option[] }) {
  return (
    <Autocomplete
      freeSolo
      options={options}
      getOptionLabel={(option) => (typeof option === 'string' ? option : option.value)}
      filterOptions={(all) => all}
      inputValue={value}
      onInputChange={(_, text, reason) => {
        if (reason !== 'reset') onChange(text);
      }}
      onChange={(_, option) => {
        if (option !== null) onChange(typeof option === 'string' ? option : option.value);
      }}
      renderOption={({ key, ...props }, option) => (
        <li key={key} {...props}>
          <OptionText {...option} />
        </li>
      )}
      renderInput={(params) => (
        <TextField {...params} label={label} required error={isWrong} helperText={helperText} />
      )}
    />
  );
}

const OptionText = ({ value, note }: Option) => (
  <Box sx={{ minWidth: 0, overflowWrap: 'anywhere' }}>
    <bdi translate="no">{value}</bdi>
    {note !== '' && note !== value && (
      <Typography variant="caption" color="text.secondary" component="p">
        <bdi translate="no">{note}</bdi>
      </Typography>
    )}
  </Box>
);

export function RoomField(props: PickerProps) {
  const can = usePermissionSet();
  const rooms = useLookup<Room>('/rooms', 'name', props.value.trim(), can('room.read'));
  return (
    <FreePicker
      {...props}
      options={rooms.map(({ name, title }) => ({ value: name, note: title }))}
    />
  );
}

export function PersonField(props: PickerProps) {
  const can = usePermissionSet();
  const users = useLookup<User>('/users', 'name', props.value.trim(), can('user.read'));
  return (
    <FreePicker
      {...props}
      options={users.map(({ identity, name }) => ({ value: identity, note: name }))}
    />
  );
}

/** Operators are held by their ids, and chosen by how they are called. */
export function OperatorField({ label, helperText, isWrong, onChange }: PickerProps) {
  const translate = useTranslate();
  const can = usePermissionSet();
  const [q, setQ] = useState('');
  const operators = useLookup<Operator>('/operators', 'email', q.trim(), can('operator.read'));
  return (
    <Autocomplete
      options={operators}
      getOptionLabel={({ email }) => email}
      getOptionKey={({ id }) => id}
      isOptionEqualToValue={(a, b) => a.id === b.id}
      filterOptions={(all) => all}
      noOptionsText={translate('ra.navigation.no_results')}
      onInputChange={(_, text) => setQ(text)}
      onChange={(_, operator) => onChange(operator?.id ?? '')}
      renderOption={({ key, ...props }, { email, name }) => (
        <li key={key} {...props}>
          <OptionText value={email} note={name} />
        </li>
      )}
      renderInput={(params) => (
        <TextField {...params} label={label} required error={isWrong} helperText={helperText} />
      )}
    />
  );
}

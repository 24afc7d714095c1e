import { useDeferredValue, useState } from 'react';
import { useGetList, useTranslate } from 'react-admin';
import Autocomplete from '@mui/material/Autocomplete';
import Box from '@mui/material/Box';
import TextField from '@mui/material/TextField';
import type { Room, User } from '../api/records';
import { Mono } from '../shared/Mono';
import { usePermissionSet } from '../session/usePermissionSet';
import type { KnownUser } from './tokenRequest';
import { nameOf } from '../shared/nameOf';

interface FieldProps<T> {
  value: T;
  error: string | undefined;
  onChange: (value: T) => void;
}

const SUGGESTIONS = { page: 1, perPage: 20 };

/** A user who is known, or any identity at all. */
export function WhoField({ value, error, onChange }: FieldProps<KnownUser | string>) {
  const translate = useTranslate();
  const can = usePermissionSet();
  const [typed, setTyped] = useState('');
  const q = useDeferredValue(typed);
  const { data = [] } = useGetList<User>(
    'users',
    {
      pagination: SUGGESTIONS,
      sort: { field: 'identity', order: 'ASC' },
      filter: q ? { q } : {},
    },
    { enabled: can('user.read'), placeholderData: (before) => before },
  );
  const options: KnownUser[] = data.map(({ id, identity, name }) => ({ id, identity, name }));
  const known = typeof value === 'string' ? null : value;
  return (
    <Autocomplete<KnownUser, false, false, true>
      freeSolo
      disablePortal
      options={options}
      filterOptions={(all) => all}
      value={value}
      getOptionLabel={(option) => (typeof option === 'string' ? option : option.identity)}
      isOptionEqualToValue={(option, chosen) => option.id === chosen.id}
      onChange={(_event, chosen) => onChange(chosen ?? '')}
      onInputChange={(_event, text, reason) => {
        setTyped(text);
        if (reason === 'input') onChange(text);
      }}
      renderOption={({ key, ...item }, user) => (
        <Box component="li" key={key} {...item} sx={{ gap: 1 }}>
          <Mono>{user.identity}</Mono>
          {user.name !== user.identity && (
            <Box component="bdi" translate="no" sx={{ color: 'text.secondary' }}>
              {user.name}
            </Box>
          )}
        </Box>
      )}
      renderInput={(params) => (
        <TextField
          {...params}
          required
          label={translate('tokens.fields.identity')}
          error={Boolean(error)}
          helperText={
            error ??
            (known
              ? translate('tokens.fields.known_user', { name: nameOf(known) })
              : translate('tokens.fields.identity_help'))
          }
        />
      )}
    />
  );
}

/** A room that is known, or the name of one that is not. */
export function RoomField({ value, error, onChange }: FieldProps<string>) {
  const translate = useTranslate();
  const can = usePermissionSet();
  const q = useDeferredValue(value);
  const { data = [] } = useGetList<Room>(
    'rooms',
    {
      pagination: SUGGESTIONS,
      sort: { field: 'name', order: 'ASC' },
      filter: q ? { q } : {},
    },
    { enabled: can('room.read'), placeholderData: (before) => before },
  );
  return (
    <Autocomplete<string, false, false, true>
      freeSolo
      disablePortal
      options={data.map(({ name }) => name)}
      filterOptions={(all) => all}
      inputValue={value}
      onInputChange={(_event, text) => onChange(text)}
      renderInput={(params) => (
        <TextField
          {...params}
          label={translate('tokens.fields.room')}
          error={Boolean(error)}
          helperText={error ?? translate('tokens.fields.room_help')}
        />
      )}
    />
  );
}

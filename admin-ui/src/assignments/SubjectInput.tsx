import { useState } from 'react';
import { useGetList, useGetOne, useInput, useTranslate } from 'react-admin';
import Autocomplete from '@mui/material/Autocomplete';
import Box from '@mui/material/Box';
import TextField from '@mui/material/TextField';
import type { Subject, User } from '../api/records';
import { Mono } from '../shared/Mono';
import { ChoiceGroup, fieldMessage } from './ChoiceGroup';
import { nameOf } from '../shared/nameOf';

type Kind = 'user' | 'everyone';

export function SubjectInput({ isReadOnly }: { isReadOnly?: boolean }) {
  const translate = useTranslate();
  const { field, fieldState } = useInput({
    source: 'subject',
    validate: (value?: Subject) =>
      value && ('everyone' in value || value.user) ? undefined : 'assignments.required',
  });
  const value = field.value as Subject | null | undefined;
  const [kind, setKind] = useState<Kind>(value && 'everyone' in value ? 'everyone' : 'user');
  const userId = value && 'user' in value ? value.user : '';
  const message = fieldMessage(fieldState.error);
  const change = (next: Kind) => {
    setKind(next);
    field.onChange(next === 'everyone' ? { everyone: true } : { user: '' });
  };
  return (
    <ChoiceGroup<Kind>
      legend={translate('assignments.subject.legend')}
      value={kind}
      onChange={change}
      isReadOnly={isReadOnly}
      choices={[
        { id: 'user', label: translate('assignments.subject.user') },
        { id: 'everyone', label: translate('assignments.subject.everyone') },
      ]}
      error={kind === 'everyone' ? message : undefined}
    >
      {kind === 'user' && (
        <UserPicker
          id={userId}
          onChange={(id) => field.onChange({ user: id })}
          error={message}
          isReadOnly={isReadOnly}
        />
      )}
    </ChoiceGroup>
  );
}

function UserPicker({
  id,
  onChange,
  error,
  isReadOnly,
}: {
  id: string;
  onChange: (id: string) => void;
  error?: string;
  isReadOnly?: boolean;
}) {
  const translate = useTranslate();
  const [q, setQ] = useState('');
  const { data: found, isFetching } = useGetList<User>('users', {
    filter: q ? { q } : {},
    pagination: { page: 1, perPage: 20 },
    sort: { field: 'name', order: 'ASC' },
  });
  const { data: current } = useGetOne<User>('users', { id }, { enabled: id !== '' });
  const chosen = id === '' ? null : (current ?? null);
  return (
    <Autocomplete<User>
      options={found ?? []}
      value={chosen}
      readOnly={isReadOnly}
      loading={isFetching}
      filterOptions={(options) => options}
      getOptionLabel={nameOf}
      getOptionKey={(user) => user.id}
      isOptionEqualToValue={(a, b) => a.id === b.id}
      onInputChange={(_, text, reason) => {
        if (reason === 'input') setQ(text.trim());
      }}
      onChange={(_, user) => onChange(user?.id ?? '')}
      renderOption={({ key, ...props }, user) => (
        <Box component="li" key={key} {...props} sx={{ gap: 1 }}>
          <bdi translate="no">{nameOf(user)}</bdi>
          <Box component="span" sx={{ color: 'text.secondary', ml: 'auto' }}>
            <Mono>{user.identity}</Mono>
          </Box>
        </Box>
      )}
      renderInput={(params) => (
        <TextField
          {...params}
          label={translate('assignments.subject.pick')}
          required
          error={Boolean(error)}
          helperText={error && translate(error, { _: error })}
        />
      )}
    />
  );
}

import { useMemo } from 'react';
import { useInput, useTranslate } from 'react-admin';
import { useQuery } from '@tanstack/react-query';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Checkbox from '@mui/material/Checkbox';
import FormControlLabel from '@mui/material/FormControlLabel';
import FormHelperText from '@mui/material/FormHelperText';
import Typography from '@mui/material/Typography';
import { fieldMessage } from '../assignments/ChoiceGroup';
import { getJson } from '../api/httpClient';
import type { PermissionRecord } from '../api/records';
import { useMe } from '../session/session';

const TOKENS = ['token.issue', 'token.preview', 'room.read', 'user.read'];

/** Ticks, by subject. What the operator does not hold cannot be given, and is not offered. */
export function PermissionsInput() {
  const translate = useTranslate();
  const me = useMe();
  const { field, fieldState } = useInput({
    source: 'permissions',
    defaultValue: [],
    validate: (value?: string[]) => (value?.length ? undefined : 'api_keys.at_least_one'),
  });
  const { data } = useQuery({
    queryKey: ['permissions'],
    queryFn: ({ signal }) => getJson<PermissionRecord[]>('/permissions', { signal }),
    staleTime: Infinity,
  });
  const chosen = new Set((field.value ?? []) as string[]);
  const groups = useMemo(() => {
    const byGroup = new Map<string, PermissionRecord[]>();
    for (const permission of data ?? []) {
      if (!me?.permissions.includes(permission.id)) continue;
      const group = permission.id.split('.')[0] ?? '';
      byGroup.set(group, [...(byGroup.get(group) ?? []), permission]);
    }
    return [...byGroup];
  }, [data, me]);
  const set = (ids: Iterable<string>) => {
    const held = new Set(me?.permissions);
    field.onChange([...new Set(ids)].filter((id) => held.has(id)));
  };
  const error = fieldMessage(fieldState.error);
  return (
    <Box component="fieldset" sx={{ border: 0, p: 0, m: 0, mt: 1, width: '100%', minWidth: 0 }}>
      <Typography component="legend" variant="body2" sx={{ fontWeight: 600, p: 0 }}>
        {translate('resources.api-keys.fields.permissions')}
      </Typography>
      <FormHelperText error={Boolean(error)} sx={{ mx: 0 }}>
        {error ? translate(error, { _: error }) : translate('api_keys.help.permissions')}
      </FormHelperText>
      <Box sx={{ display: 'flex', gap: 0.5, alignItems: 'center', flexWrap: 'wrap', my: 0.5 }}>
        <Typography variant="body2" color="text.secondary">
          {translate('api_keys.preset.label')}
        </Typography>
        <Button onClick={() => set(TOKENS)}>{translate('api_keys.preset.tokens')}</Button>
        <Button onClick={() => set((me?.permissions ?? []).filter((id) => id.endsWith('.read')))}>
          {translate('api_keys.preset.reads')}
        </Button>
        <Button onClick={() => set([])}>{translate('api_keys.preset.none')}</Button>
      </Box>
      <Box
        sx={{
          display: 'grid',
          gridTemplateColumns: { xs: '1fr', sm: '1fr 1fr' },
          columnGap: 3,
          rowGap: 1.5,
        }}
      >
        {groups.map(([group, members]) => (
          <Box
            key={group}
            role="group"
            aria-label={translate(`access_roles.groups.${group}`, { _: group })}
          >
            <Typography variant="caption" color="text.secondary" sx={{ fontWeight: 600 }}>
              {translate(`access_roles.groups.${group}`, { _: group })}
            </Typography>
            {members.map(({ id, description }) => (
              <FormControlLabel
                key={id}
                sx={{ display: 'flex', mr: 0, alignItems: 'flex-start' }}
                control={
                  <Checkbox
                    checked={chosen.has(id)}
                    onChange={(_, isChecked) =>
                      set(isChecked ? [...chosen, id] : [...chosen].filter((each) => each !== id))
                    }
                    sx={{ py: 0.375 }}
                  />
                }
                label={
                  <Typography variant="body2" sx={{ pt: 0.5 }}>
                    {description}
                  </Typography>
                }
              />
            ))}
          </Box>
        ))}
      </Box>
    </Box>
  );
}

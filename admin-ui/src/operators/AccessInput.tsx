import { useGetList, useInput, useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import FormHelperText from '@mui/material/FormHelperText';
import IconButton from '@mui/material/IconButton';
import MenuItem from '@mui/material/MenuItem';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import Add from '@mui/icons-material/Add';
import Close from '@mui/icons-material/Close';
import { fieldMessage } from '../assignments/ChoiceGroup';
import type { AccessRole, OperatorAccess } from '../api/records';
import { RoomPatternsField } from '../shared/RoomPatternsField';

/** Which access roles, and where. Without rooms a role counts in every room. */
export function AccessInput({ isReadOnly }: { isReadOnly?: boolean }) {
  const translate = useTranslate();
  const { field, fieldState } = useInput({ source: 'access', defaultValue: [] });
  const { data: roles } = useGetList<AccessRole>('access-roles', {
    pagination: { page: 1, perPage: 100 },
    sort: { field: 'name', order: 'ASC' },
  });
  const access = (field.value ?? []) as OperatorAccess[];
  const change = (next: OperatorAccess[]) =>
    field.onChange(
      next.map(({ role, rooms }) => (rooms && rooms.length > 0 ? { role, rooms } : { role })),
    );
  const replace = (at: number, entry: OperatorAccess) =>
    change(access.map((before, i) => (i === at ? entry : before)));
  const error = fieldMessage(fieldState.error);
  const label = translate('operators.access.legend');
  return (
    <Box role="group" aria-label={label} sx={{ width: '100%', mt: 1 }}>
      <Typography variant="body2" sx={{ fontWeight: 600 }}>
        {label}
      </Typography>
      {access.map((entry, at) => (
        <Box
          key={at}
          sx={{
            display: 'flex',
            gap: 1,
            alignItems: 'flex-start',
            flexWrap: { xs: 'wrap', sm: 'nowrap' },
          }}
        >
          <TextField
            select
            label={translate('operators.access.role')}
            value={roles ? entry.role : ''}
            onChange={(event) => replace(at, { ...entry, role: event.target.value })}
            sx={{ flex: '1 1 180px' }}
            helperText={roles?.find(({ key }) => key === entry.role)?.description ?? ' '}
            slotProps={{ select: { readOnly: isReadOnly } }}
          >
            {(roles ?? []).map(({ key, name }) => (
              <MenuItem key={key} value={key}>
                {name}
              </MenuItem>
            ))}
          </TextField>
          <Box sx={{ flex: '2 1 240px', minWidth: 0 }}>
            <RoomPatternsField
              label={translate('operators.access.rooms')}
              helperText={translate('operators.access.rooms_help')}
              value={entry.rooms ?? []}
              onChange={(rooms) => replace(at, { ...entry, rooms })}
              isReadOnly={isReadOnly}
            />
          </Box>
          {!isReadOnly && (
            <IconButton
              aria-label={translate('operators.access.remove')}
              onClick={() => change(access.filter((_, i) => i !== at))}
              sx={{ mt: 1.25 }}
            >
              <Close sx={{ fontSize: 18 }} />
            </IconButton>
          )}
        </Box>
      ))}
      {access.length === 0 && (
        <Typography color="text.secondary">{translate('operators.access.none')}</Typography>
      )}
      {!isReadOnly && (
        <Button startIcon={<Add />} onClick={() => change([...access, { role: 'auditor' }])}>
          {translate('operators.access.add')}
        </Button>
      )}
      {error && <FormHelperText error>{error}</FormHelperText>}
    </Box>
  );
}

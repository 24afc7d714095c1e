import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Chip from '@mui/material/Chip';
import type { OperatorAccess } from '../api/records';
import './messages.en';

/** "moderator · town-*", one after the other. */
export function AccessText({ access }: { access: OperatorAccess[] }) {
  const translate = useTranslate();
  if (access.length === 0) return <span>–</span>;
  return (
    <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 0.5 }}>
      {access.map(({ role, rooms }, at) => (
        <Chip
          key={at}
          label={
            rooms && rooms.length > 0
              ? `${role} · ${rooms.join(', ')}`
              : `${role} · ${translate('operators.all_rooms')}`
          }
        />
      ))}
    </Box>
  );
}

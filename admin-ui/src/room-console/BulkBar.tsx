import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import type { Console } from './useConsole';

/** What is done to several people: each row then tells how it went, and can be undone. */
export function BulkBar({ room, desk }: { room: string; desk: Console }) {
  const translate = useTranslate();
  const { can, selected, attempts } = desk;
  const here = [...selected].filter((identity) => desk.roster.view.seats.has(identity));
  const left = selected.size - here.length;
  const asked = here.map((identity) => attempts.get(identity)).filter((each) => !!each);
  const choose = (change: 'promote' | 'demote', anchor: HTMLElement) =>
    desk.setOpen({ kind: 'roles', change, identities: here, anchor });
  const remove = (mode: 'remove' | 'block') =>
    desk.setOpen({ kind: 'removal', mode, identities: here });
  return (
    <Box
      role="region"
      aria-label={translate('room_console.bulk.label')}
      sx={{
        display: 'flex',
        flexWrap: 'wrap',
        alignItems: 'center',
        gap: 1,
        p: 1,
        border: 1,
        borderColor: 'primary.main',
        borderRadius: 1,
        bgcolor: 'background.paper',
      }}
    >
      <b>{translate('room_console.bulk.selected', { smart_count: here.length })}</b>
      {left > 0 && <span>{translate('room_console.bulk.left', { smart_count: left })}</span>}
      {can('seat.promote', room) && (
        <Button variant="outlined" onClick={(event) => choose('promote', event.currentTarget)}>
          {translate('room_console.verbs.promote_as')}
        </Button>
      )}
      {can('seat.demote', room) && (
        <Button variant="outlined" onClick={() => desk.dispatch({ kind: 'demote' }, here)}>
          {translate('room_console.verbs.demote')}
        </Button>
      )}
      {can('seat.mute', room) && (
        <Button variant="outlined" onClick={() => desk.dispatch({ kind: 'mute' }, here)}>
          {translate('room_console.verbs.mute')}
        </Button>
      )}
      {can('seat.remove', room) && (
        <Button variant="outlined" color="error" onClick={() => remove('remove')}>
          {translate('room_console.verbs.remove')}
        </Button>
      )}
      <Box role="status" sx={{ flex: 1, minWidth: 160, fontSize: '.8125rem' }}>
        {asked.length > 0 &&
          translate('room_console.bulk.progress', {
            total: asked.length,
            done: asked.filter(({ phase }) => phase !== 'requested').length,
            failed: asked.filter(({ phase }) => phase === 'failed' || phase === 'conflict').length,
          })}
      </Box>
      <Button onClick={() => desk.setSelected(new Set())}>
        {translate('room_console.bulk.clear')}
      </Button>
    </Box>
  );
}

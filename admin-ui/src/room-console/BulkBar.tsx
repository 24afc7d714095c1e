import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import LinearProgress from '@mui/material/LinearProgress';
import type { BulkProgress } from './useBulk';
import type { Console } from './useConsole';

/** What is done to several people at once: one operation on the server, with its progress. */
export function BulkBar({ room, desk }: { room: string; desk: Console }) {
  const translate = useTranslate();
  const { can, selected, bulk } = desk;
  const here = [...selected].filter((identity) => desk.roster.view.seats.has(identity));
  const left = selected.size - here.length;
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
      <Box sx={{ flex: 1, minWidth: 160 }}>
        {bulk.progress && <Progress progress={bulk.progress} isOver={bulk.isOver} />}
      </Box>
      <Button onClick={() => desk.setSelected(new Set())}>
        {translate('room_console.bulk.clear')}
      </Button>
    </Box>
  );
}

function Progress({ progress, isOver }: { progress: BulkProgress; isOver: boolean }) {
  const translate = useTranslate();
  const { status, total, done } = progress;
  const text = !isOver
    ? translate('room_console.bulk.progress', { ...progress })
    : status === 'done'
      ? translate('room_console.bulk.finished', { ...progress })
      : translate('room_console.bulk.stopped', { ...progress });
  return (
    <Box role="status" sx={{ fontSize: '.8125rem' }}>
      {text}
      {!isOver && (
        <LinearProgress
          variant="determinate"
          value={total === 0 ? 100 : (100 * done) / total}
          aria-hidden
        />
      )}
    </Box>
  );
}

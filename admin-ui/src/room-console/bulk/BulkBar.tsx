import { useState } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import TextField from '@mui/material/TextField';
import type { Seat } from '../../api/records';
import { GuardedButton } from '../../shared/GuardedButton';
import { momentOf } from '../seat/times';
import { usePermissionSet } from '../../session/usePermissionSet';
import { useRules } from '../commands/useSeatRules';
import { useRoomRoster } from '../roster/rosterContext';
import { useSelectionState } from '../roster/useSelection';
import { useBulkActs } from './useBulkCommands';
import { useRosterView } from '../roster/useRoster';
import {
  BULK_COMMANDS,
  DESTRUCTIVE,
  permissionOf,
  type PersonCommand,
} from '../commands/personCommands';
import { bulkLabelOf } from '../commands/useCommandWords';

/** Giving back matters only where something was taken. */
const TAKEN = { release: 'hold', unblock: 'block' } as const;
const isTaken = (command: PersonCommand, seat: Seat | undefined) =>
  command in TAKEN && Boolean(seat?.[TAKEN[command as keyof typeof TAKEN]]);

const NOTHING_WRITTEN: { reason: string; about: ReadonlySet<string> } = {
  reason: '',
  about: new Set(),
};

/** What can be done to the selected people; the keys do the same. */
export function BulkBar({ refocus }: { refocus: () => void }) {
  const translate = useTranslate();
  const can = usePermissionSet();
  const { room, store } = useRoomRoster();
  const { selection, include, selectMatching, clear } = useSelectionState();
  const { selectedHere, actOnSelected } = useBulkActs();
  const { unreachable } = useRules();
  const [written, setWritten] = useState(NOTHING_WRITTEN);
  // People who leave no longer count.
  useRosterView(store);
  const here = selectedHere();
  const left = selection.identities.size - here.length;
  const commands = BULK_COMMANDS.filter((command) => can(permissionOf(command), room)).filter(
    (command) => !(command in TAKEN) || here.some((each) => isTaken(command, store.seat(each))),
  );
  // Somebody who was chosen later is not who it was written about.
  const reason = here.every((each) => written.about.has(each)) ? written.reason : '';
  const obstacle = unreachable ?? (here.length === 0 ? translate('room_bulk.all_left') : null);
  return (
    <Box
      role="region"
      aria-label={translate('room_bulk.label')}
      sx={{
        display: 'flex',
        // On a phone in one line and always in sight, where the thumb is.
        flexWrap: { xs: 'nowrap', sm: 'wrap' },
        overflowX: { xs: 'auto', sm: 'visible' },
        '& > *': { flexShrink: { xs: 0, sm: 1 } },
        position: { xs: 'sticky', sm: 'static' },
        bottom: 8,
        zIndex: 3,
        alignItems: 'center',
        gap: 1,
        p: 1,
        border: 1,
        borderColor: 'primary.main',
        borderRadius: 1,
        bgcolor: 'background.paper',
        '@media (pointer: coarse)': { '& button': { minHeight: 44 } },
      }}
    >
      <b>
        {selection.asOf
          ? translate('room_bulk.matching', {
              smart_count: here.length,
              time: momentOf(selection.asOf),
            })
          : translate('room_bulk.selected', { smart_count: here.length })}
      </b>
      {left > 0 && <span>{translate('room_bulk.left', { smart_count: left })}</span>}
      {selection.leftOut.length > 0 && (
        <span>
          <span>{translate('room_bulk.left_out', { smart_count: selection.leftOut.length })}</span>{' '}
          <Button onClick={include}>{translate('room_bulk.include')}</Button>
        </span>
      )}
      {commands.map((command) => (
        <GuardedButton
          key={command}
          variant="outlined"
          color={DESTRUCTIVE.has(command) ? 'error' : 'primary'}
          obstacle={obstacle}
          hint={command === 'hold' ? translate('room_console.does.hold') : undefined}
          onClick={(event) => actOnSelected(command, event.currentTarget, reason.trim())}
        >
          {bulkLabelOf(command, translate)}
        </GuardedButton>
      ))}
      <TextField
        margin="none"
        placeholder={translate('room_bulk.reason')}
        value={reason}
        onChange={(event) =>
          setWritten({ reason: event.target.value, about: new Set(selection.identities) })
        }
        sx={{ flex: '1 1 140px', maxWidth: 260 }}
        slotProps={{ htmlInput: { maxLength: 500, 'aria-label': translate('room_bulk.reason') } }}
      />
      <Box sx={{ flex: 1 }} />
      {!selection.asOf && (
        <Button onClick={selectMatching}>{translate('room_bulk.select_matching')}</Button>
      )}
      <Button
        onClick={() => {
          clear();
          refocus();
        }}
      >
        {translate('room_bulk.clear')}
      </Button>
    </Box>
  );
}

import { useId } from 'react';
import { useLocale, useTranslate } from 'react-admin';
import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import Typography from '@mui/material/Typography';
import { serverNow } from '../../api/serverClock';
import { useTemplates } from '../../shared/useTemplates';
import type { Attempt } from '../commands/seatActions';
import { actorText } from '../../shared/actorText';
import { IdentityLine } from './IdentityLine';

export interface SeatConflictDialogProps {
  attempt: Attempt;
  name: string;
  onKeep: () => void;
  onOverride: () => void;
}

/** Two moderators acted on one person; nothing of the second happened yet. */
export function SeatConflictDialog({ attempt, name, onKeep, onOverride }: SeatConflictDialogProps) {
  const translate = useTranslate();
  const locale = useLocale();
  const titleId = useId();
  const { byKey } = useTemplates();
  const { current } = attempt;
  const change = current?.lastChange;
  const key = current?.role?.template;
  return (
    <Dialog
      open
      onClose={onKeep}
      aria-labelledby={titleId}
      maxWidth="xs"
      fullWidth
      // It opens when the server answers, perhaps under a pointer that is about to press.
      data-unasked
    >
      <DialogTitle id={titleId} component="h2" sx={{ fontSize: '1rem' }}>
        {translate('room_console.conflict.title', { name })}
      </DialogTitle>
      <DialogContent>
        <IdentityLine name={name} identity={attempt.identity} />
        <Typography>
          {translate('room_console.conflict.text', {
            by: change?.by
              ? actorText(change.by, change.byKind, translate)
              : translate('room_console.conflict.somebody'),
            when: secondsAgo(change?.at, locale),
            role: key ? (byKey.get(key)?.name ?? key) : translate('room_console.conflict.no_role'),
          })}
        </Typography>
      </DialogContent>
      <DialogActions>
        <Button onClick={onOverride}>{translate('room_console.conflict.override')}</Button>
        <Button variant="contained" autoFocus onClick={onKeep}>
          {translate('room_console.conflict.keep')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

/** To the second, because here it matters who was first: "2 seconds ago". */
function secondsAgo(at: string | undefined, locale: string) {
  const seconds = at ? Math.max(0, Math.round((serverNow() - new Date(at).getTime()) / 1000)) : 0;
  return new Intl.RelativeTimeFormat(locale).format(-seconds, 'second');
}

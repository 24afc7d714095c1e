import { memo, useState } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import LinearProgress from '@mui/material/LinearProgress';
import type { BulkOperation } from '../../api/records';
import { GuardedButton } from '../../shared/GuardedButton';
import { useErrorText } from '../../shared/useErrorText';
import { timeLeft } from '../seat/times';
import { useSeconds } from '../seat/useSeconds';
import { FailuresDialog } from './FailuresDialog';
import { type BulkControl, type BulkOperations, isOpen } from './useBulk';
import { actorText } from '../../shared/actorText';

/** How long an operation stays after it has ended. */
const SHOWN_MS = 60_000;
const MOST_ENDED = 1;

export interface BulkTrayProps {
  bulk: BulkOperations;
  canUndo: boolean;
  isReachable: boolean;
  nameOf: (identity: string) => string;
  /** The pressed button may be gone, so the focus has to move. */
  onDone: () => void;
}

/** All bulk operations that run in this room, and the last that ended. */
export const BulkTray = memo(function BulkTray({
  bulk,
  canUndo,
  isReachable,
  nameOf,
  onDone,
}: BulkTrayProps) {
  const translate = useTranslate();
  const now = useSeconds();
  const [dismissed, setDismissed] = useState<ReadonlySet<string>>(new Set());
  const known = [...bulk.operations.values()]
    .filter((each) => !dismissed.has(each.id))
    .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  const ended = known.filter((each) => !isOpen(each) && isFresh(each, now)).slice(0, MOST_ENDED);
  const shown = [...known.filter(isOpen), ...ended];
  if (shown.length === 0) return null;
  return (
    <Box role="region" aria-label={translate('room_bulk.tray')} sx={{ display: 'grid', gap: 0.5 }}>
      {shown.map((operation) => (
        <OperationLine
          key={operation.id}
          operation={operation}
          now={now}
          canUndo={canUndo}
          isReachable={isReachable}
          nameOf={nameOf}
          onControl={(step) => bulk.control(operation.id, step).finally(onDone)}
          onDismiss={() => {
            setDismissed(new Set([...dismissed, operation.id]));
            onDone();
          }}
        />
      ))}
    </Box>
  );
});

function isFresh(operation: BulkOperation, now: number): boolean {
  if (operation.undoneBy) return false;
  return now - Date.parse(operation.finishedAt ?? operation.createdAt) < SHOWN_MS;
}

/** A scene is ended from its banner, not undone here. */
const isUndoable = ({ action, undoUntil, undoneBy }: BulkOperation, now: number) =>
  !action.startsWith('scene') &&
  undoUntil !== null &&
  undoneBy === null &&
  Date.parse(undoUntil) > now;

interface OperationLineProps {
  operation: BulkOperation;
  now: number;
  canUndo: boolean;
  isReachable: boolean;
  nameOf: (identity: string) => string;
  onControl: (step: BulkControl) => Promise<unknown>;
  onDismiss: () => void;
}

function OperationLine(props: OperationLineProps) {
  const { operation, now, canUndo, isReachable, nameOf, onControl, onDismiss } = props;
  const translate = useTranslate();
  const errorText = useErrorText();
  const [error, setError] = useState<unknown>(null);
  const [isDetailed, setIsDetailed] = useState(false);
  const open = isOpen(operation);
  const control = (step: BulkControl, isShown = true) =>
    isShown && (
      <GuardedButton
        key={step}
        obstacle={isReachable ? null : translate('room_console.cannot.unreachable')}
        // The same for "Pause" and "Resume", so that what is beside them stays where it is.
        sx={{ minWidth: 76 }}
        onClick={() => {
          setError(null);
          onControl(step).catch(setError);
        }}
      >
        {translate(`room_bulk.controls.${step}`, {
          seconds: operation.undoUntil ? timeLeft(operation.undoUntil, now) : '',
        })}
      </GuardedButton>
    );
  return (
    <Box
      sx={{
        display: 'flex',
        flexWrap: 'wrap',
        alignItems: 'center',
        columnGap: 1.5,
        px: 1,
        py: 0.5,
        border: 1,
        borderColor: 'divider',
        borderRadius: 1,
        fontSize: '.8125rem',
        bgcolor: 'background.paper',
      }}
    >
      <Box component="b" sx={{ fontWeight: 600 }}>
        {translate(`room_bulk.actions.${operation.action}`, { _: operation.action })}
      </Box>
      {open && (
        <LinearProgress
          variant="determinate"
          aria-label={translate(`room_bulk.actions.${operation.action}`, { _: operation.action })}
          value={operation.total === 0 ? 0 : (100 * operation.done) / operation.total}
          sx={{ flex: '1 1 120px', maxWidth: 260, height: 6, borderRadius: 3 }}
        />
      )}
      <span>{useProgressText(operation)}</span>
      <Box component="span" sx={{ color: 'text.secondary' }}>
        {actorText(operation.by, operation.byKind, translate)}
      </Box>
      {error !== null && (
        <Box component="span" role="alert" sx={{ color: 'error.main' }}>
          {errorText(error)}
        </Box>
      )}
      <Box sx={{ flex: 1 }} />
      {control('pause', operation.status === 'running')}
      {control('resume', operation.status === 'paused')}
      {control('cancel', open)}
      {operation.failed > 0 && (
        <Button onClick={() => setIsDetailed(true)}>{translate('room_bulk.who_failed')}</Button>
      )}
      {control('retry', !open && operation.failed > 0)}
      {control('undo', canUndo && !open && isUndoable(operation, now))}
      {!open && <Button onClick={onDismiss}>{translate('room_bulk.dismiss')}</Button>}
      {isDetailed && (
        <FailuresDialog
          operation={operation}
          nameOf={nameOf}
          onClose={() => setIsDetailed(false)}
        />
      )}
    </Box>
  );
}

/** "348/400 · 3 failed · 12 s left"; nothing that is nought. */
function useProgressText(operation: BulkOperation): string {
  const translate = useTranslate();
  const { done, total, status, secondsLeft } = operation;
  const parts = [`${done}/${total}`];
  for (const outcome of ['pending', 'failed', 'skipped', 'cancelled'] as const) {
    const count = operation[outcome];
    if (count > 0) parts.push(translate(`room_bulk.outcomes.${outcome}`, { smart_count: count }));
  }
  if (status === 'running' && secondsLeft !== null) {
    parts.push(translate('room_bulk.time_left', { time: timeLeft(secondsLeft * 1_000, 0) }));
  }
  if (status !== 'running') parts.push(translate(`room_bulk.statuses.${status}`));
  return parts.join(' · ');
}

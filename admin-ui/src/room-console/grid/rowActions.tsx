import { useTranslate } from 'react-admin';
import type { Seat } from '../../api/records';
import { mainCommand, type PersonCommand } from '../commands/personCommands';
import { type Attempt, UNDO_MS } from '../commands/seatActions';
import { nameOf } from '../../shared/nameOf';
import { type Translate } from '../seat/seatFacts';
import { useSeconds } from '../seat/useSeconds';

/** `act …` is about this row alone, not about the selection. */
export type RowCommand = `act ${PersonCommand}` | 'menu' | 'undo' | 'select' | 'open';

export interface RowActionsProps {
  seat: Seat;
  attempt: Attempt | undefined;
  /** When they left, if they are no longer here. */
  goneAt: number | undefined;
  /** Why something cannot be done to them, and who could; null when it can. */
  obstacle: (command: PersonCommand, seat: Seat) => string | null;
  promoteTitle: string;
  /** Whether the usual promotion would give them anything. */
  canBePromoted: (seat: Seat) => boolean;
  translate: Translate;
  onCommand: (command: RowCommand, identity: string, element: HTMLElement) => void;
}

/** The cell of buttons. They are for the pointer; by keyboard the same are U, P and the details. */
export function actionsOf(props: RowActionsProps, translate: Translate) {
  const { seat, attempt } = props;
  return (
    <div role="gridcell" className="cell c-actions actions">
      {attempt?.undoUntil && attempt.phase !== 'requested' ? (
        <UndoChip
          label={UNDO_LABELS[attempt.action.kind] ?? 'room_console.undo_left'}
          until={attempt.undoUntil}
          onClick={(element) => props.onCommand('undo', seat.identity, element)}
        />
      ) : (
        nextOf(props, translate)
      )}
      <button
        type="button"
        className="more"
        tabIndex={-1}
        aria-label={translate('room_console.commands.more', { name: nameOf(seat) })}
        onClick={(event) => {
          event.stopPropagation();
          props.onCommand('menu', seat.identity, event.currentTarget);
        }}
      >
        ⋯
      </button>
    </div>
  );
}

/** The command that comes next for this person; if it is not possible, the button says why. */
function nextOf(props: RowActionsProps, translate: Translate) {
  const { seat } = props;
  const command = mainCommand(seat);
  if (command === null || (command === 'promote' && !props.canBePromoted(seat))) return null;
  const title = command === 'promote' ? props.promoteTitle : undefined;
  return (
    <>
      {rowButton(command, command, title, props, translate)}
      {command === 'approve' && rowButton('decline', 'quietly', undefined, props, translate)}
    </>
  );
}

function rowButton(
  command: PersonCommand,
  className: string,
  title: string | undefined,
  props: RowActionsProps,
  translate: Translate,
) {
  const { seat, onCommand } = props;
  const isGone = props.goneAt !== undefined;
  const obstacle = isGone ? translate('room_console.sync.left') : props.obstacle(command, seat);
  return (
    <button
      type="button"
      className={className}
      tabIndex={-1}
      // Not `disabled`: a tap on it still has to say why.
      aria-disabled={obstacle !== null || undefined}
      title={obstacle ?? title}
      onClick={(event) => {
        event.stopPropagation();
        // The second click of a double click was meant for the button that was there before.
        if (event.detail < 2) onCommand(`act ${command}`, seat.identity, event.currentTarget);
      }}
    >
      {translate(ROW_LABELS[command] ?? `room_console.commands.${command}`)}
    </button>
  );
}

const ROW_LABELS: Partial<Record<PersonCommand, string>> = { decline: 'room_stage.decline' };

/** Letting somebody back in is no undo: they are out and have to come back themselves. */
const UNDO_LABELS: Partial<Record<Attempt['action']['kind'], string>> = {
  remove: 'room_console.allow_back',
  block: 'room_console.allow_back',
};

interface UndoChipProps {
  label: string;
  until: number;
  onClick: (element: HTMLElement) => void;
}

function UndoChip({ label, until, onClick }: UndoChipProps) {
  const translate = useTranslate();
  const now = useSeconds();
  // The page's clock may be a second behind the answer.
  const seconds = Math.floor(Math.min(until - now, UNDO_MS) / 1000);
  if (seconds <= 0) return null;
  return (
    <button
      type="button"
      className="undo"
      tabIndex={-1}
      onClick={(event) => {
        event.stopPropagation();
        onClick(event.currentTarget);
      }}
    >
      {translate(label, { seconds })}
    </button>
  );
}

import { memo, type CSSProperties } from 'react';
import { useTranslate } from 'react-admin';
import type { Acting, RoleTemplate, Seat } from '../../api/records';
import { inkOn, templateColor } from '../../theme/templateColor';
import { HandSign } from '../seat/HandSign';
import { type Attempt, UNDO_MS } from '../commands/seatActions';
import { statusOf } from '../commands/seatStatus';
import {
  FLAGS,
  hasFlag,
  nameOf,
  tagsOf,
  tracksInWords,
  type Flag,
  type Translate,
} from '../seat/seatFacts';
import { actingStatus } from '../seat/status';
import { clockTime, timeLeft, waitedFor } from '../seat/times';
import { StatusSign } from '../seat/StatusSign';
import { useSeconds } from '../seat/useSeconds';
import { mainCommand, type PersonCommand } from '../commands/personCommands';

/** `act …` is about this row alone, not about the selection. */
export type RowCommand = `act ${PersonCommand}` | 'menu' | 'undo' | 'select' | 'open';

interface SeatCellsProps {
  seat: Seat;
  template: RoleTemplate | undefined;
  attempt: Attempt | undefined;
  /** When they left, for who is no longer here. */
  goneAt: number | undefined;
  acting: Acting | undefined;
  /** Why something cannot be done to them, and who could; null when it can. */
  obstacle: (command: PersonCommand, seat: Seat) => string | null;
  promoteTitle: string;
  translate: Translate;
  errorText: (error: unknown) => string;
  onCommand: (command: RowCommand, identity: string, element: HTMLElement) => void;
}

export interface SeatRowProps extends SeatCellsProps {
  id: string;
  index: number;
  style: CSSProperties;
  isActive: boolean;
  isSelected: boolean;
  isFirstOfOthers: boolean;
}

/** One person, in their place: a row that only moves or is selected keeps its cells. */
export const SeatRow = memo(function SeatRow(props: SeatRowProps) {
  const { id, index, style, isActive, isSelected, isFirstOfOthers, ...cells } = props;
  const { seat, goneAt, onCommand } = cells;
  const classes = [
    'row',
    isActive && 'active',
    isSelected && 'selected',
    isFirstOfOthers && 'others',
    (seat.hand || seat.invite) && 'waits',
    goneAt !== undefined ? 'gone' : !seat.isPresent && 'absent',
  ];
  return (
    <div
      role="row"
      id={id}
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      data-identity={seat.identity}
      className={classes.filter(Boolean).join(' ')}
      style={style}
      onClick={(event) => onCommand('open', seat.identity, event.currentTarget)}
    >
      <SeatCells {...cells} />
    </div>
  );
});

/**
 * What is said of one person. Drawn again only when something about this person changed. Its parts
 * are functions, not components, but for those that have a clock: each would cost as much as what it
 * shows.
 */
const SeatCells = memo(function SeatCells(props: SeatCellsProps) {
  const { seat, template, attempt, goneAt, acting, translate } = props;
  const { identity } = seat;
  const isGone = goneAt !== undefined;
  const tracks = tracksInWords(seat, translate);
  const own = statusOf(seat, attempt, isGone, translate, props.errorText);
  // For five seconds more important than how they stand; not than what one did oneself.
  const status = acting && !attempt ? actingStatus(acting, translate) : own;
  const name = nameOf(seat);
  return (
    <>
      <div
        role="gridcell"
        className="cell pick"
        onClick={(event) => {
          event.stopPropagation();
          props.onCommand('select', identity, event.currentTarget);
        }}
      />
      <div role="gridcell" className="cell c-person" title={`${name}\n${identity}`}>
        <bdi className="name person">{name}</bdi>
        {name !== identity && <bdi className="mono">{identity}</bdi>}
        {tagsOf(seat).map((tag) => (
          <span key={tag} className="tag">
            {translate(`room_console.tags.${tag}`, { _: tag })}
          </span>
        ))}
      </div>
      <div role="gridcell" className="cell c-role">
        {roleOf(seat, template, translate)}
      </div>
      <div role="gridcell" className="cell c-hand">
        {waitingOf(seat, translate)}
      </div>
      {flagsOf(seat, translate)}
      <div role="gridcell" className="cell c-tracks" aria-label={tracks} title={tracks}>
        {seat.tracks.map((track) => (
          <span key={track.sid} className={track.isMuted ? 'track muted' : 'track'}>
            {track.isMuted ? '○' : '●'}{' '}
            {translate(`room_console.tracks.${track.source}`, { _: track.source })}
          </span>
        ))}
      </div>
      {status === null ? (
        <div role="gridcell" className="cell c-sync" />
      ) : (
        <div role="gridcell" className={`cell c-sync status ${status.tone}`} title={status.text}>
          <span className="said">
            {StatusSign(status)}
            {isGone && !attempt && !acting ? <LeftAgo at={goneAt} /> : status.text}
          </span>
        </div>
      )}
      <div role="gridcell" className="cell c-joined">
        {seat.isPresent && seat.joinedAt ? clockTime(seat.joinedAt) : ''}
      </div>
      <div role="gridcell" className="cell c-actions actions">
        {/* For the pointer; by keyboard the same are U, P and the details. */}
        {attempt?.undoUntil && attempt.phase !== 'requested' ? (
          <UndoChip
            label={UNDO_LABELS[attempt.action.kind] ?? 'room_console.undo_left'}
            until={attempt.undoUntil}
            onClick={(element) => props.onCommand('undo', identity, element)}
          />
        ) : (
          nextOf(props, translate)
        )}
        <button
          type="button"
          className="more"
          tabIndex={-1}
          aria-label={translate('room_console.commands.more', { name })}
          onClick={(event) => {
            event.stopPropagation();
            props.onCommand('menu', identity, event.currentTarget);
          }}
        >
          ⋯
        </button>
      </div>
    </>
  );
});

/** The act that comes next for this person; what is beyond reach says why, and who could. */
function nextOf(props: SeatCellsProps, translate: Translate) {
  const { seat } = props;
  const command = mainCommand(seat);
  if (command === null) return null;
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
  props: SeatCellsProps,
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

/** How long a hand has been up, or an invitation out. */
function waitingOf(seat: Seat, translate: Translate) {
  if (seat.hand) {
    const words = translate('room_console.hand', { note: seat.hand.note ?? '' });
    return (
      <span className="hand" title={words}>
        <HandSign label={words} /> <Waited since={seat.hand.since} />
      </span>
    );
  }
  if (!seat.invite) return null;
  return (
    <span className="quiet">
      {translate('room_console.invited')} <Waited since={seat.invite.since} />
    </span>
  );
}

function Waited({ since }: { since: string }) {
  return <>{waitedFor(since, useSeconds())}</>;
}

function LeftAgo({ at }: { at: number }) {
  const translate = useTranslate();
  const seconds = Math.max(0, Math.round((useSeconds() - at) / 1000));
  return <>{translate('room_console.sync.left_ago', { seconds })}</>;
}

function roleOf(seat: Seat, template: RoleTemplate | undefined, translate: Translate) {
  const key = seat.role?.template;
  if (!key) return <span className="quiet">{translate('room_console.source.none')}</span>;
  const background = templateColor(key, template?.color);
  const name = template?.name ?? key;
  return (
    <>
      <span
        className="letter"
        aria-hidden
        style={{ backgroundColor: background, color: inkOn(background) }}
      >
        {[...name][0]?.toLocaleUpperCase()}
      </span>
      <span className="role">{name}</span>{' '}
      {/* There is no place for both: the time that runs is what must be seen. */}
      {seat.override?.until ? (
        <Lease until={seat.override.until} />
      ) : (
        <span className="quiet">
          v{seat.role?.version} {translate(`room_console.source.${seat.role?.source ?? 'none'}`)}
        </span>
      )}
    </>
  );
}

function Lease({ until }: { until: string }) {
  const translate = useTranslate();
  const now = useSeconds();
  return (
    <span className="lease" title={clockTime(until)}>
      {translate('room_console.source.lease', { left: timeLeft(until, now) })}
    </span>
  );
}

function flagsOf(seat: Seat, translate: Translate) {
  const { observed } = seat;
  if (!observed || !seat.isPresent) {
    return (
      <div
        role="gridcell"
        className="cell c-observed quiet"
        aria-label={translate('room_console.flags.unknown')}
      >
        –
      </div>
    );
  }
  const { label, path } = flagsInRow(
    FLAGS.filter((flag) => hasFlag(observed, flag)),
    translate,
  );
  return (
    <div role="gridcell" className="cell c-observed flags" aria-label={label} title={label}>
      <svg viewBox={`0 0 ${SLOT * FLAGS.length} ${SLOT}`} aria-hidden>
        <path d={path} />
      </svg>
    </div>
  );
}

const SLOT = 28;

/** Only the moves are absolute, so that a sign is put into its place by shifting those. */
const SIGN_PATHS: Record<Flag, string> = {
  microphone: 'M9 6a3 3 0 0 1 6 0v5a3 3 0 0 1-6 0zM6 11a6 6 0 0 0 12 0M12 17v3',
  camera: 'M4 8h11v8h-11zM15 11l5-2.5v7l-5-2.5',
  screen_share: 'M4 6h16v10h-16zM9 19.5h6',
  data: 'M4 6h16v10h-9l-4 3v-3h-3z',
  subscribe: 'M3 12s3.5-6 9-6 9 6 9 6-3.5 6-9 6-9-6-9-6zM12 10a2 2 0 1 0 .01 0',
  hidden: 'M4 12s3-5 8-5 8 5 8 5-3 5-8 5-8-5-8-5zM5 19l14-14',
};

const inRows = new WeakMap<Translate, Map<string, { label: string; path: string }>>();

/**
 * All signs of a row in one shape, each in its own place so that rows read like a table, and what
 * they say. Kept, because a room has few kinds of people and thousands of them scroll by.
 */
function flagsInRow(held: readonly Flag[], translate: Translate) {
  const known = inRows.get(translate) ?? new Map<string, { label: string; path: string }>();
  inRows.set(translate, known);
  const key = held.join();
  let found = known.get(key);
  if (!found) {
    const words = held.map((flag) => translate(`room_console.flags.${flag}`)).join(', ');
    found = {
      label: translate('room_console.flags.label', {
        flags: words || translate('room_console.flags.nothing'),
      }),
      path: held.map((flag) => shifted(SIGN_PATHS[flag], SLOT * FLAGS.indexOf(flag))).join(''),
    };
    known.set(key, found);
  }
  return found;
}

const shifted = (path: string, by: number) =>
  path.replace(/M(\d+)/g, (_move, x: string) => `M${Number(x) + by}`);

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

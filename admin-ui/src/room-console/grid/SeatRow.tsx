import { memo, type CSSProperties } from 'react';
import { useTranslate } from 'react-admin';
import type { Acting, RoleTemplate, Seat } from '../../api/records';
import { inkOn, templateColor } from '../../theme/templateColor';
import { HandSign } from '../seat/HandSign';
import { mainCommand, type PersonCommand } from '../commands/personCommands';
import { statusOf } from '../commands/seatStatus';
import { nameOf } from '../../shared/nameOf';
import { initialsOf, lookOf } from '../../shared/face';
import { tagsOf, type Translate } from '../seat/seatFacts';
import { actingStatus } from '../seat/status';
import { clockTime, timeLeft, waitedFor } from '../seat/times';
import { StatusSign } from '../seat/StatusSign';
import { useSeconds } from '../seat/useSeconds';
import { actionsOf, type RowActionsProps } from './rowActions';
import { mediaCell } from './mediaStrip';

interface SeatCellsProps extends RowActionsProps {
  template: RoleTemplate | undefined;
  acting: Acting | undefined;
  errorText: (error: unknown) => string;
  /** The name alone does not say who it is. */
  needsIdentity: boolean;
}

export interface SeatRowProps extends SeatCellsProps {
  id: string;
  index: number;
  style: CSSProperties;
  isActive: boolean;
  isSelected: boolean;
}

/** What a row asks for by itself; everything else is in its menu where there is little room. */
const ANSWERS: ReadonlySet<PersonCommand | null> = new Set(['approve', 'release', 'unblock']);

/** One person, in their place: a row that only moves or is selected keeps its cells. */
export const SeatRow = memo(function SeatRow(props: SeatRowProps) {
  const { id, index, style, isActive, isSelected, ...cells } = props;
  const { seat, goneAt, onCommand } = cells;
  const classes = [
    'row',
    isActive && 'active',
    isSelected && 'selected',
    (seat.hand || seat.invite) && 'waits',
    ANSWERS.has(mainCommand(seat)) && 'asks',
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
        <span
          aria-hidden
          className={`face look${lookOf(identity)}`}
          data-initials={initialsOf(name)}
        />
        <span className="who">
          <bdi translate="no" className="name person">
            {name}
          </bdi>
          {name !== identity && (
            <bdi translate="no" className={props.needsIdentity ? 'mono' : 'mono aside'}>
              {identity}
            </bdi>
          )}
        </span>
        {tagsOf(seat).map((tag) => (
          <span key={tag} className="tag">
            {translate(`room_console.tags.${tag}`, { _: tag })}
          </span>
        ))}
      </div>
      <div role="gridcell" className="cell c-role">
        {roleOf(seat, template, translate)}
      </div>
      {mediaCell(seat, translate)}
      {status === null ? (
        <div role="gridcell" className="cell c-sync">
          {waitingOf(seat, translate)}
        </div>
      ) : (
        <div role="gridcell" className={`cell c-sync status ${status.tone}`} title={status.text}>
          {waitingOf(seat, translate)}
          <span className="said">
            {StatusSign(status)}
            {isGone && !attempt && !acting ? <LeftAgo at={goneAt} /> : <span>{status.text}</span>}
          </span>
        </div>
      )}
      {actionsOf(props, translate)}
    </>
  );
});

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
      <span>{translate('room_console.invited')}</span> <Waited since={seat.invite.since} />
    </span>
  );
}

function Waited({ since }: { since: string }) {
  return <span>{waitedFor(since, useSeconds())}</span>;
}

function LeftAgo({ at }: { at: number }) {
  const translate = useTranslate();
  const seconds = Math.max(0, Math.round((useSeconds() - at) / 1000));
  return <span>{translate('room_console.sync.left_ago', { seconds })}</span>;
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
      <span className="role" translate="no">
        {name}
      </span>
      {seat.override?.until && <Lease until={seat.override.until} />}
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

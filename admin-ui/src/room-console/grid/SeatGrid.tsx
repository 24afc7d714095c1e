import {
  type ComponentType,
  type CSSProperties,
  lazy,
  memo,
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
  Suspense,
  useEffect,
  useId,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
} from 'react';
import { useTranslate } from 'react-admin';
import { useVirtualizer } from '@tanstack/react-virtual';
import Box from '@mui/material/Box';
import type { Acting, RoleTemplate, Seat } from '../../api/records';
import { visuallyHidden } from '../../shared/visuallyHidden';
import { GridFrame } from './GridFrame';
import {
  ACTS,
  chipFor,
  type Command,
  commandFor,
  type Shortcuts,
  stepFor,
} from '../commands/shortcuts';
import type { RosterStore, Section } from '../roster/rosterStore';
import { ListLayout } from './listLayout';
import { RowSlots } from './rowSlots';
import type { Attempt } from '../commands/seatActions';
import { useRules } from '../commands/useSeatRules';
import type { RowCommand } from './rowActions';
import { SeatRow } from './SeatRow';
import type { SwipeLayerProps } from './SwipeLayer';
import { useRosterView } from '../roster/useRoster';
import { useGridFit } from './useGridFit';
import { useActiveKeptVisible, useScrollAnchor } from './useScrollAnchor';
import { useSortPause } from './useSortPause';

export interface SeatGridHandle {
  focus: () => void;
  /** Scrolls to somebody. */
  show: (identity: string) => void;
}

interface SeatGridProps {
  ref: RefObject<SeatGridHandle | null>;
  label: string;
  store: RosterStore;
  attempts: ReadonlyMap<string, Attempt>;
  acting: ReadonlyMap<string, Acting>;
  templates: ReadonlyMap<string, RoleTemplate>;
  shortcuts: Shortcuts;
  /** Whether nobody has moved the focus since the page was opened. */
  isUntouched: () => boolean;
  active: string | null;
  selected: ReadonlySet<string>;
  errorText: (error: unknown) => string;
  /** While a menu or dialog is open, rows keep their places. */
  isDialogOpen: boolean;
  /** Whether the row that was just touched had been there long enough to be meant. */
  isPressSettled: () => boolean;
  onActive: (identity: string) => void;
  /** A key asked to act on somebody while nobody was marked; now this person is. */
  onNobody: (identity: string | null) => void;
  onExtend: (identities: string[]) => void;
  onCommand: (command: RowCommand | Command, identity: string | null, element: HTMLElement) => void;
}

const hasTouch = navigator.maxTouchPoints > 0;
/** An addition: without it everything else still works. */
const SwipeLayer = lazy(async (): Promise<{ default: ComponentType<SwipeLayerProps> }> => {
  const loaded = await import('./SwipeLayer').catch(() => null);
  return { default: loaded?.SwipeLayer ?? (() => null) };
});

const OVERSCAN = 4;
/** As high as a page on a small screen at 200 %. */
const SHORT_PAGE = 520;
const COLUMN_COUNT = 6;

/** The people. Only what is inside the frame is drawn again when one of them changes. */
export function SeatGrid(props: SeatGridProps) {
  const frame = useRef<HTMLDivElement>(null);
  const { size, isShort, rowHeight, headHeight } = useGridFit(frame);
  return (
    <GridFrame
      ref={frame}
      data-size={size}
      data-short={isShort}
      style={{ '--row-height': `${rowHeight}px` } as CSSProperties}
    >
      <Grid {...props} rowHeight={rowHeight} headHeight={headHeight} />
    </GridFrame>
  );
}

function Grid(props: SeatGridProps & { rowHeight: number; headHeight: number }) {
  const { label, store, rowHeight, headHeight, attempts, templates, active, selected } = props;
  const { onActive, onCommand } = props;
  const translate = useTranslate();
  const { obstacle, promoteTitle, canBePromoted } = useRules();
  const view = useRosterView(store);
  const id = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const [slots] = useState(() => new RowSlots());
  const sortPause = useSortPause(store);
  useEffect(() => sortPause.keep('dialog', props.isDialogOpen), [sortPause, props.isDialogOpen]);
  const { identities, sections } = view;
  const layout = useMemo(
    () => new ListLayout(sections, identities.length, rowHeight),
    [sections, identities.length, rowHeight],
  );
  const anchor = useScrollAnchor(scroller, view, layout, headHeight);

  // oxlint-disable-next-line react/incompatible-library -- it keeps its own state on purpose
  const virtualizer = useVirtualizer({
    count: layout.count,
    getScrollElement: () => scroller.current,
    estimateSize: layout.sizeOf,
    getItemKey: layout.keyOf,
    overscan: OVERSCAN,
    scrollMargin: 0,
    paddingEnd: 4,
    scrollPaddingStart: headHeight,
  });
  useImperativeHandle(
    props.ref,
    () => ({
      focus: () => scroller.current?.focus(),
      show: (identity) => {
        const index = store.read().identities.indexOf(identity);
        if (index >= 0) virtualizer.scrollToIndex(layout.itemOf(index), { align: 'auto' });
      },
    }),
    [store, virtualizer, layout],
  );
  const isEarly = useEarlyFocus(scroller, props.isUntouched);

  const activeIndex = active === null ? -1 : view.identities.indexOf(active);
  const activeItem = activeIndex < 0 ? -1 : layout.itemOf(activeIndex);
  useActiveKeptVisible(virtualizer, scroller, activeItem, view);
  const moveTo = (index: number) => {
    const to = Math.max(0, Math.min(index, view.identities.length - 1));
    const identity = view.identities[to];
    if (identity === undefined) return null;
    onActive(identity);
    // The first row with what stands over it.
    virtualizer.scrollToIndex(to === 0 ? 0 : layout.itemOf(to), { align: 'auto' });
    return identity;
  };
  const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 400) / rowHeight) - 2);

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.target !== scroller.current || event.nativeEvent.isComposing) return;
    sortPause.touch();
    const step = stepFor(event, page, view.identities.length, props.shortcuts);
    const chip = step === null ? chipFor(event, props.shortcuts) : null;
    const command = step === null && !chip ? commandFor(event, props.shortcuts) : null;
    if (step === null && !chip && !command) return;
    event.preventDefault();
    if (step !== null) move(step, event.shiftKey);
    // Somebody leaning on a key means it once.
    else if (event.repeat) return;
    else if (chip) store.setChip(chip);
    else {
      const isNobodyActive = activeIndex < 0;
      const meant = isNobodyActive ? moveTo(0) : active;
      // Nobody was marked, or they have gone: the first in the list was not meant.
      if (isNobodyActive && selected.size === 0 && ACTS.has(command!)) props.onNobody(meant);
      else onCommand(command!, meant, rowElement() ?? event.currentTarget);
    }
  };
  const move = (step: number, isExtending: boolean) => {
    const to = moveTo((activeIndex < 0 && step > 0 ? -1 : activeIndex) + step);
    if (isExtending && to !== null) props.onExtend(active === null ? [to] : [active, to]);
  };
  /** As the list is now, which may be newer than what was drawn last. */
  const enter = () => {
    const { identities } = store.read();
    if ((active === null || !identities.includes(active)) && identities[0]) onActive(identities[0]);
  };
  const items = virtualizer.getVirtualItems();
  const heads = items.flatMap(({ index, start }) => {
    const section = layout.headAt(index);
    return section ? [{ section, index, start }] : [];
  });
  const rows = items.flatMap(({ index, start }) => {
    if (layout.headAt(index)) return [];
    const identity = view.identities[layout.personAt(index)];
    const seat = identity === undefined ? undefined : store.seat(identity);
    return seat ? [{ seat, index, start }] : [];
  });
  const slotOf = slots.place(rows.map(({ seat }) => seat.identity));
  const rowId = (identity: string) => `${id}-${slotOf.get(identity)}`;
  const headId = (name: string) => `${id}-${name}`;
  const activeId = active !== null && slotOf.has(active) ? rowId(active) : undefined;
  const rowElement = () => (activeId === undefined ? null : document.getElementById(activeId));

  return (
    <div
      ref={scroller}
      role="grid"
      className="grid"
      tabIndex={0}
      aria-label={label}
      aria-description={translate('room_console.grid.help')}
      aria-rowcount={layout.count + 1}
      aria-colcount={COLUMN_COUNT}
      aria-multiselectable
      aria-activedescendant={activeId}
      onKeyDown={onKeyDown}
      onFocus={() => {
        // By keyboard something must be there to act on; a click says itself which.
        if (isEarly.current || scroller.current?.matches(':focus-visible')) enter();
      }}
      onPointerDown={sortPause.touch}
      onPointerMove={(event) => {
        sortPause.touch();
        anchor.at(event.pointerType === 'touch' ? null : event.clientY);
      }}
      onPointerLeave={() => anchor.at(null)}
      onWheel={sortPause.touch}
    >
      <HeadRow />
      <div
        className="rows"
        role="rowgroup"
        style={{ height: virtualizer.getTotalSize() }}
        // Their order as it is read; that of the elements is another one.
        aria-owns={
          virtualizer.isScrolling
            ? undefined
            : [
                ...heads.map(({ section, index }) => ({ index, id: headId(section.name) })),
                ...rows.map(({ seat, index }) => ({ index, id: rowId(seat.identity) })),
              ]
                .sort((a, b) => a.index - b.index)
                .map(({ id: each }) => each)
                .join(' ')
        }
      >
        {hasTouch && (
          <Suspense fallback={null}>
            <SwipeLayer
              grid={scroller}
              isPressSettled={props.isPressSettled}
              onPull={(isPulled) => sortPause.keep('pull', isPulled)}
            />
          </Suspense>
        )}
        {inSlots(rows, slotOf).map(({ seat, index, start }) => (
          <SeatRow
            key={slotOf.get(seat.identity)}
            id={rowId(seat.identity)}
            index={index}
            style={positionAt(start)}
            seat={seat}
            template={templates.get(seat.role?.template ?? '')}
            attempt={attempts.get(seat.identity)}
            isActive={seat.identity === active}
            isSelected={selected.has(seat.identity)}
            goneAt={view.gone.get(seat.identity)}
            acting={props.acting.get(seat.identity)}
            needsIdentity={store.needsIdentity(seat)}
            obstacle={obstacle}
            promoteTitle={promoteTitle}
            canBePromoted={canBePromoted}
            translate={translate}
            errorText={props.errorText}
            onCommand={onCommand}
          />
        ))}
        {heads.map(({ section, index, start }) => (
          <SectionRow
            key={section.name}
            id={headId(section.name)}
            index={index}
            style={positionAt(start)}
            section={section}
          />
        ))}
      </div>
    </div>
  );
}

const HeadRow = memo(function HeadRow() {
  return (
    <div role="row" className="row head" aria-rowindex={1}>
      <Head name="select" className="pick" isHidden />
      <Head name="person" className="c-person" />
      <Head name="role" className="c-role" />
      <Head name="media" className="c-media" />
      <Head name="sync" className="c-sync" />
      <Head name="actions" className="c-actions" isHidden>
        <Legend />
      </Head>
    </div>
  );
});

interface SectionRowProps {
  id: string;
  index: number;
  style: CSSProperties;
  section: Section;
}

/** What the people below it have in common. It takes no press and no key. */
const SectionRow = memo(function SectionRow({ id, index, style, section }: SectionRowProps) {
  const translate = useTranslate();
  const { name, size } = section;
  return (
    <div role="row" id={id} className="section" aria-rowindex={index + 2} style={style}>
      <div role="gridcell" aria-colindex={1} aria-colspan={COLUMN_COUNT}>
        <b>{translate(`room_console.grid.sections.${name}`)}</b> <span>{size}</span>
        {name === 'hands' && size > 1 && <i>{translate('room_console.grid.longest_first')}</i>}
      </div>
    </div>
  );
});

/** What the colours of the strips mean; their cells say it in words. */
function Legend() {
  const translate = useTranslate();
  return (
    <span className="legend" aria-hidden>
      {['live', 'allowed', 'held'].map((state) => (
        <span key={state} className={`key k-${state}`}>
          {translate(`room_console.grid.states.${state}`)}
        </span>
      ))}
    </span>
  );
}

interface HeadProps {
  name: string;
  className: string;
  /** The name is only read out. */
  isHidden?: boolean;
  children?: ReactNode;
}

function Head(props: HeadProps) {
  const translate = useTranslate();
  const text = translate(`room_console.grid.${props.name}`);
  return (
    <div role="columnheader" className={`cell ${props.className}`}>
      {props.isHidden ? <Box sx={visuallyHidden}>{text}</Box> : <span>{text}</span>}
      {props.children}
    </div>
  );
}

const positions = new Map<number, { transform: string }>();

/** The same object for the same place, so that a row that did not move is not drawn again. */
function positionAt(start: number) {
  let position = positions.get(start);
  if (!position) {
    position = { transform: `translateY(${start}px)` };
    positions.set(start, position);
  }
  return position;
}

/** Always in the same order: an element that moves in the DOM is styled and laid out again. */
const inSlots = <Row extends { seat: Seat }>(
  rows: readonly Row[],
  slotOf: ReadonlyMap<string, number>,
) => {
  const slot = ({ seat }: Row) => slotOf.get(seat.identity) ?? 0;
  return [...rows].sort((a, b) => slot(a) - slot(b));
};

/** The keys work from the first moment, unless somebody has gone elsewhere meanwhile. */
function useEarlyFocus(element: RefObject<HTMLElement | null>, isUntouched: () => boolean) {
  const isEarly = useRef(false);
  useEffect(() => {
    const { activeElement } = document;
    const isInDialog = activeElement?.closest('[role=dialog]') != null;
    if (activeElement !== document.body && (isInDialog || !isUntouched())) return;
    isEarly.current = true;
    // Where a page shows few lines, they are those of the list.
    element.current?.focus({ preventScroll: window.innerHeight > SHORT_PAGE });
    isEarly.current = false;
  }, [element, isUntouched]);
  return isEarly;
}

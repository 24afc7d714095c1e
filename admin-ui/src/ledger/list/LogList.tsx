import {
  type KeyboardEvent,
  useCallback,
  useEffect,
  useImperativeHandle,
  useRef,
  useState,
} from 'react';
import type { Ref } from 'react';
import { useTranslate } from 'react-admin';
import { useVirtualizer } from '@tanstack/react-virtual';
import type { Act } from '@rolecall/server/api';
import type { LogWords } from '../words/useWords';
import type { useZone } from '../zone';
import type { PickValue } from './ActSentence';
import { LogRow } from './LogRow';
import { Rows } from './Rows';
import { useWidth } from '../chart/useWidth';

/** The widths from which rows have more columns. */
const NARROW = 520;
const WIDE = 820;
const HEIGHT = { wide: 48, medium: 48, narrow: 76 };

export interface LogListHandle {
  focusRow: (index: number) => void;
  toTop: () => void;
}

export interface LogListProps {
  acts: readonly Act[];
  hasMore: boolean;
  isFetchingMore: boolean;
  onNearEnd: () => void;
  openId: string;
  addressOf: (act: Act) => string;
  words: LogWords;
  zone: ReturnType<typeof useZone>;
  onPick: PickValue;
  onCopyLink: (act: Act) => void;
  /** Where the list is a part of a page, the page begins elsewhere. */
  takesFocus?: boolean;
  handle: Ref<LogListHandle>;
}

/** Acts, newest first. Only what is in view is drawn, and nothing that is read ever moves. */
export function LogList(props: LogListProps) {
  const { acts, hasMore, isFetchingMore, onNearEnd, openId, words, zone, onPick } = props;
  const { takesFocus = true } = props;
  const translate = useTranslate();
  const scroller = useRef<HTMLDivElement>(null);
  const [measure, width] = useWidth<HTMLDivElement>();
  const [active, setActive] = useState(0);
  const [expanded, setExpanded] = useState<ReadonlySet<string>>(new Set());
  const look = width === 0 || width >= WIDE ? 'wide' : width >= NARROW ? 'medium' : 'narrow';
  const height = HEIGHT[look];
  // The same while one scrolls: with another one, the places of all rows would be computed again.
  const keyOf = useCallback((index: number) => acts[index]?.id ?? index, [acts]);
  // oxlint-disable-next-line react/incompatible-library -- only the React Compiler minds, which is not used
  const virtual = useVirtualizer({
    count: acts.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    getItemKey: keyOf,
    overscan: 8,
  });
  useEffect(() => virtual.measure(), [virtual, height]);
  const rows = virtual.getVirtualItems();
  const last = rows.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && !isFetchingMore && last >= acts.length - 30) onNearEnd();
  }, [hasMore, isFetchingMore, last, acts.length, onNearEnd]);

  const focusRow = (index: number) => {
    const next = Math.max(0, Math.min(acts.length - 1, index));
    setActive(next);
    virtual.scrollToIndex(next);
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-index="${next}"] a`)?.focus(),
    );
  };
  useImperativeHandle(props.handle, () => ({
    focusRow,
    toTop: () => {
      setActive(0);
      scroller.current?.scrollTo({ top: 0 });
    },
  }));

  // The keys work from the first moment, and again once other acts are here: the row that had the
  // focus may be gone.
  const hasRows = rows.length > 0;
  const first = acts[0]?.id;
  useEffect(() => {
    if (!hasRows || openId || !takesFocus || !isFocusFree()) return;
    scroller.current?.querySelector<HTMLElement>('a')?.focus({ preventScroll: true });
  }, [hasRows, first, openId, takesFocus]);

  const onExpand = useCallback(
    (id: string, index: number) => {
      setExpanded((before) => {
        const next = new Set(before);
        if (!next.delete(id)) next.add(id);
        return next;
      });
      virtual.resizeItem(index, height);
    },
    [virtual, height],
  );
  const onFocus = useCallback((index: number) => setActive(index), []);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.length === 1 ? event.key.toLocaleLowerCase() : event.key;
    const step = STEPS[key];
    const act = acts[active];
    if (step !== undefined) focusRow(active + step);
    else if (key === 'Home') focusRow(0);
    else if (key === 'End') focusRow(acts.length - 1);
    else if (key === 'y' && act) props.onCopyLink(act);
    else if (key === 'x' && act && act.steps.length > 1) onExpand(act.id, active);
    else return;
    event.preventDefault();
  };

  const tabStop = Math.min(active, acts.length - 1);
  return (
    <Rows ref={scroller} className={look} onKeyDown={onKeyDown}>
      <div ref={measure} />
      <ol aria-label={translate('ledger.list_label')} style={{ height: virtual.getTotalSize() }}>
        {rows.map(({ index, start, key }) => {
          const act = acts[index];
          if (!act) return null;
          return (
            <li
              key={key}
              // Rows have one height; only those that are opened, or that wrap, are measured.
              ref={look === 'narrow' || expanded.has(act.id) ? virtual.measureElement : undefined}
              data-index={index}
              aria-setsize={hasMore ? -1 : acts.length}
              aria-posinset={index + 1}
              style={{ transform: `translateY(${start}px)` }}
            >
              <LogRow
                act={act}
                index={index}
                to={props.addressOf(act)}
                isOpen={act.id === openId}
                isExpanded={expanded.has(act.id)}
                isTabStop={index === tabStop}
                words={words}
                format={zone.format}
                onFocus={onFocus}
                onExpand={onExpand}
                onPick={onPick}
              />
            </li>
          );
        })}
      </ol>
    </Rows>
  );
}

const STEPS: Record<string, number> = {
  j: 1,
  ArrowDown: 1,
  k: -1,
  ArrowUp: -1,
  PageDown: 10,
  PageUp: -10,
};

/** Nobody is anywhere yet, or still on the entry of the menu that led here. */
function isFocusFree(): boolean {
  const { activeElement } = document;
  return activeElement === document.body || Boolean(activeElement?.matches('nav [aria-current]'));
}

import { type RefObject, useLayoutEffect, useRef, useState } from 'react';
import type { Virtualizer } from '@tanstack/react-virtual';
import type { RosterView } from '../roster/rosterStore';
import type { ListLayout } from './listLayout';

/** Scrolls to the active row when sorting moves it out of view, for people who work by keys. */
export function useActiveKeptVisible(
  virtualizer: Virtualizer<HTMLDivElement, Element>,
  scroller: RefObject<HTMLElement | null>,
  /** The place of the active row among rows and heads; -1 for none. */
  activeItem: number,
  { waiting }: RosterView,
) {
  const before = useRef({ hasWaited: false, isVisible: false });
  const hasWaited = waiting.joined + waiting.moved + waiting.left > 0;
  useLayoutEffect(() => {
    const { range } = virtualizer;
    const isSorted = before.current.hasWaited && !hasWaited;
    if (isSorted && before.current.isVisible && scroller.current?.matches(':focus-visible')) {
      virtualizer.scrollToIndex(Math.max(0, activeItem), { align: 'auto' });
    }
    const isVisible =
      range !== null && activeItem >= range.startIndex && activeItem <= range.endIndex;
    before.current = { hasWaited, isVisible };
  });
}

/**
 * Keeps the row under the pointer in place when rows are inserted above it, by scrolling as far as
 * they push it. The next ordering takes that back, unless somebody scrolled meanwhile.
 */
export function useScrollAnchor(
  scroller: RefObject<HTMLElement | null>,
  { identities, waiting }: RosterView,
  layout: ListLayout,
  headHeight: number,
) {
  const [anchor] = useState(() => {
    let pointerY: number | null = null;
    let shown: readonly string[] = [];
    let shownAt = layout;
    let pushed = { by: 0, to: 0 };
    const keepRow = (
      element: HTMLElement,
      before: readonly string[],
      beforeAt: ListLayout,
      head: number,
    ) => {
      if (pointerY === null) return;
      const top = element.getBoundingClientRect().top + head;
      const index = beforeAt.personUnder(pointerY - top + element.scrollTop);
      const identity = index === undefined ? undefined : before[index];
      if (index === undefined || identity === undefined) return;
      const now = shown.indexOf(identity);
      const by = now < 0 ? 0 : shownAt.topOf(now) - beforeAt.topOf(index);
      if (by <= 0) return;
      const sum = element.scrollTop === pushed.to ? pushed.by : 0;
      element.scrollTop += by;
      pushed = { by: sum + by, to: element.scrollTop };
    };
    const takeBack = (element: HTMLElement) => {
      if (pushed.by > 0 && element.scrollTop === pushed.to) element.scrollTop -= pushed.by;
      pushed = { by: 0, to: 0 };
    };
    return {
      at: (clientY: number | null) => {
        pointerY = clientY;
      },
      follow: (
        element: HTMLElement,
        next: readonly string[],
        nextAt: ListLayout,
        isAppended: boolean,
        head: number,
      ) => {
        const [before, beforeAt] = [shown, shownAt];
        shown = next;
        shownAt = nextAt;
        if (next === before) return;
        if (isAppended) keepRow(element, before, beforeAt, head);
        else takeBack(element);
      },
    };
  });
  const isAppended = waiting.joined > 0;
  useLayoutEffect(() => {
    if (!scroller.current) return;
    anchor.follow(scroller.current, identities, layout, isAppended, headHeight);
  }, [anchor, scroller, identities, layout, isAppended, headHeight]);
  return anchor;
}

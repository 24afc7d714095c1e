import { type RefObject, useLayoutEffect, useRef, useState } from 'react';
import type { Virtualizer } from '@tanstack/react-virtual';
import type { RosterView } from '../roster/rosterStore';

/** Scrolls to the active row when sorting moves it out of view, for people who work by keys. */
export function useActiveKeptVisible(
  virtualizer: Virtualizer<HTMLDivElement, Element>,
  scroller: RefObject<HTMLElement | null>,
  activeIndex: number,
  { waiting }: RosterView,
) {
  const before = useRef({ hasWaited: false, isVisible: false });
  const hasWaited = waiting.joined + waiting.moved + waiting.left > 0;
  useLayoutEffect(() => {
    const { range } = virtualizer;
    const isSorted = before.current.hasWaited && !hasWaited;
    if (isSorted && before.current.isVisible && scroller.current?.matches(':focus-visible')) {
      virtualizer.scrollToIndex(Math.max(0, activeIndex), { align: 'auto' });
    }
    const isVisible =
      range !== null && activeIndex >= range.startIndex && activeIndex <= range.endIndex;
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
  rowHeight: number,
  headHeight: number,
) {
  const [anchor] = useState(() => {
    let pointerY: number | null = null;
    let shown: readonly string[] = [];
    let pushed = { by: 0, to: 0 };
    const keepRow = (
      element: HTMLElement,
      before: readonly string[],
      height: number,
      head: number,
    ) => {
      if (pointerY === null) return;
      const top = element.getBoundingClientRect().top + head;
      const index = Math.floor((pointerY - top + element.scrollTop) / height);
      const identity = before[index];
      const by = identity === undefined ? 0 : (shown.indexOf(identity) - index) * height;
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
        isAppended: boolean,
        height: number,
        head: number,
      ) => {
        if (next === shown) return;
        const before = shown;
        shown = next;
        if (isAppended) keepRow(element, before, height, head);
        else takeBack(element);
      },
    };
  });
  const isAppended = waiting.joined > 0;
  useLayoutEffect(() => {
    if (!scroller.current) return;
    anchor.follow(scroller.current, identities, isAppended, rowHeight, headHeight);
  }, [anchor, scroller, identities, isAppended, rowHeight, headHeight]);
  return anchor;
}

import { useEffect, useMemo, useState } from 'react';
import { useDebounced } from '../shared/useDebounced';
import { useUrlFilters } from '../shared/useUrlFilters';
import type { Span } from './chart/layout';

export const DAYS = ['1', '7', '30', '90'] as const;
const DAY = 86_400_000;
const MINUTE = 60_000;
const DEFAULT = '7';

/**
 * The time that a page is about, in its address: so many days until an instant, or until now. `at`:
 * the moment that it is as of.
 */
export function useSpan() {
  const { values, set } = useUrlFilters(['days', 'to', 'at'], (key, value) =>
    key === 'days' ? (DAYS as readonly string[]).includes(value) : !Number.isNaN(Date.parse(value)),
  );
  const days = values.days || DEFAULT;
  const to = values.to === '' ? null : Date.parse(values.to);
  const length = Number(days) * DAY;
  const [at, setAt] = useState(() => (values.at === '' ? null : Date.parse(values.at)));
  // Browsers refuse an address that changes with every move of a pointer.
  const settledAt = useDebounced(at, 400);
  useEffect(() => {
    const next = settledAt === null ? '' : new Date(Math.round(settledAt)).toISOString();
    if (next !== values.at) set({ at: next });
  }, [settledAt, values.at, set]);
  return {
    days,
    at,
    isUntilNow: to === null,
    setAt,
    setDays: (next: string) => set({ days: next === DEFAULT ? '' : next }),
    /** A step back or on by the whole time; not beyond now. */
    step: (by: -1 | 1) => {
      const next = (to ?? Date.now()) + by * length;
      set({ to: next >= Date.now() - MINUTE ? '' : new Date(next).toISOString() });
      setAt(null);
    },
    /** For the server: nothing where it is until now, so that an answer can be kept. */
    query: useMemo(() => {
      if (to === null) return { from: undefined, to: undefined, length };
      return {
        from: new Date(to - length).toISOString(),
        to: new Date(to).toISOString(),
        length,
      };
    }, [to, length]),
  };
}

/** What is asked of the server, as of now where no end is given. */
export function spanQuery({ from, to, length }: ReturnType<typeof useSpan>['query']) {
  return { from: from ?? new Date(Date.now() - length).toISOString(), to };
}

/** The whole time of a picture; up to now it has a little of what is to come. */
export function wholeOf(answer: { from: string; to: string }, isUntilNow: boolean): Span {
  const [from, to] = [Date.parse(answer.from), Date.parse(answer.to)];
  return { from, to: isUntilNow ? to + (to - from) * 0.06 : to };
}

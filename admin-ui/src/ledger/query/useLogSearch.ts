import { useCallback, useMemo, useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import type { Span } from '../chart/scale';
import { type LogQuery, printQuery } from './language';
import { LOG_PARAMS, type LogSearch, paramsOf, searchOf } from './logSearch';

interface Asked extends LogSearch {
  /** The address from which it was asked. */
  from: string;
}

/** The search of the log: it lives in the address, so that it can be shared and gone back to. */
export function useLogSearch(base: string) {
  const [params, setParams] = useSearchParams();
  // The router changes the address in a transition, which waits until typing stops.
  const [asked, setAsked] = useState<Asked | null>(null);
  const signature = JSON.stringify(LOG_PARAMS.map((key) => params.get(key)));
  const read = useMemo(() => {
    const values = JSON.parse(signature) as (string | null)[];
    const known = LOG_PARAMS.flatMap((key, at) => {
      const value = values[at];
      return typeof value === 'string' ? [[key, value] as [string, string]] : [];
    });
    return searchOf(new URLSearchParams(known), base);
  }, [signature, base]);
  if (asked && asked.from !== signature) setAsked(null);
  const search: LogSearch = asked?.from === signature ? asked : read;

  const set = useCallback(
    (query: LogQuery, brush: Span | null) => {
      setAsked({ text: printQuery(query), query, brush, from: signature });
      setParams(paramsOf({ query, brush }));
    },
    [setParams, signature],
  );
  const { query, brush } = search;
  const setQuery = useCallback((next: LogQuery) => set(next, brush), [set, brush]);
  const setBrush = useCallback((next: Span | null) => set(query, next), [set, query]);
  return { ...search, set, setQuery, setBrush };
}

import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router-dom';
import type { Span } from '../chart/scale';
import type { LogQuery } from './language';
import { LOG_PARAMS, paramsOf, searchOf } from './logSearch';

/** The search of the log: it lives in the address, so that it can be shared and gone back to. */
export function useLogSearch(base: string) {
  const [params, setParams] = useSearchParams();
  const signature = JSON.stringify(LOG_PARAMS.map((key) => params.get(key)));
  const search = useMemo(() => {
    const read = JSON.parse(signature) as (string | null)[];
    const known = LOG_PARAMS.flatMap((key, at) => {
      const value = read[at];
      return typeof value === 'string' ? [[key, value] as [string, string]] : [];
    });
    return searchOf(new URLSearchParams(known), base);
  }, [signature, base]);

  const set = useCallback(
    (query: LogQuery, brush: Span | null) =>
      setParams(paramsOf({ query, brush }), { replace: false }),
    [setParams],
  );
  const setQuery = useCallback((query: LogQuery) => set(query, search.brush), [set, search.brush]);
  const setBrush = useCallback(
    (brush: Span | null) => set(search.query, brush),
    [set, search.query],
  );
  return { ...search, set, setQuery, setBrush };
}

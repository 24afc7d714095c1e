import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router-dom';

/** Filters that live in the address: they can be shared, bookmarked and gone back to. */
export function useUrlFilters<K extends string>(keys: readonly K[]) {
  const [params, setParams] = useSearchParams();
  const values = useMemo(
    () => Object.fromEntries(keys.map((key) => [key, params.get(key) ?? ''])) as Record<K, string>,
    [keys, params],
  );
  const set = useCallback(
    (changes: Partial<Record<K, string>>) =>
      setParams(
        (before) => {
          const next = new URLSearchParams(before);
          for (const [key, value] of Object.entries(changes) as [K, string][]) {
            if (value) next.set(key, value);
            else next.delete(key);
          }
          return next;
        },
        { replace: true },
      ),
    [setParams],
  );
  const clear = useCallback(
    () => set(Object.fromEntries(keys.map((key) => [key, ''])) as Record<K, string>),
    [keys, set],
  );
  const isAny = keys.some((key) => values[key] !== '');
  return { values, set, clear, isAny };
}

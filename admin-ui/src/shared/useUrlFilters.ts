import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router-dom';

/** Filters that live in the address: they can be shared, bookmarked and gone back to. */
export function useUrlFilters<K extends string>(
  keys: readonly K[],
  /** What a link says is used only if this is true of it. */
  isUsable: (key: K, value: string) => boolean = () => true,
) {
  const [params, setParams] = useSearchParams();
  const read = keys.map((key) => {
    const value = params.get(key) ?? '';
    return [key, value === '' || isUsable(key, value) ? value : ''] as const;
  });
  const signature = JSON.stringify(read);
  const values = useMemo(
    () => Object.fromEntries(JSON.parse(signature) as [K, string][]) as Record<K, string>,
    [signature],
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

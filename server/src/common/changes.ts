import { isDeepStrictEqual } from 'node:util';

/** The fields of `after` that differ from `before`, both sides; null when nothing does. */
export function changesBetween<T extends object>(
  before: T,
  after: Partial<T>,
): { before: Partial<T>; after: Partial<T> } | null {
  const changed = (Object.keys(after) as (keyof T)[]).filter(
    (field) => after[field] !== undefined && !isDeepStrictEqual(after[field], before[field]),
  );
  if (changed.length === 0) return null;
  const pick = (record: Partial<T>) =>
    Object.fromEntries(changed.map((field) => [field, record[field]])) as Partial<T>;
  return { before: pick(before), after: pick(after) };
}

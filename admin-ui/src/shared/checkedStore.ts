import type { Store } from 'react-admin';
import { cleanListParams } from '../api/listParams';

type Check = (value: unknown, key: string) => unknown;

const isObject = (value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const when = (isGood: (value: unknown) => boolean): Check => {
  return (value) => (isGood(value) ? value : undefined);
};
const LIST_PARAMS = '.listParams';

/** By the end of the key: what is stored there, else undefined. */
const CHECKS: [end: string, check: Check][] = [
  [
    LIST_PARAMS,
    (value, key) => {
      const clean = cleanListParams(key.slice(0, -LIST_PARAMS.length), value);
      return Object.keys(clean).length > 0 ? clean : undefined;
    },
  ],
  ['.selectedIds', when(isObject)],
  ['.datatable', when(Array.isArray)],
  ['_columnRanks', when(Array.isArray)],
  ['theme', when((value) => value === 'light' || value === 'dark')],
  ['locale', when((value) => value === 'en')],
  ['nav.isOpen', when((value) => typeof value === 'boolean')],
];

/** Settings that an older version, another tab or a hand has stored are used only when they are good. */
export function checkedStore(store: Store): Store {
  const checked = (key: string, value: unknown): unknown => {
    const [, check] = CHECKS.find(([end]) => key.endsWith(end)) ?? [];
    return value === undefined || !check ? value : check(value, key);
  };
  return {
    ...store,
    getItem: <T>(key: string, defaultValue?: T) =>
      (checked(key, store.getItem<unknown>(key)) as T | undefined) ?? (defaultValue as T),
    subscribe: (key, callback) =>
      store.subscribe(key, (value: unknown) => callback(checked(key, value))),
  };
}

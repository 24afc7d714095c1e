import { useMemo } from 'react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { LedgerFacets } from '@rolecall/server/api';
import { getJson } from '../../api/httpClient';
import type { RoleTemplate, Room, User } from '../../api/records';
import { usePermissionSet } from '../../session/usePermissionSet';
import { useTemplates } from '../../shared/useTemplates';
import type { KnownValue, KnownValues } from './completions';
import { isMatchField } from './language';

const FIELDS = 'actor,identity,room,template,kind,outcome,via,ip';
const TOP = 50;
const FOUND = 6;

export interface KnownOptions {
  query: string;
  zone: string;
  /** What is being written; people and rooms are looked up by it. */
  word: string;
  isEnabled: boolean;
}

/** Values to offer: those of the acts that are shown, with counts, then what the directory has. */
export function useKnownValues({ query, zone, word, isEnabled }: KnownOptions): KnownValues {
  const can = usePermissionSet();
  const { templates } = useTemplates();
  const facets = useQuery({
    queryKey: ['/ledger/facets', 'known', query, zone],
    enabled: isEnabled,
    queryFn: ({ signal }) =>
      getJson<LedgerFacets>('/ledger/facets', {
        query: { query, zone, fields: FIELDS, top: TOP },
        signal,
      }),
    staleTime: 30_000,
    retry: false,
  });
  const isLong = isEnabled && word.length >= 2;
  const users = useLookup<User>('/users', word, isLong && can('user.read'));
  const rooms = useLookup<Room>('/rooms', word, isLong && can('room.read'));

  return useMemo(() => {
    const known: Record<string, KnownValue[]> = {};
    for (const { field, values } of facets.data?.data ?? []) {
      if (field === 'group' || !isMatchField(field)) continue;
      known[field] = values.map(({ value, label, count }) => ({ value, name: label, count }));
    }
    const add = (field: string, values: KnownValue[]) => {
      const before = known[field] ?? [];
      const has = new Set(before.map(({ value }) => value));
      known[field] = [...before, ...values.filter(({ value }) => !has.has(value))];
    };
    add(
      'identity',
      users.map(({ identity, name }) => ({ value: identity, name: name || undefined })),
    );
    add(
      'room',
      rooms.map(({ name, title }) => ({ value: name, name: title || undefined })),
    );
    add(
      'template',
      templates.map(({ key, name }: RoleTemplate) => ({ value: key, name })),
    );
    return known;
  }, [facets.data, users, rooms, templates]);
}

const NONE: never[] = [];

function useLookup<T>(route: string, word: string, isEnabled: boolean): T[] {
  const { data } = useQuery({
    queryKey: [route, 'lookup', word],
    enabled: isEnabled,
    queryFn: ({ signal }) =>
      getJson<T[]>(route, {
        query: {
          range: JSON.stringify([0, FOUND - 1]),
          sort: JSON.stringify(['name', 'ASC']),
          filter: JSON.stringify({ q: word }),
        },
        signal,
      }),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    retry: false,
  });
  return isEnabled ? (data ?? NONE) : NONE;
}

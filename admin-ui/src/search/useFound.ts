import { useMemo } from 'react';
import { useTranslate } from 'react-admin';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getJson } from '../api/httpClient';
import type { Operator, Room, User } from '../api/records';
import { roomConsolePath } from '../rooms/paths';
import { usePermissionSet } from '../session/usePermissionSet';
import { dayAndTime } from '../shared/time';
import {
  entryPath,
  logPath,
  operatorHistoryPath,
  personPath,
  roomHistoryPath,
} from '../shared/historyPaths';
import { userPath } from '../users/paths';
import { momentIn } from './moment';

export interface Found {
  id: string;
  sort: 'person' | 'room' | 'operator' | 'time' | 'entry' | 'token' | 'text';
  label: string;
  note?: string;
  to: string;
}

const EACH = 5;
const AROUND_MS = 5 * 60_000;
const DAY_MS = 86_400_000;

/** Everything that the words could mean: people, rooms, operators, a time, or text in the log. */
export function useFound(word: string, locale: string): { found: Found[]; isLoading: boolean } {
  const translate = useTranslate();
  const can = usePermissionSet();
  const isAsked = word.length >= 2;
  const { items: users, isLoading: isAskingUsers } = useLookup<User>(
    '/users',
    word,
    'name',
    isAsked && can('user.read'),
  );
  const { items: rooms, isLoading: isAskingRooms } = useLookup<Room>(
    '/rooms',
    word,
    'name',
    isAsked && can('room.read'),
  );
  const { items: operators, isLoading: isAskingOperators } = useLookup<Operator>(
    '/operators',
    word,
    'email',
    isAsked && can('operator.read'),
  );
  const hasLog = can('ledger.read');

  const found = useMemo(() => {
    if (word === '') return [];
    const all: Found[] = [];
    const time = hasLog ? timeOf(word, locale) : null;
    if (time) all.push(time);
    if (hasLog) all.push(...byId(word, translate));
    for (const { id, identity, name } of users) {
      all.push({
        id: `person ${id}`,
        sort: 'person',
        label: name || identity,
        note: name ? identity : undefined,
        to: hasLog ? personPath(identity) : userPath(id),
      });
      if (!hasLog) continue;
      all.push({
        id: `acts ${id}`,
        sort: 'person',
        label: translate('search.acts_of', { name: name || identity }),
        to: logPath(`identity:${JSON.stringify(identity)}`),
      });
      all.push({
        id: `settings ${id}`,
        sort: 'person',
        label: translate('search.settings_of', { name: name || identity }),
        to: userPath(id),
      });
    }
    for (const { name, title } of rooms) {
      all.push({
        id: `room ${name}`,
        sort: 'room',
        label: title || name,
        note: title ? name : undefined,
        to: roomConsolePath(name),
      });
      if (!hasLog) continue;
      all.push({
        id: `history of room ${name}`,
        sort: 'room',
        label: translate('search.history_of', { name: title || name }),
        to: roomHistoryPath(name),
      });
    }
    for (const { id, email, name } of hasLog ? operators : []) {
      all.push({
        id: `operator ${id}`,
        sort: 'operator',
        label: translate('search.acts_by', { name: name || email }),
        note: name ? email : undefined,
        to: logPath(`actor:${id}`),
      });
      all.push({
        id: `history of operator ${id}`,
        sort: 'operator',
        label: translate('search.history_of', { name: name || email }),
        to: operatorHistoryPath(id),
      });
    }
    if (hasLog) {
      // Also of somebody whom nobody added as a user.
      all.push({
        id: 'identity',
        sort: 'person',
        label: translate('search.history_of_identity', { identity: word }),
        to: personPath(word),
      });
      all.push({
        id: 'text',
        sort: 'text',
        label: translate('search.in_log', { text: word }),
        to: logPath(JSON.stringify(word)),
      });
    }
    return all;
  }, [word, locale, hasLog, users, rooms, operators, translate]);
  return { found, isLoading: isAskingUsers || isAskingRooms || isAskingOperators };
}

function timeOf(word: string, locale: string): Found | null {
  const now = new Date();
  const moment = momentIn(word, now);
  if (!moment) return null;
  const { at, isDay } = moment;
  const [from, to] = isDay
    ? [at.getTime(), at.getTime() + DAY_MS]
    : [at.getTime() - AROUND_MS, at.getTime() + AROUND_MS];
  const iso = (ms: number) => new Date(ms).toISOString();
  return {
    id: 'time',
    sort: 'time',
    label: isDay
      ? new Intl.DateTimeFormat(locale, { dateStyle: 'full' }).format(at)
      : dayAndTime(at, now, locale),
    to: logPath(`since:${iso(from)} before:${iso(to)}`),
  };
}

const ENTRY_ID = /^[0-9a-z]{8,11}-\d{1,9}-\d{1,15}$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const SHA256 = /^[0-9a-f]{64}$/i;

/** What an entry, a token or an operation is known by elsewhere: in a file, a request, or a SIEM. */
function byId(word: string, translate: ReturnType<typeof useTranslate>): Found[] {
  const at = (name: string, sort: Found['sort'], to: string): Found => ({
    id: name,
    sort,
    label: translate(`search.${name}`, { id: word }),
    to,
  });
  if (ENTRY_ID.test(word)) return [at('entry', 'entry', entryPath(word))];
  if (SHA256.test(word)) return [at('token_hash', 'token', logPath(`hash:${word}`))];
  if (!UUID.test(word)) return [];
  return [
    at('token_id', 'token', logPath(`jti:${word}`)),
    at('operation', 'text', logPath(`operationId:${word}`)),
    at('request', 'text', logPath(`requestId:${word}`)),
  ];
}

const NONE: never[] = [];

function useLookup<T>(route: string, word: string, order: string, isEnabled: boolean) {
  const { data, isFetching } = useQuery({
    queryKey: [route, 'lookup', word],
    enabled: isEnabled,
    queryFn: ({ signal }) =>
      getJson<T[]>(route, {
        query: {
          range: JSON.stringify([0, EACH - 1]),
          sort: JSON.stringify([order, 'ASC']),
          filter: JSON.stringify({ q: word }),
        },
        signal,
      }),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    retry: false,
  });
  return { items: isEnabled ? (data ?? NONE) : NONE, isLoading: isFetching };
}

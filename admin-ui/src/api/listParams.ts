import type { ListQueries } from '@rolecall/server/api';

/*
 * How a list is filtered, sorted and paged comes from a link or from the browser's storage, and
 * anybody may have written that. Only what the server takes is used; the rest is left out.
 */
type Check = 'text' | 'boolean' | 'uuid' | readonly string[];
type Filter<R extends keyof ListQueries> = Omit<ListQueries[R]['filter'], 'id'>;

const LISTS: {
  [R in keyof ListQueries]: {
    sort: Record<ListQueries[R]['sort'][0], true>;
    filter: Record<keyof Filter<R>, Check>;
  };
} = {
  users: {
    sort: { identity: true, name: true, kind: true, createdAt: true, isSuspended: true, id: true },
    filter: {
      q: 'text',
      kind: ['standard', 'agent'],
      isSuspended: 'boolean',
      identity: 'text',
    },
  },
  rooms: {
    sort: {
      name: true,
      id: true,
      title: true,
      numParticipants: true,
      liveSince: true,
      isClosed: true,
      maxParticipants: true,
      defaultTemplate: true,
      createdAt: true,
    },
    filter: { q: 'text', isClosed: 'boolean', isLive: 'boolean', name: 'text' },
  },
  'role-templates': {
    sort: { key: true, id: true, name: true, published: true, createdAt: true },
    filter: { q: 'text', isArchived: 'boolean', key: 'text' },
  },
  assignments: {
    sort: {
      createdAt: true,
      id: true,
      template: true,
      priority: true,
      validFrom: true,
      validUntil: true,
      status: true,
      subjectLabel: true,
    },
    filter: {
      q: 'text',
      user: 'uuid',
      room: 'text',
      template: 'text',
      status: ['active', 'upcoming', 'expired'],
    },
  },
  operators: {
    sort: {
      email: true,
      name: true,
      createdAt: true,
      lastSignedInAt: true,
      isDisabled: true,
      id: true,
    },
    filter: { q: 'text', isDisabled: 'boolean' },
  },
  alarms: {
    sort: { openedAt: true, seenAt: true, kind: true },
    filter: {
      state: ['open', 'acknowledged', 'gone'],
      kind: 'text',
      room: 'text',
      identity: 'text',
    },
  },
  'api-keys': {
    sort: { name: true, createdAt: true, expiresAt: true, lastUsedAt: true, id: true },
    filter: { q: 'text', isRevoked: 'boolean' },
  },
};

export const PAGE_SIZES = [10, 25, 50, 100];
export const PAGE_SIZE = 25;
/** A page further down is no row that Postgres counts to. */
const MAX_PAGE = 1_000_000;
const MAX_TEXT = 256;
/** NUL, and half of a character that needs two units. */
export const UNSENDABLE = /[\0\p{Surrogate}]/u;

export interface ListParams {
  filter?: Record<string, unknown>;
  displayedFilters?: Record<string, boolean>;
  sort?: string;
  order?: 'ASC' | 'DESC';
  page?: number;
  perPage?: number;
}

/** What can be used of the parameters of a list, from a link or from storage. */
export function cleanListParams(resource: string, raw: unknown): ListParams {
  if (!isObject(raw)) return {};
  const clean: ListParams = {};
  const filter = objectOf(raw.filter);
  if (filter) clean.filter = cleanFilter(resource, filter);
  const displayed = objectOf(raw.displayedFilters);
  if (displayed) {
    clean.displayedFilters = Object.fromEntries(
      Object.entries(displayed).filter(
        (entry): entry is [string, boolean] => typeof entry[1] === 'boolean',
      ),
    );
  }
  const list = listOf(resource);
  if (typeof raw.sort === 'string' && (!list || Object.hasOwn(list.sort, raw.sort))) {
    clean.sort = raw.sort;
    clean.order = raw.order === 'DESC' ? 'DESC' : 'ASC';
  }
  const page = Number(raw.page);
  if (raw.page != null && Number.isInteger(page) && page >= 1 && page <= MAX_PAGE) {
    clean.page = page;
  }
  const perPage = Number(raw.perPage);
  if (raw.perPage != null && PAGE_SIZES.includes(perPage)) clean.perPage = perPage;
  return clean;
}

/** The query of an address with what can be used of it; the same text when that is all. */
export function cleanListSearch(resource: string, search: string): string {
  const raw = Object.fromEntries(new URLSearchParams(search));
  const clean = cleanListParams(resource, raw);
  const told = Object.entries(clean).map(([key, value]): [string, string] => [
    key,
    typeof value === 'object' ? JSON.stringify(value) : String(value),
  ]);
  const isSame =
    told.length === Object.keys(raw).length &&
    told.every(([key, value]) => isEqual(raw[key], value));
  if (isSame) return search;
  return told.length === 0 ? '' : `?${new URLSearchParams(told)}`;
}

function listOf(resource: string) {
  return Object.hasOwn(LISTS, resource) ? LISTS[resource as keyof ListQueries] : undefined;
}

function cleanFilter(resource: string, filter: Record<string, unknown>) {
  const checks: Record<string, Check> | undefined = listOf(resource)?.filter;
  if (!checks) return filter;
  return Object.fromEntries(
    Object.entries(filter).filter(
      ([field, value]) => Object.hasOwn(checks, field) && passes(checks[field]!, value),
    ),
  );
}

function passes(check: Check, value: unknown): boolean {
  if (check === 'boolean') return typeof value === 'boolean';
  if (typeof value !== 'string' || value === '' || value.length > MAX_TEXT) return false;
  if (check === 'text') return !UNSENDABLE.test(value);
  if (check === 'uuid') return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value);
  return check.includes(value);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function objectOf(value: unknown): Record<string, unknown> | null {
  const read = typeof value === 'string' ? parsed(value) : value;
  return isObject(read) ? read : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether two texts say the same, however the JSON in them is spaced. */
function isEqual(told: string | undefined, clean: string): boolean {
  if (told === clean) return true;
  return told !== undefined && JSON.stringify(parsed(told)) === clean;
}

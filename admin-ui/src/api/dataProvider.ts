import type { DataProvider, GetListParams, Identifier, RaRecord } from 'react-admin';
import type { RequestFields } from '@rolecall/server/api';
import { resolveConflict } from './conflicts';
import { getJson, path, ProblemError, request } from './httpClient';

type Writable = {
  [Resource in keyof RequestFields]: {
    always?: readonly RequestFields[Resource][];
    create?: readonly RequestFields[Resource][];
    update?: readonly RequestFields[Resource][];
  };
};

/** What may be sent, so that a record can be edited whole without echoing computed fields. */
const WRITABLE: Writable = {
  users: {
    create: ['identity'],
    always: ['name', 'kind', 'metadata', 'attributes', 'isSuspended'],
  },
  rooms: {
    create: ['name'],
    always: [
      'title',
      'emptyTimeout',
      'departureTimeout',
      'maxParticipants',
      'metadata',
      'defaultTemplate',
      'promoteTemplate',
      'unlistedParticipants',
    ],
  },
  'role-templates': {
    create: ['key', 'grants', 'ttl', 'metadata', 'attributes'],
    always: ['name', 'description', 'color'],
  },
  assignments: {
    create: ['subject'],
    always: ['scope', 'template', 'priority', 'validFrom', 'validUntil', 'reason'],
  },
  operators: {
    create: ['email'],
    always: ['name', 'access', 'password'],
    update: ['isDisabled'],
  },
  'api-keys': { create: ['name', 'permissions', 'rooms', 'expiresAt'] },
};

const GET_MANY_CHUNK = 100;

interface Version {
  etag: string;
  record: RaRecord;
  /** To recognise the record again: the query cache hands out copies. */
  text: string;
}

/** Another part of the page may read the record while a form still shows an earlier version. */
const VERSIONS_KEPT = 5;

/** The versions of each record that were read, newest first, for `If-Match`. */
const versions = new Map<string, Version[]>();

const versionKey = (resource: string, id: Identifier) => `${resource}\n${id}`;

function remember<T extends RaRecord>(resource: string, record: T, headers: Headers): T {
  const etag = headers.get('ETag');
  if (!etag) return record;
  const key = versionKey(resource, record.id);
  const version = { etag, record, text: JSON.stringify(record) };
  versions.set(key, [version, ...(versions.get(key) ?? [])].slice(0, VERSIONS_KEPT));
  return record;
}

/** The version that somebody looked at when they made a change; else the newest that was read. */
function versionOf(resource: string, id: Identifier, seen?: unknown): Version | undefined {
  const known = versions.get(versionKey(resource, id));
  const text = JSON.stringify(seen);
  return known?.find((version) => version.text === text) ?? known?.[0];
}

function pick(resource: string, purpose: 'create' | 'update', data: Record<string, unknown>) {
  if (!Object.hasOwn(WRITABLE, resource)) return data;
  const writable: Record<string, readonly string[] | undefined> =
    WRITABLE[resource as keyof RequestFields];
  const fields = [...(writable[purpose] ?? []), ...(writable.always ?? [])];
  return Object.fromEntries(
    fields.filter((field) => data[field] !== undefined).map((field) => [field, data[field]]),
  );
}

async function readOne(resource: string, id: Identifier, signal?: AbortSignal) {
  const { json, headers } = await request<RaRecord>(path(resource, id), { signal });
  return remember(resource, json, headers);
}

async function readList(
  resource: string,
  { pagination, sort, filter }: Partial<GetListParams>,
  signal?: AbortSignal,
) {
  const { page = 1, perPage = 25 } = pagination ?? {};
  const from = (page - 1) * perPage;
  const { json, headers } = await request<RaRecord[]>(path(resource), {
    query: {
      sort: sort ? JSON.stringify([sort.field, sort.order]) : undefined,
      range: JSON.stringify([from, from + perPage - 1]),
      filter: JSON.stringify(filter ?? {}),
    },
    signal,
  });
  const total = Number(headers.get('Content-Range')?.split('/')[1]);
  return { data: json, total: Number.isFinite(total) ? total : from + json.length };
}

/** Only what the operator changed is sent; what others changed meanwhile stays theirs. */
function changesOf(
  resource: string,
  data: Record<string, unknown>,
  base: Record<string, unknown> | undefined,
) {
  const writable = pick(resource, 'update', data);
  if (!base) return writable;
  return Object.fromEntries(
    Object.entries(writable).filter(
      ([field, value]) => JSON.stringify(value) !== JSON.stringify(base[field]),
    ),
  );
}

async function update(
  resource: string,
  id: Identifier,
  data: Record<string, unknown>,
  seen?: unknown,
) {
  if (!versions.has(versionKey(resource, id))) await readOne(resource, id);
  const base = versionOf(resource, id, seen);
  const body = changesOf(resource, data, base?.record);
  try {
    return await put(resource, id, body, base?.etag);
  } catch (error) {
    if (!(error instanceof ProblemError) || error.status !== 412) throw error;
    const current = await readOne(resource, id);
    const choice = await resolveConflict({ resource, id, base: base?.record, mine: body, current });
    if (choice === 'overwrite') return put(resource, id, body, versionOf(resource, id)?.etag);
    throw new ProblemError({ ...error.body, title: choice, detail: undefined, code: choice });
  }
}

async function put(
  resource: string,
  id: Identifier,
  body: Record<string, unknown>,
  etag: string | undefined,
) {
  const { json, headers } = await request<RaRecord>(path(resource, id), {
    method: 'PUT',
    body,
    headers: { 'If-Match': etag },
  });
  return remember(resource, json, headers);
}

async function remove(resource: string, id: Identifier) {
  await request(path(resource, id), { method: 'DELETE' });
  versions.delete(versionKey(resource, id));
  return { id };
}

/** Stops at the first refusal so that nothing more happens behind a message. */
async function oneByOne(ids: Identifier[], act: (id: Identifier) => Promise<unknown>) {
  for (const id of ids) await act(id);
  return { data: ids };
}

const asAny = <T>(value: unknown) => value as T;

export const dataProvider: DataProvider = {
  supportAbortSignal: true,

  getList: async (resource, params) => asAny(await readList(resource, params, params.signal)),

  getOne: async (resource, { id, signal }) => asAny({ data: await readOne(resource, id, signal) }),

  async getMany(resource, { ids, signal }) {
    const chunks: Identifier[][] = [];
    for (let at = 0; at < ids.length; at += GET_MANY_CHUNK) {
      chunks.push(ids.slice(at, at + GET_MANY_CHUNK));
    }
    const pages = await Promise.all(
      chunks.map((chunk) =>
        getJson<RaRecord[]>(path(resource), {
          query: {
            range: JSON.stringify([0, GET_MANY_CHUNK - 1]),
            filter: JSON.stringify({ id: chunk }),
          },
          signal,
        }),
      ),
    );
    return asAny({ data: pages.flat() });
  },

  getManyReference: async (resource, { target, id, filter, ...params }) =>
    asAny(
      await readList(resource, { ...params, filter: { ...filter, [target]: id } }, params.signal),
    ),

  async create(resource, { data }) {
    const { json, headers } = await request<RaRecord>(path(resource), {
      method: 'POST',
      body: pick(resource, 'create', data),
    });
    return asAny({ data: remember(resource, json, headers) });
  },

  update: async (resource, { id, data, previousData }) =>
    asAny({ data: await update(resource, id, data, previousData) }),
  updateMany: (resource, { ids, data }) =>
    oneByOne(ids, (id) => update(resource, id, data as Record<string, unknown>)),
  delete: async (resource, { id, previousData }) => {
    await remove(resource, id);
    return asAny({ data: previousData ?? { id } });
  },
  deleteMany: (resource, { ids }) => oneByOne(ids, (id) => remove(resource, id)),
};

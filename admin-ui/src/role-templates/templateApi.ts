import type { QueryClient } from '@tanstack/react-query';
import { formatTtl, NO_GRANTS, type RoleGrants } from '@rolecall/server/grants';
import { type Answer, getJson, path, request } from '../api/httpClient';
import type { RoleTemplate } from '../api/records';
import { fromPairs, toPairs, type Pair } from '../shared/AttributePairs';
import type { ActorKind } from '../api/records';

export const templatePath = (key: string) => `/role-templates/${encodeURIComponent(key)}`;

/** A template with the tag that says which state of it this is. */
export interface LoadedTemplate {
  record: RoleTemplate;
  etag: string | undefined;
}

export interface TemplateVersion {
  version: number;
  grants: RoleGrants;
  ttl: number | null;
  metadata: string;
  attributes: Record<string, string>;
  message: string;
  publishedAt: string;
  publishedBy: string;
  publishedByKind?: ActorKind | null;
}

export interface DiffAnswer {
  sentences: { text: string; kind: 'gain' | 'lose' | 'change'; grant: string }[];
}

export interface Impact {
  assignments: number;
  live: number;
  rooms: { room: string; live: number }[];
  defaultIn?: string[];
}

export type Severity = 'error' | 'warning' | 'info';

export interface PreviewAnswer {
  claims: Record<string, unknown>;
  inWords: string[];
  lint: { severity: Severity; code: string; grant?: string; text: string }[];
}

/** What the editor holds: text stays text until the server has read it. */
export interface TemplateContent {
  grants: RoleGrants;
  ttl: string;
  metadata: string;
  attributes: readonly Pair[];
}

export interface TemplateBasics {
  name: string;
  description: string;
  color: string;
}

interface StoredContent {
  grants: unknown;
  ttl: number | null;
  metadata: string | null;
  attributes: Record<string, string> | null;
}

export const EMPTY_CONTENT: TemplateContent = {
  grants: NO_GRANTS,
  ttl: '',
  metadata: '',
  attributes: [],
};

export function contentOf(stored: StoredContent): TemplateContent {
  return {
    grants: stored.grants as RoleGrants,
    ttl: stored.ttl === null ? '' : formatTtl(stored.ttl),
    metadata: stored.metadata ?? '',
    attributes: toPairs(stored.attributes),
  };
}

export const basicsOf = ({ name, description, color }: RoleTemplate): TemplateBasics => ({
  name,
  description,
  color: color ?? '',
});

/** What the API takes for a content. */
export const contentBody = ({ grants, ttl, metadata, attributes }: TemplateContent) => ({
  grants,
  ttl: ttl.trim() === '' ? null : ttl.trim(),
  metadata,
  attributes: fromPairs(attributes),
});

export const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

export const templateKeys = {
  page: (key: string) => ['role-templates', 'page', key],
  versions: (key: string) => ['role-templates', 'versions', key],
};

const loaded = ({ json, headers }: Answer<RoleTemplate>): LoadedTemplate => ({
  record: json,
  etag: headers.get('ETag') ?? undefined,
});

export const loadTemplate = async (key: string, signal?: AbortSignal) =>
  loaded(await request<RoleTemplate>(path('role-templates', key), { signal }));

export const saveBasics = async (key: string, basics: TemplateBasics, etag?: string) =>
  loaded(
    await request<RoleTemplate>(path('role-templates', key), {
      method: 'PUT',
      body: basics,
      headers: { 'If-Match': etag },
    }),
  );

export const saveDraft = async (key: string, content: TemplateContent, etag?: string) =>
  loaded(
    await request<RoleTemplate>(path('role-templates', key, 'draft'), {
      method: 'PUT',
      body: contentBody(content),
      headers: { 'If-Match': etag },
    }),
  );

export const readDiff = (key: string, from: string, to: string, signal?: AbortSignal) =>
  getJson<DiffAnswer>(path('role-templates', key, 'diff'), { query: { from, to }, signal });

/** Every list, chip and page that shows templates reads them again. */
export const refreshTemplates = (client: QueryClient) =>
  client.invalidateQueries({ queryKey: ['role-templates'] });

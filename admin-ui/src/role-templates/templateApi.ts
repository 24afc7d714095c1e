import type { QueryClient } from '@tanstack/react-query';
import type { TemplateDiff } from '@rolecall/server/api';
import { formatTtl, NO_GRANTS, type RoleGrants } from '@rolecall/server/grants';
import { type Answer, getJson, path, request } from '../api/httpClient';
import type { RoleTemplate } from '../api/records';
import { fromPairs, toPairs, type Pair } from '../shared/AttributePairs';

export const templatePath = (key: string) => `/role-templates/${encodeURIComponent(key)}`;

/** A template with the tag that says which state of it this is. */
export interface LoadedTemplate {
  record: RoleTemplate;
  etag: string | undefined;
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

export const EMPTY_CONTENT: TemplateContent = {
  grants: NO_GRANTS,
  ttl: '',
  metadata: '',
  attributes: [],
};

type StoredContent = { grants: RoleGrants } & Pick<RoleTemplate, 'ttl' | 'metadata' | 'attributes'>;

export function contentOf(stored: StoredContent): TemplateContent {
  return {
    grants: stored.grants,
    ttl: stored.ttl === null ? '' : formatTtl(stored.ttl),
    metadata: stored.metadata,
    attributes: toPairs(stored.attributes),
  };
}

export const basicsOf = ({ name, description, color }: RoleTemplate): TemplateBasics => ({
  name,
  description,
  color,
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
  getJson<TemplateDiff>(path('role-templates', key, 'diff'), { query: { from, to }, signal });

/** Every list, chip and page that shows templates reads them again. */
export const refreshTemplates = (client: QueryClient) =>
  client.invalidateQueries({ queryKey: ['role-templates'] });

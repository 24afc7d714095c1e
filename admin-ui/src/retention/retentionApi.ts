import { type QueryClient, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type {
  ArchiveCheck,
  LedgerArchive,
  LegalHold,
  Retention,
  RetentionPreview,
  RetentionRule,
} from '@rolecall/server/api';
import { getJson, path, postJson, putJson, deleteJson } from '../api/httpClient';

/** All that this page shows has a key that begins so. */
export const RETENTION_KEY = ['ledger', 'retention'];
const EVERY_MS = 15_000;
const PAGE = 20;

export interface RuleRequest {
  group?: string;
  kinds?: string[];
  rooms?: string;
  keepDays: number;
  reason?: string;
}

export interface HoldRequest {
  on: LegalHold['on'];
  name: string;
  reason: string;
  from?: string;
  to?: string;
}

export const useRetention = () =>
  useQuery({
    queryKey: [...RETENTION_KEY, 'rules'],
    queryFn: ({ signal }) => getJson<Retention>('/ledger/retention', { signal }),
    refetchInterval: EVERY_MS,
  });

export const useHolds = (state: 'active' | undefined) =>
  useQuery({
    queryKey: [...RETENTION_KEY, 'holds', state],
    queryFn: ({ signal }) =>
      getJson<{ data: LegalHold[] }>('/ledger/holds', { query: { state }, signal }),
  });

interface ArchivePage {
  data: LedgerArchive[];
  nextCursor: string | null;
}

export const useArchives = () =>
  useInfiniteQuery({
    queryKey: [...RETENTION_KEY, 'archives'],
    initialPageParam: '',
    queryFn: ({ signal, pageParam }) =>
      getJson<ArchivePage>('/ledger/archives', {
        query: { limit: PAGE, cursor: pageParam || undefined },
        signal,
      }),
    getNextPageParam: ({ nextCursor }) => nextCursor,
    refetchInterval: EVERY_MS,
  });

export interface PreviewAsked {
  rule?: RuleRequest;
  /** The rule in whose place it comes; alone: that it is removed. */
  instead?: string;
}

/** What would go; null: not asked yet, since something is not filled in. */
export const usePreview = (asked: PreviewAsked | null) =>
  useQuery({
    queryKey: [...RETENTION_KEY, 'preview', asked],
    enabled: asked !== null,
    queryFn: ({ signal }) =>
      postJson<RetentionPreview>('/ledger/retention/preview', asked, { signal }),
    retry: false,
    staleTime: 10_000,
  });

/**
 * After a change. What an open dialog asks in place of a rule is not asked again: the rule may be gone.
 */
export const refreshRetention = (queryClient: QueryClient) =>
  queryClient.invalidateQueries({
    queryKey: RETENTION_KEY,
    predicate: ({ queryKey }) => {
      const [, , of, asked] = queryKey as [string, string, string, PreviewAsked?];
      return of !== 'preview' || asked?.instead === undefined;
    },
  });

export const addRule = (rule: RuleRequest) =>
  postJson<RetentionRule>('/ledger/retention/rules', rule);
export const changeRule = (id: string, rule: RuleRequest) =>
  putJson<RetentionRule>(`/ledger/retention/rules${path(id)}`, rule);
export const removeRule = (id: string) => deleteJson<void>(`/ledger/retention/rules${path(id)}`);
export const placeHold = (hold: HoldRequest) => postJson<LegalHold>('/ledger/holds', hold);
export const liftHold = (id: string, reason: string) =>
  postJson<LegalHold>(`/ledger/holds${path(id)}/lift`, { reason });
export const verifyArchive = (id: string) =>
  postJson<ArchiveCheck>(`/ledger/archives${path(id)}/verify`);
export const readNote = async (id: string) =>
  (await getJson<{ note: string | null }>(`/ledger/archives${path(id)}`)).note;

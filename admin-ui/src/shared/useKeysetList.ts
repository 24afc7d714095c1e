import { useMemo } from 'react';
import {
  keepPreviousData,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { getJson } from '../api/httpClient';
import type { Page } from '../api/records';

export interface KeysetOptions {
  /** `/ledger`, `/issuances` … */
  route: string;
  /** Called at each read, so that "the last hour" is the last hour. Must be pure but for the clock. */
  filter: () => Record<string, unknown>;
  /** What the filter depends on. */
  filterKey: unknown;
  limit?: number;
  isEnabled?: boolean;
  /** How often to look for newer entries; they are counted, never inserted. */
  watchMs?: number | false;
}

const HEAD_LIMIT = 50;

/**
 * An append-only list, newest first, read page by page with a cursor. Nothing is inserted above
 * what is being read: newer entries are counted (`newer`) and shown by `showNewer`.
 */
export function useKeysetList<T extends { id: string }>({
  route,
  filter,
  filterKey,
  limit = 100,
  isEnabled = true,
  watchMs = 5_000,
}: KeysetOptions) {
  const queryClient = useQueryClient();
  const queryKey = [route, 'keyset', filterKey, limit];

  const pages = useInfiniteQuery({
    queryKey,
    enabled: isEnabled,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      getJson<Page<T>>(route, {
        query: { cursor: pageParam, limit, filter: JSON.stringify(filter()) },
        signal,
      }),
    getNextPageParam: (last) => last.pageInfo.next ?? undefined,
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
    staleTime: Infinity,
    gcTime: 60_000,
  });

  const items = useMemo(() => pages.data?.pages.flatMap((page) => page.data) ?? [], [pages.data]);
  const newestId = items[0]?.id;

  const head = useQuery({
    queryKey: [route, 'keyset-head', filterKey],
    enabled: isEnabled && watchMs !== false && pages.isSuccess && !pages.isPlaceholderData,
    queryFn: ({ signal }) =>
      getJson<Page<T>>(route, {
        query: { limit: HEAD_LIMIT, filter: JSON.stringify(filter()) },
        signal,
      }),
    refetchInterval: watchMs,
    retry: false,
  });

  const newer = useMemo(() => {
    const entries = head.data?.data ?? [];
    if (head.dataUpdatedAt < pages.dataUpdatedAt) return 0;
    const at = entries.findIndex(({ id }) => id === newestId);
    return at === -1 ? entries.length : at;
  }, [head.data, head.dataUpdatedAt, pages.dataUpdatedAt, newestId]);

  return {
    items,
    error: pages.error,
    isPending: pages.isPending,
    isPlaceholder: pages.isPlaceholderData,
    hasMore: pages.hasNextPage,
    isFetchingMore: pages.isFetchingNextPage,
    isMoreFailed: pages.isFetchNextPageError,
    fetchMore: () => void pages.fetchNextPage(),
    retry: () => void pages.refetch(),
    newer,
    hasManyNewer: newer >= HEAD_LIMIT,
    /** Starts again from the newest entry. */
    showNewer: () => queryClient.resetQueries({ queryKey }),
  };
}

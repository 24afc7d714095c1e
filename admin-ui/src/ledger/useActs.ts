import { useCallback, useEffect, useMemo, useState } from 'react';
import {
  type InfiniteData,
  keepPreviousData,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import type { Act, Acts } from '@rolecall/server/api';
import { getJson } from '../api/httpClient';
import { useMe } from '../session/session';

const ROUTE = '/ledger/acts';
const PAGE = 100;
const HEAD = 50;
const WATCH_MS = 5_000;

export interface ActsOptions {
  query: string;
  zone: string;
  /** Whether to look for newer acts. They are counted, never inserted. */
  isLive: boolean;
}

/** Acts that match a query, newest first, page by page. What comes meanwhile is only counted. */
export function useActs({ query, zone, isLive }: ActsOptions) {
  const queryClient = useQueryClient();
  const me = useMe();
  const queryKey = useMemo(() => [ROUTE, 'pages', query, zone], [query, zone]);
  const read = (limit: number, cursor: string | undefined, signal: AbortSignal) =>
    getJson<Acts>(ROUTE, { query: { cursor, limit, query, zone }, signal });

  const pages = useInfiniteQuery({
    queryKey,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => read(PAGE, pageParam, signal),
    getNextPageParam: (last) => last.pageInfo.next ?? undefined,
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
    staleTime: Infinity,
    gcTime: 60_000,
    retry: false,
    // To compare a hundred thousand rows at every page would cost more than to draw them.
    structuralSharing: false,
  });
  const [growing] = useState(() => new GrowingActs());
  const acts = useMemo(() => growing.of(pages.data?.pages ?? []), [growing, pages.data]);

  const head = useQuery({
    queryKey: [ROUTE, 'head', query, zone],
    enabled: isLive && pages.isSuccess && !pages.isPlaceholderData,
    queryFn: ({ signal }) => read(HEAD, undefined, signal),
    refetchInterval: WATCH_MS,
    retry: false,
  });
  const newer = useMemo(() => {
    if (!isLive || head.dataUpdatedAt < pages.dataUpdatedAt) return 0;
    return newerIn(head.data?.data ?? [], acts, me?.operator.id);
  }, [isLive, head.data, head.dataUpdatedAt, pages.dataUpdatedAt, acts, me]);

  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = pages;
  const fetchMore = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  // The time of a search was up before it had found a page: it goes on where it was.
  const isUnfinished = pages.data?.pages.at(-1)?.searched.isWhole === false;
  useEffect(() => {
    if (isUnfinished && acts.length < PAGE && hasNextPage && !isFetchNextPageError) fetchMore();
  }, [isUnfinished, acts.length, hasNextPage, isFetchNextPageError, fetchMore]);

  return {
    acts,
    error: pages.error,
    isPending: pages.isPending,
    isPlaceholder: pages.isPlaceholderData,
    isSearching: isUnfinished && isFetchingNextPage,
    hasMore: hasNextPage,
    isFetchingMore: isFetchingNextPage,
    isMoreFailed: isFetchNextPageError,
    fetchMore,
    retry: () => void pages.refetch(),
    newer,
    hasManyNewer: newer >= HEAD,
    /** Starts again from the newest act; what is shown stays until that is there. */
    showNewer: async () => {
      const first = await read(PAGE, undefined, new AbortController().signal);
      queryClient.setQueryData<InfiniteData<Acts>>(queryKey, {
        pages: [first],
        pageParams: [undefined],
      });
    },
  };
}

/** Pages as one list. One more page is added to it: a thousand are not gone through again. */
class GrowingActs {
  private pages: readonly Acts[] = [];
  private seen = new Set<string>();
  private acts: readonly Act[] = [];

  /** An act that went on while pages were read is on the newer page only. */
  of(pages: readonly Acts[]): readonly Act[] {
    const isMore = this.pages.every((page, at) => page === pages[at]);
    if (!isMore) {
      this.seen = new Set();
      this.acts = [];
    }
    const added = pages.slice(isMore ? this.pages.length : 0).flatMap(({ data }) => data);
    const fresh = added.filter(({ id }) => !this.seen.has(id) && this.seen.add(id));
    if (fresh.length > 0 || !isMore) this.acts = [...this.acts, ...fresh];
    this.pages = pages;
    return this.acts;
  }
}

/** How many acts at the head are not among the newest known; one's own looks at the log are no news. */
export function newerIn(
  head: readonly Act[],
  acts: readonly Act[],
  own: string | undefined,
): number {
  const known = new Set(acts.slice(0, 2 * HEAD).map(({ id }) => id));
  const isOwnLook = ({ kind, entry }: Act) => kind === 'ledger.read' && entry.actor.id === own;
  return head.filter((act) => !known.has(act.id) && !isOwnLook(act)).length;
}

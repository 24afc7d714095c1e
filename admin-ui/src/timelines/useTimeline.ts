import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getJson } from '../api/httpClient';
import { spanQuery, type useSpan } from './useSpan';

/** What the log says of a person, a room or an operator in the time that the page is about. */
export function useTimeline<T>(route: string, { query, isUntilNow }: ReturnType<typeof useSpan>) {
  return useQuery({
    queryKey: ['timeline', route, query],
    queryFn: ({ signal }) => getJson<T>(`${route}/timeline`, { query: spanQuery(query), signal }),
    placeholderData: keepPreviousData,
    staleTime: 15_000,
    refetchInterval: isUntilNow && 60_000,
    retry: false,
  });
}

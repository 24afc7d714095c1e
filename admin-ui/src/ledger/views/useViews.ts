import { useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Anomalies, LedgerFacets, LedgerView, LedgerViewRequest } from '@rolecall/server/api';
import { deleteJson, getJson, path, postJson } from '../../api/httpClient';

const ROUTE = '/ledger-views';
const COUNTED = 6;
const MINUTE = 60_000;

/** The searches that the team keeps, with how much each of the first ones finds. */
export function useViews(zone: string) {
  const { data } = useQuery({
    queryKey: [ROUTE],
    queryFn: ({ signal }) => getJson<{ data: LedgerView[] }>(ROUTE, { signal }),
    staleTime: MINUTE,
    retry: false,
  });
  const views = data?.data ?? [];
  const counts = useQueries({
    queries: views.slice(0, COUNTED).map(({ query }) => ({
      queryKey: ['/ledger/facets', 'total', query, zone],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        getJson<LedgerFacets>('/ledger/facets', {
          query: { query, zone, fields: 'outcome', top: 10 },
          signal,
        }),
      staleTime: MINUTE,
      retry: false,
    })),
  });
  return views.map((view, at) => ({ ...view, count: actsIn(counts[at]?.data) }));
}

/** Without intents: what came of them is counted. */
function actsIn(facets: LedgerFacets | undefined): number | undefined {
  if (!facets) return undefined;
  const intents = facets.data[0]?.values.find(({ value }) => value === 'intent');
  return facets.total - (intents?.count ?? 0);
}

export function useSaveView() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (view: LedgerViewRequest) => postJson<LedgerView>(ROUTE, view),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: [ROUTE] }),
    networkMode: 'always',
    retry: 0,
  });
}

export function useDeleteView() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => deleteJson(`${ROUTE}${path(id)}`),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: [ROUTE] }),
    networkMode: 'always',
    retry: 0,
  });
}

/** What is looked for without anybody asking. */
export function useAnomalies() {
  const { data } = useQuery({
    queryKey: ['/ledger/anomalies'],
    queryFn: ({ signal }) => getJson<Anomalies>('/ledger/anomalies', { signal }),
    staleTime: MINUTE,
    refetchInterval: 5 * MINUTE,
    retry: false,
  });
  return data?.data ?? [];
}

import { useQuery } from '@tanstack/react-query';
import type { Act, Acts } from '@rolecall/server/api';
import { getJson, path } from '../../api/httpClient';
import type { LedgerEntry } from '../../api/records';

/** The act that an entry is of. What the list knows already is not asked for again. */
export function useAct(id: string, known: Act | undefined) {
  return useQuery({
    queryKey: ['/ledger/acts', 'of', id],
    enabled: id !== '' && known === undefined,
    queryFn: ({ signal }) => readAct(id, signal),
    staleTime: 10_000,
    retry: false,
  });
}

async function readAct(id: string, signal: AbortSignal): Promise<Act> {
  const entry = await getJson<LedgerEntry>(`/ledger${path(id)}`, { signal });
  const { operationId } = entry.payload;
  const query =
    typeof operationId === 'string' ? `operationId:${operationId}` : aroundOf(Date.parse(entry.at));
  const { data } = await getJson<Acts>('/ledger/acts', { query: { query, limit: 100 }, signal });
  const isOf = (act: Act) => act.id === id || act.steps.some((step) => step.id === id);
  return data.find(isOf) ?? aloneOf(entry);
}

/** The millisecond of an entry. */
const aroundOf = (at: number) =>
  `since:${new Date(at).toISOString()} before:${new Date(at + 1).toISOString()}`;

/** An entry that belongs to no act that could be found is shown for itself. */
function aloneOf(entry: LedgerEntry): Act {
  const { id, at, kind, outcome } = entry;
  return {
    id,
    at,
    startedAt: at,
    kind,
    group: null,
    outcome,
    operationId: null,
    entry,
    steps: [],
    repeated: null,
    people: { actor: null, subject: null },
    role: null,
    before: null,
  };
}

import { QueryClient } from '@tanstack/react-query';
import { ProblemError } from './httpClient';

/** A refusal does not get better by asking again; a server that is restarting does. */
const isWorthRetrying = (error: unknown) =>
  !(error instanceof ProblemError) || error.status === 0 || error.status >= 502;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      networkMode: 'always',
      retry: (failures, error) => failures < 2 && isWorthRetrying(error),
      retryDelay: (attempt) => 400 * 2 ** attempt,
    },
    // Never kept for later: a "remove" that fires minutes after the click is a hazard.
    mutations: { networkMode: 'always', retry: 0 },
  },
});

queryClient.setQueryDefaults(['role-templates'], { staleTime: 60_000 });
// React-admin hands on all that is known of these, so the whole page would be drawn again also when
// they are no longer fresh: some seconds after it was opened, in the middle of something else.
queryClient.setQueryDefaults(['auth'], {
  notifyOnChangeProps: ['data', 'error', 'status', 'fetchStatus', 'isFetching'],
});
queryClient.setQueryDefaults(['access-roles'], { staleTime: Infinity });

import { afterEach, expect, it } from '@jest/globals';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, renderHook, waitFor } from '@testing-library/react';
import { fakeApi, queryOf } from '../../test/fakeApi';
import { useKeysetList } from './useKeysetList';

let api: ReturnType<typeof fakeApi>;
afterEach(() => api.restore());

interface Entry {
  id: string;
}

/** Newest first; the cursor is the id after which to go on. */
function answerFrom(entries: () => Entry[]) {
  return fakeApi(({ route }) => {
    const params = new URLSearchParams(route.split('?')[1]);
    const limit = Number(params.get('limit'));
    const all = entries();
    const cursor = params.get('cursor');
    const from = cursor ? all.findIndex(({ id }) => id === cursor) + 1 : 0;
    const data = all.slice(from, from + limit);
    const next = from + limit < all.length ? (data.at(-1)?.id ?? null) : null;
    return { body: { data, pageInfo: { next, prev: null } } };
  });
}

function render(options: Partial<Parameters<typeof useKeysetList>[0]> = {}) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  return renderHook(
    () =>
      useKeysetList<Entry>({
        route: '/ledger',
        filter: () => ({ room: 'a' }),
        filterKey: { room: 'a' },
        limit: 3,
        watchMs: 20,
        ...options,
      }),
    {
      wrapper: ({ children }) => (
        <QueryClientProvider client={client}>{children}</QueryClientProvider>
      ),
    },
  );
}

const ids = (entries: Entry[]) => entries.map(({ id }) => id);

it('reads page after page with the cursor and the filter', async () => {
  api = answerFrom(() => ['e5', 'e4', 'e3', 'e2', 'e1'].map((id) => ({ id })));
  const { result } = render({ watchMs: false });
  await waitFor(() => expect(ids(result.current.items)).toEqual(['e5', 'e4', 'e3']));
  expect(result.current.hasMore).toBe(true);
  act(() => result.current.fetchMore());
  await waitFor(() => expect(ids(result.current.items)).toEqual(['e5', 'e4', 'e3', 'e2', 'e1']));
  expect(result.current.hasMore).toBe(false);
  expect(queryOf(api.calls.at(-1)?.route ?? '', 'filter')).toEqual({ room: 'a' });
});

it('counts newer entries without moving what is being read, and shows them when asked', async () => {
  let entries = ['e2', 'e1'].map((id) => ({ id }));
  api = answerFrom(() => entries);
  const { result } = render();
  await waitFor(() => expect(result.current.items).toHaveLength(2));
  entries = ['e4', 'e3', 'e2', 'e1'].map((id) => ({ id }));
  await waitFor(() => expect(result.current.newer).toBe(2));
  expect(ids(result.current.items)).toEqual(['e2', 'e1']);
  await act(() => result.current.showNewer());
  await waitFor(() => expect(ids(result.current.items)).toEqual(['e4', 'e3', 'e2']));
  await waitFor(() => expect(result.current.newer).toBe(0));
});

it('keeps what is loaded when an older page fails', async () => {
  let isBroken = false;
  const entries = ['e4', 'e3', 'e2', 'e1'].map((id) => ({ id }));
  api = fakeApi(() =>
    isBroken
      ? { status: 503, body: { title: 'Down' } }
      : { body: { data: entries.slice(0, 3), pageInfo: { next: 'e2', prev: null } } },
  );
  const { result } = render({ watchMs: false });
  await waitFor(() => expect(result.current.items).toHaveLength(3));
  isBroken = true;
  act(() => result.current.fetchMore());
  await waitFor(() => expect(result.current.isMoreFailed).toBe(true));
  expect(result.current.items).toHaveLength(3);
});

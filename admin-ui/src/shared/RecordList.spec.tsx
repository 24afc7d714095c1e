import { afterEach, expect, it } from '@jest/globals';
import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { DataTable, Resource } from 'react-admin';
import { type FakeAnswer, fakeApi } from '../../test/fakeApi';
import { renderAdmin, signedIn } from '../../test/renderAdmin';
import { SearchFilter } from './filters';
import { RecordList } from './RecordList';

let api: ReturnType<typeof fakeApi>;
afterEach(() => api.restore());

const Users = () => (
  <RecordList
    title="app.nav.users"
    sort={{ field: 'name', order: 'ASC' }}
    create={{ permission: 'user.create', label: 'Add a user' }}
    filters={<SearchFilter label="Search users" />}
    empty={{ icon: null, title: 'No users yet', text: 'A user joins rooms.' }}
  >
    <DataTable.Col source="name" />
  </RecordList>
);

function show(answer: (isFiltered: boolean) => FakeAnswer, canCreate = true) {
  api = fakeApi(({ route }) => answer(route.includes('%22q%22')));
  return renderAdmin(<Resource name="users" list={Users} />, {
    me: signedIn(canCreate ? ['user.read', 'user.create'] : ['user.read']),
  });
}

const page = (...names: string[]): FakeAnswer => ({
  body: names.map((name) => ({ id: name, name })),
  headers: { 'Content-Range': `users 0-0/${names.length}` },
});

it('teaches on an empty page and offers one way on', async () => {
  show(() => page());
  expect(await screen.findByText('A user joins rooms.')).toBeDefined();
  expect(screen.getAllByRole('link', { name: 'Add a user' })).toHaveLength(1);
});

it('offers nothing that is not permitted', async () => {
  show(() => page('Ana'), false);
  expect(await screen.findByText('Ana')).toBeDefined();
  expect(screen.queryByRole('link', { name: 'Add a user' })).toBeNull();
});

it('tells an empty list from a filter that matches nothing', async () => {
  show((isFiltered) => (isFiltered ? page() : page('Ana')));
  await screen.findByText('Ana');
  await userEvent.setup().type(screen.getByRole('searchbox'), 'zzz');
  await screen.findByText('Nothing matches');
  await userEvent.setup().click(screen.getByRole('button', { name: 'Clear filters' }));
  expect(await screen.findByText('Ana')).toBeDefined();
});

it('says why it has nothing to show, under which request, and tries again when asked', async () => {
  let isDown = true;
  show(() =>
    isDown
      ? { status: 503, body: { detail: 'The database does not answer.', requestId: 'req-9' } }
      : page('Ana'),
  );
  expect(await screen.findByText(/The database does not answer\./)).toBeDefined();
  expect(screen.getByText('req-9')).toBeDefined();
  isDown = false;
  await userEvent.setup().click(screen.getByRole('button', { name: 'Retry' }));
  expect(await screen.findByText('Ana')).toBeDefined();
});

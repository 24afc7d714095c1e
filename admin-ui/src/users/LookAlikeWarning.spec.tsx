import { afterEach, expect, it } from '@jest/globals';
import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { Resource } from 'react-admin';
import { fakeApi } from '../../test/fakeApi';
import { renderAdmin, signedIn } from '../../test/renderAdmin';
import { UserCreate } from './UserCreate';

const CYRILLIC = 'аna';
let api: ReturnType<typeof fakeApi> | undefined;
afterEach(() => api?.restore());

it('warns while an identity is typed that people take for another one, and lets it be saved', async () => {
  const created: unknown[] = [];
  api = fakeApi(({ method, route, body }) => {
    if (route.startsWith('/users/look-alikes')) {
      const isAlike = new URLSearchParams(route.split('?')[1]).get('identity') === CYRILLIC;
      return { body: { data: isAlike ? [{ id: 'u-1', identity: 'ana', name: 'Ana' }] : [] } };
    }
    if (method === 'POST') created.push(body);
    return { body: { id: 'u-2' } };
  });
  const user = userEvent.setup();
  renderAdmin(<Resource name="users" create={UserCreate} />, {
    me: signedIn(['user.read', 'user.create']),
    at: '/create',
  });

  const field = await screen.findByLabelText('Identity');
  await user.type(field, 'bob');
  await waitFor(() => expect(api?.calls.some(({ route }) => route.includes('bob'))).toBe(true));
  expect(screen.queryByText(/may take this identity for/)).toBeNull();

  await user.clear(field);
  await user.type(field, CYRILLIC);
  expect(await screen.findByText(/may take this identity for/)).toBeTruthy();
  expect(screen.getByRole('link', { name: 'ana' }).getAttribute('href')).toContain('u-1');

  await user.click(screen.getByRole('button', { name: 'New user' }));
  await waitFor(() => expect(created).toEqual([expect.objectContaining({ identity: CYRILLIC })]));
});

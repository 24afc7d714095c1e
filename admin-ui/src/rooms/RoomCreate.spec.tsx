import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { Resource } from 'react-admin';
import { type Call, type FakeAnswer, fakeApi } from '../../test/fakeApi';
import { renderAdmin, signedIn } from '../../test/renderAdmin';
import { RoomCreate } from './RoomCreate';
import { RoomEdit } from './RoomEdit';

let api: ReturnType<typeof fakeApi>;
let post: (call: Call) => FakeAnswer;
const room = {
  id: '100%/a',
  name: '100%/a',
  title: 'All of it',
  emptyTimeout: 300,
  departureTimeout: 20,
  maxParticipants: 0,
  metadata: '',
  defaultTemplate: null,
  promoteTemplate: null,
  isClosed: false,
  unlistedParticipants: 'allow',
  numParticipants: 2,
};

beforeEach(() => {
  api = fakeApi((call) => {
    if (call.method === 'POST') return post(call);
    if (call.route === '/rooms/100%25%2Fa') return { body: room, headers: { ETag: '"1"' } };
    return { body: [], headers: { 'Content-Range': 'x */0' } };
  });
});
afterEach(() => api.restore());

describe('creating a room', () => {
  const show = () =>
    renderAdmin(<Resource name="rooms" create={RoomCreate} />, {
      me: signedIn(['room.read', 'room.create']),
      at: '/create',
    });

  it('puts what the server says about a field beside the field', async () => {
    post = () => ({
      status: 409,
      body: { detail: 'Taken', errors: { name: 'A room of this name exists' } },
    });
    const user = userEvent.setup();
    show();
    const name = await screen.findByRole('textbox', { name: /^Name/ });
    await user.type(name, 'town-hall');
    await user.click(screen.getByRole('button', { name: 'New room' }));
    await waitFor(() => expect(name.getAttribute('aria-invalid')).toBe('true'));
    const text = document.getElementById(name.getAttribute('aria-describedby') ?? '');
    expect(text?.textContent).toContain('A room of this name exists');
  });

  it('sends nothing without a name, and says so', async () => {
    post = () => ({ status: 201, body: room });
    const user = userEvent.setup();
    show();
    await screen.findByRole('textbox', { name: /^Name/ });
    await user.click(screen.getByRole('button', { name: 'New room' }));
    expect(await screen.findByText('Required')).toBeDefined();
    expect(api.calls.filter(({ method }) => method === 'POST')).toEqual([]);
  });
});

describe('the settings of a room', () => {
  const show = (me: ReturnType<typeof signedIn>) =>
    renderAdmin(<Resource name="rooms" edit={RoomEdit} />, { me, at: '/rooms/100%25%2Fa' });

  it('are there to read, without a way to save, for who may only read', async () => {
    show(signedIn(['room.read']));
    const title = await screen.findByRole('textbox', { name: 'Title' });
    expect((title as HTMLInputElement).readOnly).toBe(true);
    expect(screen.queryByRole('button', { name: 'Save' })).toBeNull();
    expect(screen.queryByRole('button', { name: 'Delete room' })).toBeNull();
  });

  it('ask for the name before people are disconnected for good', async () => {
    const user = userEvent.setup();
    show(signedIn(['room.read', 'room.delete']));
    await user.click(await screen.findByRole('button', { name: 'Delete room' }));
    const dialog = await screen.findByRole('dialog', { name: 'Delete “100%/a”?' });
    expect(dialog.textContent).toContain('2 people in it are disconnected at once.');
    const confirm = screen
      .getAllByRole('button', { name: 'Delete room' })
      .find((button) => dialog.contains(button)) as HTMLButtonElement;
    expect(confirm.disabled).toBe(true);
    await user.type(screen.getByRole('textbox', { name: /Type/ }), '100%/a');
    await user.click(confirm);
    await waitFor(() => expect(api.calls.some((call) => call.method === 'DELETE')).toBe(true));
    expect(api.calls.find(({ method }) => method === 'DELETE')?.route).toBe('/rooms/100%25%2Fa');
  });
});

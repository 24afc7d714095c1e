import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { fakeApi, type FakeAnswer } from '../../test/fakeApi';
import { renderAdmin, signedIn } from '../../test/renderAdmin';
import type { RoomSession } from '../api/records';
import { SessionsPanel } from './SessionsPanel';

const connection = (identity: string): RoomSession['connections'][number] => ({
  identity,
  sid: null,
  joinedAt: '2026-11-21T12:00:00Z',
  leftAt: null,
  lineage: { through: 'unknown', jti: null, candidates: [], text: '' },
});

const SESSION: RoomSession = {
  id: '3kf9x2b1c-2-118',
  roomSid: 'RM_1',
  startedAt: '2026-11-21T12:00:00Z',
  endedAt: null,
  isRunning: true,
  connections: ['vera', 'vera', 'bo', 'rolecall-peek:mo'].map(connection),
  isPartial: false,
};

let api: ReturnType<typeof fakeApi>;
let release: (answer: FakeAnswer) => void;
beforeEach(() => {
  api = fakeApi(({ route }) => {
    if (route.includes('/dossier')) return new Promise((resolve) => (release = resolve));
    return { body: { data: [SESSION], pageInfo: { next: null, prev: null } } };
  });
});
afterEach(() => api.restore());

const asked = () => api.calls.map(({ route }) => route).filter((one) => one.includes('/dossier'));

it('makes one dossier at a time, says that it does, and why it could not', async () => {
  const user = userEvent.setup();
  renderAdmin(<SessionsPanel room="town/hall" />, { me: signedIn(['ledger.read']) });
  const button = await screen.findByRole('button', { name: /^Download dossier of the session/ });
  screen.getByText(/^Your dossiers name nobody/);
  expect(screen.queryByRole('button', { name: /^… for one participant/ })).toBeNull();
  screen.getByText('2 people'); // who watches unseen is none of them
  await user.click(button);
  await screen.findByText('Making the dossier …');
  expect(button).toHaveProperty('disabled', true);
  expect(asked()).toEqual(['/rooms/town%2Fhall/sessions/3kf9x2b1c-2-118/dossier']);
  release({
    status: 503,
    headers: { 'Content-Type': 'application/problem+json' },
    body: {
      status: 503,
      code: 'dossier.busy',
      detail: 'Other dossiers are being made; try again.',
    },
  });
  await screen.findByText('Other dossiers are being made; try again.');
  await waitFor(() => expect(button).toHaveProperty('disabled', false));
});

it('asks for whom, and offers nobody who watched unseen', async () => {
  const user = userEvent.setup();
  renderAdmin(<SessionsPanel room="board" />, {
    me: signedIn(['ledger.read', 'ledger.export_people']),
  });
  await user.click(await screen.findByRole('button', { name: /^… for one participant/ }));
  await user.click(screen.getByLabelText('Participant'));
  await user.keyboard('{ArrowDown}');
  const options = screen.getAllByRole('option').map(({ textContent }) => textContent);
  expect(options).toEqual(['vera', 'bo']);
  await user.click(screen.getByRole('option', { name: 'bo' }));
  await user.click(screen.getByRole('button', { name: 'Download dossier' }));
  await waitFor(() => expect(asked()).toEqual([expect.stringMatching(/\/dossier\?for=bo$/)]));
});

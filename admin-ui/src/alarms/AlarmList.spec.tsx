import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { ResourceContextProvider } from 'react-admin';
import { fakeApi } from '../../test/fakeApi';
import { renderAdmin, signedIn } from '../../test/renderAdmin';
import type { Alarm } from '../api/records';
import { AlarmList } from './AlarmList';

const alarm = (changes: Partial<Alarm>): Alarm => ({
  id: '7f2a0c9e-6f0b-4c3e-9d55-3a1f0f4f2b11',
  kind: 'dispatch.unexplained',
  state: 'open',
  room: 'town-hall',
  identity: null,
  about: { agent: 'spy', knownKeys: ['APIone', 'APItwo'] },
  times: 1,
  openedAt: '2026-11-21T12:00:00Z',
  seenAt: '2026-11-21T12:00:00Z',
  goneAt: null,
  acknowledgedAt: null,
  acknowledgedBy: null,
  note: null,
  ...changes,
});

const ALARMS: Alarm[] = [
  alarm({}),
  alarm({
    id: '7f2a0c9e-6f0b-4c3e-9d55-3a1f0f4f2b12',
    kind: 'policy.changed_directly',
    state: 'acknowledged',
    about: { role: 'rolecall_app', table: 'operator_access' },
    acknowledgedBy: 'kim@example.org',
    note: 'A drill',
  }),
];

let api: ReturnType<typeof fakeApi>;
let sent: unknown[];
beforeEach(() => {
  sent = [];
  api = fakeApi(({ method, route, body }) => {
    if (method === 'POST') {
      sent.push([route, body]);
      return { body: { acknowledged: 1 } };
    }
    return { headers: { 'Content-Range': 'alarms 0-1/2' }, body: ALARMS };
  });
});
afterEach(() => api.restore());

const list = (permissions: Parameters<typeof signedIn>[0]) =>
  renderAdmin(
    <ResourceContextProvider value="alarms">
      <AlarmList />
    </ResourceContextProvider>,
    { me: signedIn(permissions) },
  );

it('says in words what was found, who could have done it, and who looked at it', async () => {
  list(['ledger.read']);
  await screen.findByText(/which nobody here asked for/);
  expect(document.body.textContent).toContain(
    'LiveKit calls the agent spy to town-hall, which nobody here asked for',
  );
  expect(document.body.textContent).toContain('Rolecall uses APIone, APItwo.');
  expect(document.body.textContent).toContain(
    'The Postgres role rolecall_app changed operator_access past Rolecall',
  );
  screen.getByText('kim@example.org: A drill');
  expect(screen.queryByRole('button', { name: /Acknowledge/ })).toBeNull();
});

it('acknowledges an open one, with what was found out', async () => {
  const user = userEvent.setup();
  list(['ledger.read', 'alarm.acknowledge']);
  await user.click(await screen.findByRole('button', { name: /Acknowledge: dispatch/ }));
  await user.type(screen.getByRole('textbox'), 'Our scribe');
  await user.click(screen.getByRole('button', { name: 'Acknowledge' }));
  await waitFor(() => expect(sent).toHaveLength(1));
  expect(sent).toEqual([['/alarms/acknowledge', { ids: [ALARMS[0]?.id], note: 'Our scribe' }]]);
});

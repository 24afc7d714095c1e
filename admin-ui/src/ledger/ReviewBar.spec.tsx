import { afterEach, expect, it } from '@jest/globals';
import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { fakeApi } from '../../test/fakeApi';
import { renderAdmin, signedIn } from '../../test/renderAdmin';
import { ReviewBar } from './ReviewBar';

let api: ReturnType<typeof fakeApi>;
afterEach(() => api.restore());

const GAP = { from: '2026-11-20T10:00:00.000Z', until: null, entries: 41, isMore: false };

it('says what nobody has reviewed, and signs it off up to the moment the dialog opened', async () => {
  const sent: unknown[] = [];
  let unreviewed = [GAP];
  api = fakeApi(({ method, body }) => {
    if (method === 'POST') {
      sent.push(body);
      unreviewed = [];
      return { status: 201, body: {} };
    }
    return { body: { data: [], unreviewed } };
  });
  renderAdmin(<ReviewBar />, { me: signedIn(['ledger.read', 'ledger.review']) });
  await screen.findByText(/Not reviewed: 41 entries since/);
  await userEvent.click(screen.getByRole('button', { name: 'Sign off…' }));
  const opened = Date.now();
  await userEvent.type(screen.getByLabelText('What you looked at'), 'All of Monday');
  await userEvent.type(screen.getByLabelText('Findings, one per line'), 'no reason given');
  await userEvent.click(screen.getByRole('button', { name: 'Sign off entries' }));
  await screen.findByText('Everything is reviewed');
  expect(sent).toEqual([
    {
      from: GAP.from,
      until: expect.any(String),
      note: 'All of Monday',
      findings: [{ text: 'no reason given' }],
    },
  ]);
  expect(Date.parse((sent[0] as { until: string }).until)).toBeLessThanOrEqual(opened);
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
});

it('offers it only to who may', async () => {
  api = fakeApi(() => ({ body: { data: [], unreviewed: [GAP] } }));
  renderAdmin(<ReviewBar />, { me: signedIn(['ledger.read']) });
  await screen.findByText(/Not reviewed/);
  expect(screen.queryByRole('button')).toBeNull();
});

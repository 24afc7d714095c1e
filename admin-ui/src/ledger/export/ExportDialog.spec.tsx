import { afterEach, expect, it } from '@jest/globals';
import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { fakeApi } from '../../../test/fakeApi';
import { renderAdmin, signedIn } from '../../../test/renderAdmin';
import '../words/log/messages.en';
import { ExportButton } from './ExportButton';

let api: ReturnType<typeof fakeApi>;
afterEach(() => api.restore());

function show(permissions: string[]) {
  api = fakeApi(({ route }) => {
    if (route.startsWith('/ledger/histogram')) return { body: { total: 1_204, basis: 'exact' } };
    if (!route.includes('format=csv')) return { status: 503, body: { detail: 'Others run now.' } };
    return { body: 'no manifest' };
  });
  renderAdmin(<ExportButton query="kind:seats" zone="Europe/Berlin" />, {
    me: signedIn(permissions as never),
  });
}

it('says what will be in the file, and why there is none', async () => {
  show(['ledger.read']);
  await userEvent.click(screen.getByRole('button', { name: 'Export' }));
  await screen.findByText('1,204 entries');
  expect(screen.getByText('kind:seats')).toBeTruthy();
  expect(screen.getByText(/leaves out what entries say of people/)).toBeTruthy();
  const buttons = screen.getAllByRole('button', { name: 'Export' });
  await userEvent.click(buttons.at(-1)!);
  expect((await screen.findByRole('alert')).textContent).toContain('Others run now.');
});

it('offers to go on with what was cut off', async () => {
  show(['ledger.read', 'ledger.export_people']);
  await userEvent.click(screen.getByRole('button', { name: 'Export' }));
  expect(await screen.findByText(/nobody can erase them from it/)).toBeTruthy();
  await userEvent.click(screen.getByLabelText('CSV, for spreadsheets'));
  await userEvent.click(screen.getAllByRole('button', { name: 'Export' }).at(-1)!);
  expect((await screen.findByRole('alert')).textContent).toMatch(/cut off/);
  expect(screen.getByRole('button', { name: 'Continue' })).toBeTruthy();
  expect(screen.queryByText(/is saved/)).toBeNull();
});

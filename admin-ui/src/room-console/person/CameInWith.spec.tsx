import { afterEach, expect, it } from '@jest/globals';
import { screen } from '@testing-library/react';
import { fakeApi } from '../../../test/fakeApi';
import { aSeat } from '../../../test/records';
import { renderAdmin, signedIn } from '../../../test/renderAdmin';
import { registerMessages } from '../../i18n/i18nProvider';
import { messages } from '../messages.en';
import { CameInWith } from './CameInWith';

registerMessages(messages);

let api: ReturnType<typeof fakeApi>;
afterEach(() => api.restore());

/** Today. */
const at = (hour: number, minute: number) =>
  new Date(new Date().setHours(hour, minute, 0, 0)).toISOString();
const issuance = {
  id: 'a1-2-3',
  at: at(14, 5),
  issuer: { kind: 'operator', id: 'o1', label: 'Kim' },
  template: 'speaker',
  version: 2,
  expiresAt: at(14, 15),
};
const unknown = {
  through: 'unknown',
  jti: null,
  candidates: [],
  text: 'No gate saw the connect.',
  issuance: null,
};

function show(cameInWith: object | null) {
  api = fakeApi(({ route }) =>
    route === '/rooms/hall/seats/ana' ? { body: { cameInWith } } : undefined,
  );
  renderAdmin(<CameInWith room="hall" seat={aSeat('ana')} />, { me: signedIn(['ledger.read']) });
}

it('names who issued the token of the connection, and links to its entry', async () => {
  show({ through: 'refreshed', jti: 'j1', candidates: [], text: '', issuance });
  const link = await screen.findByRole('link', {
    name: /^Came in with the token that Kim issued at .*14:05, renewed by LiveKit since$/,
  });
  expect(link.getAttribute('href')).toMatch(/\/issuances\/a1-2-3$/);
  screen.getByText(/^speaker, valid until .*14:15$/);
});

it('says why it is not known', async () => {
  show(unknown);
  await screen.findByText('No gate saw the connect.');
});

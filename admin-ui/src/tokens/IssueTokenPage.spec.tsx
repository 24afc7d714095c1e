import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { type Call, fakeApi, type FakeAnswer } from '../../test/fakeApi';
import { renderAdmin, signedIn } from '../../test/renderAdmin';
import { IssueTokenPage } from './IssueTokenPage';

const because = [{ rule: 'default', outcome: 'wins', text: 'The room gives Viewer' }];
const issued = {
  token: 'e30.eyJzdWIiOiJhbmEifQ.signature',
  serverUrl: 'ws://here',
  issuanceId: '1-2',
  jti: 'the-jti',
  identity: 'ana',
  room: 'a/b',
  template: 'viewer',
  version: 1,
  expiresAt: new Date(Date.now() + 600_000).toISOString(),
  because,
};

// The page is large, and jsdom works out accessible names slowly.
jest.setTimeout(30_000);

let restore = () => {};
afterEach(() => restore());

function serve(onIssue: (call: Call) => FakeAnswer) {
  const api = fakeApi((call) => {
    if (call.route === '/tokens') return onIssue(call);
    if (call.route === '/tokens/preview') {
      return { body: { claims: { sub: 'ana' }, template: 'viewer', version: 1, because } };
    }
    return { headers: { 'Content-Range': 'x 0-0/0' }, body: [] };
  });
  restore = api.restore;
  return api;
}

const me = signedIn(['token.issue', 'token.preview', 'room.create', 'user.create', 'room.read']);
const open = () =>
  renderAdmin(<IssueTokenPage />, { me, at: '/tokens/new?room=a%2Fb&identity=ana' });
const submit = () => userEvent.click(screen.getByRole('button', { name: 'Issue the token' }));

describe('IssueTokenPage', () => {
  it('sends what was filled in and nothing else', async () => {
    const { calls } = serve(() => ({ status: 201, body: issued }));
    open();
    await userEvent.type(screen.getByLabelText('Lifetime'), '15m');
    await submit();
    await screen.findByText(issued.token);
    expect(calls.find(({ route }) => route === '/tokens')?.body).toEqual({
      room: 'a/b',
      identity: 'ana',
      ttl: '15m',
      createRoom: true,
      createUser: true,
    });
  });

  it('shows the token with its reasons, and has none of it once the page is left', async () => {
    serve(() => ({ status: 201, body: issued }));
    const { unmount } = open();
    await submit();
    expect((await screen.findByRole('group', { name: 'Token' })).textContent).toBe(issued.token);
    expect(screen.getByText('The room gives Viewer')).toBeTruthy();
    unmount();
    expect(document.body.textContent).not.toContain(issued.token);
    const stores = JSON.stringify({ ...localStorage, ...sessionStorage });
    expect(stores).not.toContain(issued.token);
  });

  it('says why there is no token, with the whole chain of reasons', async () => {
    const chain = [{ rule: 'block', outcome: 'wins', text: 'Blocked by Kim until 18:00' }];
    serve(() => ({
      status: 403,
      body: { code: 'token.refused', detail: 'No token for ana', because: chain },
    }));
    open();
    await submit();
    expect(await screen.findByText('No token was issued')).toBeTruthy();
    expect(screen.getByText('Blocked by Kim until 18:00')).toBeTruthy();
  });

  it('puts the server’s objection beside its field', async () => {
    serve(() => ({
      status: 400,
      body: { detail: 'ttl', errors: { ttl: 'is not a length of time' } },
    }));
    open();
    await submit();
    await waitFor(() =>
      expect(screen.getByLabelText('Lifetime').getAttribute('aria-invalid')).toBe('true'),
    );
    expect(screen.getByText('is not a length of time')).toBeTruthy();
  });

  it('offers no other role to those who may not choose one', async () => {
    serve(() => ({ body: {} }));
    open();
    const role = screen.getByRole('combobox', { name: 'Role' });
    expect(role.getAttribute('aria-disabled')).toBe('true');
    expect(screen.getByText(/needs the permission token.issue_as/)).toBeTruthy();
  });
});

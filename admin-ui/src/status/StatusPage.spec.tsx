import { afterEach, describe, expect, it } from '@jest/globals';
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { fakeApi, type FakeAnswer } from '../../test/fakeApi';
import { renderAdmin, signedIn } from '../../test/renderAdmin';
import { StatusPage } from './StatusPage';
import { checkDirectAccess } from './useDirectAccess';

const LIVEKIT = 'http://livekit.example.org:7880';
const WARNING = 'LiveKit can be reached directly, past the gate';
let api: ReturnType<typeof fakeApi>;
afterEach(() => api.restore());

function show(
  gateCheck: object,
  {
    atLiveKit,
    me = signedIn([]),
    clocks,
    livekit: more,
  }: {
    atLiveKit?: FakeAnswer;
    me?: ReturnType<typeof signedIn>;
    clocks?: object;
    livekit?: object;
  } = {},
) {
  api = fakeApi(({ method, route }) => {
    if (route.startsWith(LIVEKIT)) {
      if (atLiveKit) return atLiveKit;
      throw new TypeError('Failed to fetch');
    }
    if (method === 'POST') return { body: { voidBefore: '2026-11-21T12:00:00.000Z' } };
    const livekit = {
      state: 'up',
      url: 'ws://127.0.0.1:7880',
      clientUrl: null,
      since: null,
      ...more,
    };
    const check = { checkedAt: '2026-11-21T12:00:00.000Z', ...gateCheck };
    const installation = { version: '1', startedAt: null, livekit, gate: 'on' };
    return { body: { ...installation, gateCheck: check, clocks } };
  });
  renderAdmin(<StatusPage />, { me });
}
const panel = () => screen.findByRole('region', { name: 'Direct access to LiveKit' });

describe('direct access to LiveKit', () => {
  it('is closed, and the page says what it was seen by', async () => {
    show({ state: 'closed', detail: 'Loopback only.', browserUrl: null });
    const shown = await panel();
    expect(within(shown).getByText('Closed')).toBeTruthy();
    expect(within(shown).getByText('Loopback only.')).toBeTruthy();
    expect(within(shown).getByText(/Nothing to check/)).toBeTruthy();
    expect(screen.queryByText(WARNING)).toBeNull();
  });

  it('is open when the server says so, and the page says what to do', async () => {
    show({ state: 'open', detail: 'Also at 192.0.2.7.', browserUrl: null });
    await screen.findByText(WARNING);
  });

  it('is open when this browser reaches LiveKit, whatever the server sees', async () => {
    const atLiveKit = { status: 401, body: 'no permissions to access the room' };
    show({ state: 'unknown', detail: 'Elsewhere.', browserUrl: LIVEKIT }, { atLiveKit });
    await screen.findByText(WARNING);
    expect(within(await panel()).getByText('Open')).toBeTruthy();
  });

  it('is closed for a browser that gets no answer', async () => {
    show({ state: 'unknown', detail: 'Elsewhere.', browserUrl: LIVEKIT });
    await waitFor(async () => expect(within(await panel()).getByText('Closed')).toBeTruthy());
    expect(screen.queryByText(WARNING)).toBeNull();
  });

  it('is not reported as open because the gate answers, and not probed where it cannot be', async () => {
    api = fakeApi(() => undefined);
    globalThis.fetch = () =>
      Promise.resolve(
        new Response('', { status: 401, headers: { 'X-Rolecall-Code': 'gate.token_invalid' } }),
      );
    expect(await checkDirectAccess('https://gate.example.org', { protocol: 'https:' })).toBe(
      'closed',
    );
    expect(await checkDirectAccess(LIVEKIT, { protocol: 'https:' })).toBe('hidden');
  });
});

describe('LiveKit', () => {
  const closed = { state: 'closed', detail: 'Loopback only.', browserUrl: null };
  const shown = () => screen.findByRole('region', { name: 'LiveKit server' });

  it('shows how far its installation is', async () => {
    const install = { state: 'installing', text: 'downloading, 9.0 of 18.1 MB', percent: 49 };
    show(closed, { livekit: { state: 'down', install } });
    const panel = within(await shown());
    expect(panel.getByText('Being installed')).toBeTruthy();
    expect(panel.getByText('downloading, 9.0 of 18.1 MB')).toBeTruthy();
    expect(panel.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('49');
  });

  it('shows why its installation failed and what to do', async () => {
    const retryAt = '2026-11-21T12:00:00.000Z';
    const install = {
      state: 'failed',
      text: 'Go: not installed',
      hint: 'Set LIVEKIT_URL.',
      retryAt,
    };
    show(closed, { livekit: { state: 'down', install } });
    const alert = within(await shown()).getByRole('alert');
    expect(alert.textContent).toContain('Go: not installed');
    expect(alert.textContent).toContain('Set LIVEKIT_URL.');
  });

  it('names the version that runs and what a later one mends', async () => {
    const knownHoles = [{ id: 'GHSA-1', fixedIn: '1.13.7', text: 'WHIP is open.' }];
    show(closed, { livekit: { version: '1.13.5', knownHoles } });
    const panel = within(await shown());
    expect(panel.getByText('1.13.5')).toBeTruthy();
    expect(panel.getByText('WHIP is open. (GHSA-1, mended in 1.13.7)')).toBeTruthy();
  });
});

describe('the clocks', () => {
  const closed = { state: 'closed', detail: 'Loopback only.', browserUrl: null };
  const shown = () => screen.findByRole('region', { name: 'Clocks' });

  it('are told by how much they are wrong, and what that means', async () => {
    show(closed, { clocks: { serverSkewMs: 86_400_000, livekitSkewMs: -3_100, isOff: true } });
    const panel = within(await shown());
    expect(panel.getByText('86400 s ahead of the database')).toBeTruthy();
    expect(panel.getByText('3 s behind the database')).toBeTruthy();
    expect(panel.getByRole('alert').textContent).toContain('Set it with NTP');
  });

  it('raise no alarm when they agree, or are not known', async () => {
    show(closed, { clocks: { serverSkewMs: 12, livekitSkewMs: null, isOff: false } });
    const panel = within(await shown());
    expect(panel.getByText('Agrees with the database')).toBeTruthy();
    expect(panel.getByText('Not known')).toBeTruthy();
    expect(panel.queryByRole('alert')).toBeNull();
  });
});

describe('voiding all tokens', () => {
  const closed = { state: 'closed', detail: 'Loopback only.', browserUrl: null };

  it('asks to be typed, and says why in the ledger', async () => {
    const user = userEvent.setup();
    show(closed, { me: signedIn(['token.void']) });
    await user.click(await screen.findByRole('button', { name: 'Revoke all tokens…' }));
    const dialog = await screen.findByRole('dialog', { name: 'Revoke everybody’s tokens?' });
    const button = within(dialog).getByRole<HTMLButtonElement>('button', { name: 'Revoke tokens' });
    expect(button.disabled).toBe(true);
    await user.type(within(dialog).getByRole('textbox', { name: /Reason/ }), 'the key leaked');
    await user.type(
      within(dialog).getByRole('textbox', { name: /revoke all tokens/ }),
      'revoke all tokens',
    );
    await user.click(button);
    await waitFor(() =>
      expect(api.calls.find(({ method }) => method === 'POST')).toMatchObject({
        route: '/void-tokens',
        body: { reason: 'the key leaked' },
      }),
    );
  });

  it('is not offered to who is limited to some rooms, or may not at all', async () => {
    show(closed, { me: signedIn(['token.void'], ['town-*']) });
    await panel();
    expect(screen.queryByRole('button', { name: 'Revoke all tokens…' })).toBeNull();
  });
});

import { expect, it } from '@jest/globals';
import { until } from '../../server/test/support/until.js';
import { ConsolePage, HAND_SINCE } from './pages/console-page.js';
import { JoinPage } from './pages/join-page.js';
import type { Json } from './support/api.js';
import { describeBrowser } from './support/chromium.js';
import { useInstallation } from './support/installation.js';
import { hasFocus } from './support/keyboard.js';
import { press } from './support/press.js';

describeBrowser('a moderator with a queue', () => {
  const installation = useInstallation();

  async function openConsole(room: string): Promise<ConsolePage> {
    const visitor = await installation.visitor({ as: 'moderator' });
    visitor.allow(/status of 409/, 'the browser writes down that the server refused');
    return ConsolePage.open(visitor, room);
  }

  const roleOf = async (room: string, identity: string): Promise<string> =>
    (await installation.seat(room, identity)).role.template;
  const setLimit = (room: string, slots: number) =>
    installation.admin.put(`/rooms/${room}/stage/limits/speaker`, { slots });

  async function roomWithHands(name: string, ...identities: string[]): Promise<string> {
    const room = await installation.room(name);
    for (const identity of identities) await installation.join(room, identity);
    for (const identity of identities) await installation.raiseHand(room, identity);
    return room;
  }

  it('fills the stage, is told that it is full and who is next, and lets them up when a place frees', async () => {
    const room = await roomWithHands('places', 'ana', 'bo', 'cy');
    await setLimit(room, 2);
    const consolePage = await openConsole(room);
    const stage = consolePage.region('Stage');
    await stage.getByText('3 hands raised').waitFor();

    for (const identity of ['ana', 'bo']) {
      await consolePage.approveNext(identity);
      await consolePage.untilRow(identity, /Speaker.*Approved · \d/);
    }
    await stage.getByText('Speaker: 2 of 2, full').waitFor();
    await stage.getByText('next in line:').waitFor();
    const top = await consolePage.grid.boundingBox();

    await until('the answer is heard', async () => {
      await consolePage.press('n');
      return consolePage.notice('All 2 places for Speaker are taken. Next in line: cy').isVisible();
    });
    await consolePage.untilSaid(/All 2 places for Speaker are taken\. Next in line: cy/);
    await consolePage.keys('h', 'p');
    await consolePage.untilRow('cy', /Not approved: 2 of 2 places for speaker are taken/);
    expect(await roleOf(room, 'cy')).toBe('viewer');

    await consolePage.focusOn('ana');
    await consolePage.press('d');
    await consolePage.untilRow('ana', /Viewer.*Demoted/);
    await stage.getByText('place free for:').waitFor();
    await consolePage.untilSaid(/A place is free\. Next in line: cy/);
    // Nothing of all this has pushed the rows away under the pointer.
    expect(await consolePage.grid.boundingBox()).toEqual(top);

    await consolePage.approveNext('cy');
    await consolePage.untilRow('cy', /Speaker.*Approved · \d/);
    await consolePage.press('u');
    await consolePage.untilRow('cy', /Viewer.*Undone · \d/);
    expect(await hasFocus(consolePage.grid)).toBe(true);
  });

  it('skips hands that cannot be approved, and reads whose and why', async () => {
    const room = await roomWithHands('passed', 'ana', 'bo');
    const ana = await installation.user('ana');
    await installation.admin.post('/assignments', {
      subject: { user: ana.id },
      scope: { room },
      template: 'presenter',
    });
    const consolePage = await openConsole(room);
    await press(consolePage.region('Stage').getByRole('button', { name: 'Approve next' }));
    await consolePage.untilRow('bo', /Speaker.*Approved · \d/);
    await consolePage.untilSaid(/Skipped: ana – They are presenter/);
    await consolePage.untilFocused();
    await consolePage.press('n');
    await consolePage.untilSaid(/Nobody in the queue can be promoted\. ana: They are presenter/);
    await consolePage.untilRow('ana', HAND_SINCE);
  });

  it('declines a hand by keys, with a word that the participant reads', async () => {
    const room = await installation.room('word');
    const { token } = await installation.token(room, 'ana');
    const ana = await JoinPage.withToken(await installation.visitor(), room, token);
    await ana.button('Raise hand').click();
    const consolePage = await openConsole(room);
    await consolePage.untilRow('ana', HAND_SINCE);

    await consolePage.keys('h', 'Shift+H');
    const dialog = consolePage.page.getByRole('dialog', { name: 'Decline the hand of ana?' });
    await until('the message has the focus', () => hasFocus(dialog.getByRole('textbox')));
    await consolePage.page.keyboard.type('After the break, שלום');
    await consolePage.press('Enter');
    await ana.card('A moderator lowered your hand').waitFor();
    await ana.card('They say: After the break, שלום').waitFor();
    await consolePage.untilSaid(/ana: Declined/);
    await consolePage.row('ana').filter({ hasNotText: HAND_SINCE }).waitFor();
    await consolePage.untilFocused();
    await ana.button('Raise hand').click();
    await consolePage.untilRow('ana', HAND_SINCE);
  });

  it('promotes many, tries those again that failed, and takes back all that succeeded', async () => {
    const room = await installation.room('again');
    const people = ['ana', 'bo', 'cy'];
    for (const identity of people) await installation.join(room, identity);
    await setLimit(room, 1);
    const consolePage = await openConsole(room);
    await consolePage.row('cy').waitFor();

    await consolePage.keys('x', 'j', 'x', 'j', 'x', 'p');
    const tray = consolePage.region('Bulk operations');
    await tray.getByText(/^3\/3 · 2 failed/).waitFor();
    await press(tray.getByRole('button', { name: 'Who failed' }));
    const failures = consolePage.page.getByRole('dialog', { name: '2 failed' });
    await failures
      .getByText(/The only place for speaker is taken/)
      .first()
      .waitFor();
    await consolePage.press('Escape');
    const roles = async () =>
      (await Promise.all(people.map((each) => roleOf(room, each)))).sort().join();
    expect(await roles()).toBe('speaker,viewer,viewer');

    await setLimit(room, 3);
    await press(tray.getByRole('button', { name: 'Retry failed' }));
    await tray.getByText(/^3\/3 · done/).waitFor();
    for (const identity of people) await consolePage.untilRow(identity, /Speaker/);

    await press(tray.getByRole('button', { name: /^Undo/ }));
    for (const identity of people) await consolePage.untilRow(identity, /Viewer/);
    await until('it is all taken back', async () => (await roles()) === 'viewer,viewer,viewer');
    const operations: Json[] = await installation.admin.get(`/rooms/${room}/operations`);
    expect(operations.map(({ action, failed }) => [action, failed])).toEqual([
      ['undo', 0],
      ['promote', 0],
    ]);
    await consolePage.untilFocused();
  });

  it('keeps the keys where nobody is shown', async () => {
    const room = await installation.room('alone');
    await installation.join(room, 'ana');
    const consolePage = await openConsole(room);
    await consolePage.row('ana').waitFor();
    await consolePage.press('1');
    await consolePage.page.getByText('Nobody matches').waitFor();
    await consolePage.untilSaid(/0 people shown/);
    expect(await hasFocus(consolePage.grid)).toBe(true);
    await consolePage.press('n');
    await consolePage.untilSaid(/No hand is raised/);
    await consolePage.press('Escape');
    await consolePage.row('ana').waitFor();
    await consolePage.press('u');
    await consolePage.untilSaid(/There is nothing to undo/);
    await consolePage.notice('There is nothing to undo').waitFor();
  });
});

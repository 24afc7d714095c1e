import { expect, it } from '@jest/globals';
import { until } from '../../server/test/support/until.js';
import { ConsolePage } from './pages/console-page.js';
import { Dashboard } from './pages/dashboard.js';
import { JoinPage } from './pages/join-page.js';
import { SignInPage } from './pages/sign-in-page.js';
import { describeBrowser } from './support/chromium.js';
import { useInstallation } from './support/installation.js';
import { hasFocus, tabTo } from './support/keyboard.js';

const FRAMES = 5;

describeBrowser('a moderator', () => {
  const installation = useInstallation();

  it('gives the camera to a viewer who is in the room, takes it away, and takes that back', async () => {
    const room = await installation.room('town-hall');
    const watcher = await installation.join(room, 'wil');
    const { token } = await installation.token(room, 'vera');
    const vera = await JoinPage.withToken(await installation.visitor(), room, token);
    await vera.untilMay('show your camera', false);
    const framesOfVera = async () => (await watcher.status()).frames['vera'] ?? 0;
    const sendsVideo = async () =>
      (await watcher.status()).subscribed.some((of) => of.startsWith('vera/'));

    const signIn = await SignInPage.open(await installation.visitor());
    const page = await signIn.signIn(await installation.operator('moderator'));
    await new Dashboard(page).goByKeys('r', 'Rooms');
    await tabTo(page, page.getByRole('link', { name: /town-hall/ }).first());
    await page.keyboard.press('Enter');
    const consolePage = new ConsolePage(page, room);
    // The list has the keys at once, also when one comes by a link.
    await consolePage.untilReady();
    await consolePage.focusOn('vera');
    await consolePage.untilRow('vera', /Viewer/);

    await consolePage.press('p');
    await consolePage.untilRow('vera', /Speaker.*Promoted · \d/);
    const may = consolePage.row('vera').getByRole('gridcell', { name: /^May: microphone, camera/ });
    await may.waitFor();
    await vera.notice('You may now speak and show your camera').waitFor();
    await vera.untilMay('show your camera', true);
    await vera.button('Turn on microphone and camera').click();
    const before = await framesOfVera();
    await until('frames of Vera arrive', async () => (await framesOfVera()) >= before + FRAMES);
    // Both: only what she sends can be ended.
    await consolePage.untilLive('vera', 'mic');
    await consolePage.untilLive('vera', 'cam');

    await consolePage.press('d');
    await consolePage.untilRow('vera', /Viewer.*Demoted · (silent after )?\d/);
    await may.waitFor({ state: 'detached' });
    await vera.notice('A moderator ended your microphone and camera').waitFor();
    await vera.untilMay('show your camera', false);
    await until('nothing of Vera is received', async () => !(await sendsVideo()));

    await consolePage.press('u');
    await consolePage.untilRow('vera', /Speaker.*Undone · \d/);
    await vera.untilMay('show your camera', true);
    // The right is back, and the camera is hers to turn on. Frames that were decoded late may still come.
    expect(await sendsVideo()).toBe(false);
    const received = await framesOfVera();
    await vera.button('Turn on microphone and camera').click();
    await until(
      'frames of Vera arrive again',
      async () => (await framesOfVera()) >= received + FRAMES,
    );
    expect(await hasFocus(consolePage.grid)).toBe(true);

    await vera.page.reload();
    await vera.untilInRoom();
    await vera.untilMay('show your camera', true);
    await consolePage.untilRow('vera', /Speaker/);
  });

  it('takes a right away for good: the old token brings nothing back', async () => {
    const room = await installation.room('assembly');
    const { token } = await installation.token(room, 'sam', { template: 'speaker' });
    const sam = await JoinPage.withToken(await installation.visitor(), room, token);
    await sam.untilMay('speak', true);
    const consolePage = await installation.openConsole(room, { as: 'moderator' });
    await consolePage.focusOn('sam');

    await consolePage.press('d');
    await consolePage.untilRow('sam', /Viewer.*Demoted · (silent after )?\d/);
    await sam.untilMay('speak', false);

    await sam.page.reload();
    await sam.untilInRoom();
    await sam.untilMay('speak', false);
    await consolePage.untilRow('sam', /Viewer/);
    expect(await sam.button('Microphone off').isDisabled()).toBe(true);
  });

  it('works by keyboard alone, and the focus is never lost', async () => {
    const room = await installation.room('debate');
    await Promise.all(['ana', 'bo'].map((identity) => installation.join(room, identity)));
    const consolePage = await installation.openConsole(room, { as: 'moderator' });
    const { page } = consolePage;
    await consolePage.focusOn('bo');

    await consolePage.press('/');
    expect(await hasFocus(consolePage.search)).toBe(true);
    await page.keyboard.type('ana');
    await consolePage.row('bo').waitFor({ state: 'detached' });
    await consolePage.press('ArrowDown');
    await consolePage.untilFocused();
    await until('Ana is the active one', () => consolePage.isActive('ana'));

    await consolePage.press('p');
    await consolePage.untilRow('ana', /Promoted · \d/);
    expect(await hasFocus(consolePage.grid)).toBe(true);
    await consolePage.press('u');
    await consolePage.untilRow('ana', /Undone · \d/);
    expect(await hasFocus(consolePage.grid)).toBe(true);

    await consolePage.press('Shift+P');
    await consolePage.escape(await consolePage.untilDialog('Promote ana to'));

    await consolePage.press('Delete');
    await consolePage.escape(await consolePage.untilDialog('Remove ana?'));

    await consolePage.press('?');
    await consolePage.escape(await consolePage.untilDialog('Keyboard shortcuts'));

    await consolePage.press('Enter');
    const actions = await consolePage.untilDialog('Actions for ana');
    await actions.getByText('Leaves the room; can come back with a token').waitFor();
    // Its keys are those of the list.
    await consolePage.press('p');
    await actions.waitFor({ state: 'detached' });
    await consolePage.untilRow('ana', /Promoted · \d/);
    await consolePage.untilFocused();
    await consolePage.press('u');
    await consolePage.untilRow('ana', /Undone · \d/);

    // All chips are one stop, two before the list; the arrows move among them and back down.
    await consolePage.keys('Shift+Tab', 'Shift+Tab');
    const chips = page.getByRole('toolbar', { name: 'Show' });
    expect(await hasFocus(chips.getByRole('button', { name: /^All/ }))).toBe(true);
    await consolePage.keys('ArrowRight', 'ArrowRight');
    expect(await hasFocus(chips.getByRole('button', { name: /^Stage/ }))).toBe(true);
    await consolePage.press('ArrowDown');
    await consolePage.untilFocused();

    await consolePage.press('Space');
    const panel = page.getByRole('complementary', { name: 'ana' });
    await panel.waitFor();
    await consolePage.press('Escape');
    await panel.waitFor({ state: 'detached' });
    expect(await hasFocus(consolePage.grid)).toBe(true);
    await consolePage.press('Escape');
    await consolePage.row('bo').waitFor();
  });
});

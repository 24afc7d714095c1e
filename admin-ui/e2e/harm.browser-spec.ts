import { expect, it } from '@jest/globals';
import { until } from '../../server/test/support/until.js';
import { violations, violationsInBothSchemes } from './support/axe.js';
import { describeBrowser } from './support/chromium.js';
import { useInstallation } from './support/installation.js';
import { focused, hasFocus } from './support/keyboard.js';
import { press } from './support/press.js';
import { settled } from './support/settled.js';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true };

describeBrowser('what a moderator takes from somebody', () => {
  const installation = useInstallation();

  /** What the entries about a removal, intent and outcome, say about why. */
  async function reasonsOf(room: string, identity: string) {
    const removals = await installation.entries({ room, kind: 'seat.removed' });
    const about = removals.filter((entry) => entry.identity === identity);
    return [...new Set(about.map(({ reason }) => reason))];
  }
  const isPresent = async (room: string, identity: string) =>
    (await installation.seat(room, identity)).isPresent as boolean;

  it('is never taken by one Enter, and accuses nobody by default', async () => {
    const room = await installation.room('enter');
    for (const identity of ['ana', 'bo', 'cy']) await installation.join(room, identity);
    const consolePage = await installation.openConsole(room, { as: 'moderator' });
    const { page } = consolePage;
    const reason = page.getByRole('textbox', { name: 'Reason' });

    for (const [key, title] of [
      ['Delete', 'Remove ana?'],
      ['Shift+Delete', 'Remove and block ana?'],
    ] as const) {
      await consolePage.focusOn('ana');
      await consolePage.press(key);
      const dialog = await consolePage.untilDialog(title);
      expect(await focused(page)).toBe('button Cancel');
      await consolePage.press('Enter');
      await dialog.waitFor({ state: 'detached' });
      await consolePage.untilFocused();
    }
    expect(await isPresent(room, 'ana')).toBe(true);
    expect(await installation.entries({ room, kind: 'seat.*' })).toEqual([]);

    await consolePage.press('Delete');
    await consolePage.untilDialog('Remove ana?');
    await consolePage.keys('Tab', 'Enter');
    await until('Ana is out', async () => !(await isPresent(room, 'ana')));
    expect(await reasonsOf(room, 'ana')).toEqual([null]);

    // A reason is chosen by hand, here by keys alone.
    await consolePage.focusOn('bo');
    await consolePage.press('Delete');
    const dialog = await consolePage.untilDialog('Remove bo?');
    expect(await reason.inputValue()).toBe('');
    const preset = page.getByRole('button', { name: 'Disruption' });
    for (let step = 0; step < 5 && !(await hasFocus(preset)); step += 1) {
      await consolePage.press('Shift+Tab');
    }
    await consolePage.press('Space');
    expect(await reason.inputValue()).toBe('Disruption');
    await dialog.getByRole('button', { name: 'Remove bo' }).focus();
    await consolePage.press('Enter');
    await until('Bo is out', async () => !(await isPresent(room, 'bo')));
    expect(await reasonsOf(room, 'bo')).toEqual(['Disruption']);

    // The next person starts without one, also when the last act is repeated.
    await consolePage.focusOn('cy');
    await consolePage.press('.');
    const repeated = await consolePage.untilDialog('Remove cy?');
    expect(await reason.inputValue()).toBe('');
    expect(await focused(page)).toBe('button Cancel');
    await consolePage.press('Enter');
    await repeated.waitFor({ state: 'detached' });
    expect(await isPresent(room, 'cy')).toBe(true);
  });

  it('is asked about with the identity, whatever the person calls themselves', async () => {
    const room = await installation.room('names');
    await installation.join(room, 'ana-1', { name: 'Ana Ruiz' });
    // Turned round, as long as a name may be, and with a blank that pushes everything aside.
    const named: Record<string, [name: string, shown: string]> = {
      'zed-1': ['\u202EziuR anA', 'ziuR anA'],
      'zed-2': [`Ana Ruiz${'\u2800'.repeat(60)}.`, 'Ana Ruiz .'],
      'zed-3': ['Ana Ruiz '.repeat(28), 'Ana Ruiz '.repeat(28).trim()],
    };
    for (const [identity, [name]] of Object.entries(named)) {
      await installation.join(room, identity, { name });
    }
    const consolePage = await installation.openConsole(room, { as: 'moderator' });
    for (const [identity, [, shown]] of Object.entries(named)) {
      const row = consolePage.row(identity);
      await row.waitFor();
      // All of it can be read: nothing is cut off.
      const isWhole = await row.getByText(identity, { exact: true }).evaluate((text) => {
        const cell = text.parentElement as Element;
        const end = (element: Element) => element.getBoundingClientRect().right;
        return text.scrollWidth <= text.clientWidth && end(text) <= end(cell);
      });
      expect([identity, isWhole]).toEqual([identity, true]);
      await consolePage.focusOn(identity);
      await consolePage.press('Delete');
      const dialog = consolePage.page.getByRole('dialog', {
        name: `Remove ${shown}?`,
        exact: true,
      });
      await dialog.getByText(identity, { exact: true }).waitFor();
      await consolePage.press('Escape');
      await dialog.waitFor({ state: 'detached' });
    }
  });

  it('is shown as taken, found under Restricted, and given back by the first button', async () => {
    const room = await installation.room('restricted');
    await installation.join(room, 'ana', { template: 'speaker' });
    await installation.join(room, 'bo');
    await installation.token(room, 'cy');
    await installation.act(room, 'ana', 'hold');
    await installation.act(room, 'cy', 'block', { for: '1h' });
    const consolePage = await installation.openConsole(room, { as: 'moderator' });
    const { page } = consolePage;
    const held = consolePage.row('ana').locator('.status.held').filter({ hasText: 'Held silent' });
    await held.waitFor();
    await consolePage
      .row('cy')
      .locator('.status.blocked')
      .filter({ hasText: /^Blocked until/ })
      .waitFor();
    await consolePage.untilInSync('bo', /Viewer/);
    expect(await page.locator('.status.good').count()).toBe(0);
    await page.getByRole('button', { name: /^Listening unseen ?0$/ }).waitFor();
    expect(await violationsInBothSchemes(page)).toEqual({});
    // The console is dark until somebody chooses a theme: twice is light.
    const theme = page.getByRole('button', { name: /theme|mode/i });
    for (let times = 0; times < 2; times += 1) await theme.click();
    await page.mouse.move(0, 0);
    await page.getByRole('tooltip').waitFor({ state: 'detached' });
    await held.waitFor();
    await settled(page);
    expect(await violations(page)).toEqual([]);

    await press(page.getByRole('button', { name: /^Restricted ?2$/ }));
    await consolePage.row('bo').waitFor({ state: 'detached' });
    await consolePage.row('ana').getByRole('button', { name: 'Release', exact: true }).waitFor();
    await press(consolePage.row('cy').getByRole('button', { name: 'Unblock', exact: true }));
    await until(
      'Cy may come back',
      async () => (await installation.entries({ room, kind: 'seat.unblocked' })).length > 0,
    );
    await page.getByRole('button', { name: /^Restricted ?1$/ }).waitFor();

    // The same filter has a key, and the sheet of keys explains the signs.
    await consolePage.focusOn('ana');
    await consolePage.press('?');
    const sheet = await consolePage.untilDialog('Keyboard shortcuts');
    await sheet.getByText(/has taken the right to publish/).waitFor();
    await settled(page);
    expect(await violations(page)).toEqual([]);
  });

  it('tells operators without the permission why, and who has it: by focus, key and touch', async () => {
    const room = await installation.room('looking');
    await installation.join(room, 'ana');
    const why = /Only an admin or a moderator can do this \(permission seat\.promote\)/;
    const consolePage = await installation.openConsole(room, { as: 'auditor' });
    await consolePage.focusOn('ana');
    await consolePage.press('p');
    await consolePage.notice(why).waitFor();

    await consolePage.press('Enter');
    const menu = await consolePage.untilDialog('Actions for ana');
    const item = menu.getByRole('menuitem', { name: /^Promote to Speaker/ });
    await item.filter({ hasText: why }).waitFor();
    await until('it can be focused', () => hasFocus(item));
    await consolePage.press('Enter');
    expect(await item.isVisible()).toBe(true);
    await consolePage.press('Escape');
    await menu.waitFor({ state: 'detached' });

    const phone = await installation.openConsole(room, { as: 'auditor', ...PHONE });
    await press(phone.row('ana').locator('.person'), 'tap');
    const panel = phone.page.getByRole('dialog', { name: 'About ana' });
    const promote = panel.getByRole('button', { name: 'Promote to Speaker' });
    await promote.tap({ force: true });
    await panel.getByText(why).waitFor();
    expect(await promote.getAttribute('aria-disabled')).toBe('true');
    expect(await violationsInBothSchemes(phone.page)).toEqual({});
    expect(await installation.entries({ room, kind: 'seat.*' })).toEqual([]);
  });
});

import { beforeAll, expect, it } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { until } from '../../server/test/support/until.js';
import { LedgerPage } from './pages/ledger-page.js';
import { violationsInBothSchemes } from './support/axe.js';
import { describeBrowser } from './support/chromium.js';
import { useInstallation } from './support/installation.js';
import { focused, tabTo } from './support/keyboard.js';
import { settled } from './support/settled.js';

const ROOM = 'town hall/1';
const WIDE = { width: 1366, height: 900 };
const PHONE = { width: 390, height: 844 };

describeBrowser('an auditor who looks at somebody, a room or an operator over time', () => {
  const installation = useInstallation();
  let operator = '';

  beforeAll(async () => {
    const { admin } = installation;
    await installation.room(ROOM);
    const vera = await installation.join(ROOM, 'vera');
    await installation.join(ROOM, 'wil');
    await installation.act(ROOM, 'vera', 'promote', { template: 'speaker', for: 3_600 });
    await vera.publishVideo();
    await installation.act(ROOM, 'vera', 'hold', { sources: ['camera', 'microphone'] });
    await installation.act(ROOM, 'vera', 'release');
    await installation.act(ROOM, 'vera', 'block', { for: 7_200, reason: 'Noise' });
    await until('vera is out', async () => !(await installation.seat(ROOM, 'vera')).isPresent);
    await admin.post('/rooms', { name: 'annex', defaultTemplate: 'viewer' });
    await installation.token('annex', 'vera', { ttl: 3_600 });
    operator = (await admin.get('/me')).operator.id;
  });

  const open = async (path: string, text: string | RegExp): Promise<Page> => {
    const page = await (await installation.visitor({ as: 'auditor' })).goto(path);
    await page.getByRole('main').getByText(text).first().waitFor();
    await settled(page);
    return page;
  };
  const chart = (page: Page, name: string) => page.getByRole('listbox', { name });
  /** What a screen reader says of the bar that the arrows are on. */
  const spoken = async (picture: Locator) => {
    const id = await picture.getAttribute('aria-activedescendant');
    return picture.locator(`[id="${id}"]`).getAttribute('aria-label');
  };

  async function expectFit(page: Page): Promise<void> {
    // What a pointer says of a button is no part of the page.
    await page.mouse.move(1, 1);
    await settled(page);
    expect(await violationsInBothSchemes(page)).toEqual({});
    await page.setViewportSize(PHONE);
    await settled(page);
    await until('nothing is wider than the phone', () =>
      page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return scrollWidth <= clientWidth;
      }),
    );
    expect(await violationsInBothSchemes(page)).toEqual({});
    await page.setViewportSize(WIDE);
    await page.emulateMedia({ colorScheme: 'light' });
    await settled(page);
  }

  it('moves through a person’s lanes by keyboard, sees why, and opens the act with its proof', async () => {
    const page = await open('/people/vera', 'Where and as what');
    const lanes = chart(page, 'Where and as what');
    await page.getByText(`Blocked in ${ROOM}`).waitFor();
    await page.getByText('1 token still opens a door').waitFor();

    await tabTo(page, lanes);
    await page.keyboard.press('End');
    expect(await spoken(lanes)).toMatch(/^Holds a token, comes in as Viewer: .*, set to end/);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('End');
    expect(await spoken(lanes)).toMatch(/^Blocked by admin@example\.com: .*, set to end/);
    const heard = new Set<string | null>();
    for (let step = 0; step < 6; step += 1) {
      await page.keyboard.press('ArrowLeft');
      heard.add(await spoken(lanes));
    }
    const all = [...heard].join('\n');
    expect(all).toMatch(/^Held silent by admin@example\.com/m);
    expect(all).toMatch(/^In the room as Speaker, may publish/m);
    expect(all).toMatch(/^In the room as Viewer/m);
    expect(all).toMatch(/^Given Speaker by hand/m);
    expect(await focused(page)).toMatch(/Where and as what/);

    // Its time is what the acts are of, and the moment that the page is as of.
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    const acts = page.getByRole('region', { name: 'Acts', exact: true });
    await acts.getByText(/^Blocked, .* set to end/).waitFor();
    const asOf = page.getByRole('region', { name: 'What was so at a moment' });
    await asOf.getByText('May not come in').waitFor();
    await settled(page);
    const ledger = new LedgerPage(page);
    expect(await ledger.entry(/promoted/).count()).toBe(0);
    await ledger
      .entry(/blocked vera/)
      .first()
      .waitFor();
    await expectFit(page);

    // An earlier moment: they were there, as a speaker.
    const isOut = asOf.getByText(/^Blocked by /);
    for (let step = 0; step < 12 && (await isOut.isVisible()); step += 1) {
      await asOf.getByRole('button', { name: 'To the change before' }).click();
    }
    await asOf.getByText(/^In the room as Speaker/).waitFor();
    await asOf.getByText('May come in').waitFor();

    // The numbers as a table, each with its entry.
    const asTable = page.getByRole('button', { name: 'As a table' });
    await asTable.click();
    await asTable.blur();
    const table = page.getByRole('table', { name: 'Where and as what' });
    await table.getByText('Given Speaker by hand').first().waitFor();
    expect(await table.getByRole('link', { name: 'Open', exact: true }).count()).toBeGreaterThan(4);
    await expectFit(page);

    await ledger.link(ledger.entry(/blocked vera/).first()).click();
    await ledger.act.waitFor();
    await page.getByText('Noise').first().waitFor();
    // Back to the person, by their name in the act.
    await page
      .locator('button[aria-haspopup=menu]')
      .filter({ hasText: /^vera$/ })
      .first()
      .click();
    await page.getByRole('menuitem', { name: 'Open its page' }).click();
    await chart(page, 'Where and as what').waitFor();
  });

  it('shows a room, filters by its pictures, and goes on to the people in it', async () => {
    const path = `/rooms/${encodeURIComponent(ROOM)}/history?days=1`;
    const page = await open(path, 'Who was there and as what');
    const strip = chart(page, 'Who was there and who might publish');
    await tabTo(page, strip);
    await page.keyboard.press('End');
    expect(await spoken(strip)).toMatch(/: who may publish 1, others in the room 1, decisions \d+/);
    await page.keyboard.press('Enter');
    const acts = page.getByRole('region', { name: 'Who decided what' });
    await acts.getByRole('button', { name: /\d/ }).first().waitFor();
    await acts
      .getByText(/blocked vera/)
      .first()
      .waitFor();
    const silent = page.getByRole('region', { name: 'Silent listeners' });
    await silent.getByText('Could only listen').waitFor();
    expect(await silent.getByText('vera').count()).toBe(0);
    await silent.getByRole('link', { name: 'wil' }).click();
    await page.getByRole('heading', { name: 'wil over time' }).waitFor();
  });

  it('shows what an operator did, and what they could do then', async () => {
    const page = await open(`/operators/${operator}/history`, 'What they did, by room');
    const asOf = page.getByRole('region', { name: 'What was so at a moment' });
    await asOf.getByText('Admin in all rooms').waitFor();
    const lanes = chart(page, 'What they did, by room');
    await tabTo(page, lanes);
    await page.keyboard.press('Home');
    expect(await spoken(lanes)).toMatch(/^\d+ acts?: /);
    await page.keyboard.press('Enter');
    await page
      .getByRole('region', { name: 'Acts', exact: true })
      .getByText(/acts?, /)
      .waitFor();
    // Before they were added they could do nothing.
    await page.goto(
      `/operators/${operator}/history?${new URLSearchParams({ at: '2020-01-01T00:00:00Z' })}`,
    );
    await asOf.getByText('They were no operator yet.').waitFor();
  });

  it('shows how the exposure becomes less, and who is left then', async () => {
    const page = await open('/exposure', /could still come in/);
    const bars = chart(page, 'How many could still come in');
    await tabTo(page, bars);
    await page.keyboard.press('End');
    expect(await spoken(bars)).toMatch(/: tokens \d, people who could come back \d/);
    await page.keyboard.press('Enter');
    await page.getByText(/^Still open at/).waitFor();
    await settled(page);
    await page.getByRole('row').filter({ hasText: 'annex' }).waitFor();
    expect(await page.getByRole('row').filter({ hasText: 'wil' }).count()).toBe(0);
    await expectFit(page);
  });

  it('says what is empty, and what could not be read', async () => {
    const page = await open('/people/nobody', 'In no room in this time');
    await page.getByText('not added as a user').waitFor();
    await expectFit(page);
    const visitor = await installation.visitor({ as: 'auditor' });
    visitor.allow(/status of 404/, 'the browser writes down the answer too');
    const unknown = await visitor.goto(`/operators/${crypto.randomUUID()}/history`);
    await unknown.getByText('There is no such operator.').first().waitFor();
  });
});

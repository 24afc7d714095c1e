import type { Locator, Page } from 'playwright-core';
import { until } from '../../../server/test/support/until.js';
import { hasFocus, tabTo } from '../support/keyboard.js';

/** How long a hand is up, for less than a minute; no time of day, as in 20:34, has it. */
export const HAND_SINCE = /(?<!\d)0:\d\d/;

/** The live room: everything here is done by keys, as a moderator in a hurry does it. */
export class ConsolePage {
  readonly grid: Locator;
  readonly search: Locator;
  presses = 0;

  constructor(
    readonly page: Page,
    readonly room: string,
  ) {
    this.grid = page.getByRole('grid', { name: `People in ${room}` });
    this.search = page.getByRole('searchbox', { name: 'Search name, identity or role' });
  }

  static path(room: string): string {
    return `/rooms/${encodeURIComponent(room)}/console`;
  }

  row(identity: string): Locator {
    return this.grid
      .getByRole('row')
      .filter({ has: this.page.getByText(identity, { exact: true }) });
  }

  async untilRow(identity: string, text: RegExp): Promise<void> {
    await this.row(identity).filter({ hasText: text }).waitFor();
  }

  /** Until nothing is said of the person: LiveKit has exactly what the role gives. */
  async untilInSync(identity: string, text: RegExp): Promise<void> {
    const calm = this.page.locator('.c-sync:empty');
    await this.row(identity).filter({ hasText: text }).filter({ has: calm }).waitFor();
  }

  /** Tabs into the list and moves to the person. */
  async focusOn(identity: string): Promise<void> {
    await this.row(identity).waitFor();
    await tabTo(this.page, this.grid);
    await this.page.keyboard.press('Home');
    await until(`the row of ${identity} is the active one`, async () => {
      if (await this.isActive(identity)) return true;
      await this.page.keyboard.press('ArrowDown');
      return this.isActive(identity);
    });
  }

  async isActive(identity: string): Promise<boolean> {
    const id = await this.row(identity).getAttribute('id');
    return id !== null && (await this.grid.getAttribute('aria-activedescendant')) === id;
  }

  press(key: string): Promise<void> {
    this.presses += 1;
    return this.page.keyboard.press(key);
  }

  /** One after another, as fast as the keyboard gives them. */
  async keys(...keys: string[]): Promise<void> {
    for (const key of keys) await this.press(key);
  }

  /** From here on every press counts. */
  async untilReady(): Promise<void> {
    await this.grid.waitFor();
    await until('the list has the focus', () => hasFocus(this.grid));
    this.presses = 0;
  }

  /** Chooses from a menu: again, as the page asks, when its items have just moved. */
  async choose(menu: Locator, item: Locator): Promise<void> {
    await item.waitFor();
    await until('it is chosen', async () => {
      await item.click({ timeout: 2_000 }).catch(() => undefined);
      return !(await menu.isVisible());
    });
  }

  /** Lets the person up who is named as next: again, as the page asks, while the name is too new. */
  async approveNext(identity: string): Promise<void> {
    const stage = this.region('Stage');
    await stage.getByRole('button', { name: identity, exact: true }).waitFor();
    const isReady = stage.locator(`[data-about="${identity}"]:enabled`);
    await until(`${identity} is answered`, async () => {
      if ((await isReady.count()) === 0) return true;
      await this.press('n');
      return false;
    });
  }

  /** Until a screen reader has been told this. */
  async untilSaid(text: RegExp): Promise<void> {
    await this.page.locator('[aria-live]').filter({ hasText: text }).first().waitFor({
      state: 'attached',
    });
  }

  /** What is shown over the end of the list, for who sees it; others are told. */
  notice(text: string | RegExp): Locator {
    return this.page.locator('main [aria-hidden=true]').filter({ hasText: text }).last();
  }

  /** The badge that says how fresh the page is. */
  badge(state: string | RegExp): Locator {
    return this.page.getByRole('note', { name: /^Updates:/ }).filter({ hasText: state });
  }

  banner(text: RegExp): Locator {
    return this.page.getByRole('main').getByRole('alert').filter({ hasText: text });
  }

  region(name: string): Locator {
    return this.page.getByRole('region', { name, exact: true });
  }
}

import type { Locator, Page } from 'playwright-core';
import { until } from '../../../server/test/support/until.js';
import { focusIsIn, hasFocus, tabTo } from '../support/keyboard.js';
import { heard } from '../support/said.js';
import type { Visitor } from '../support/visitor.js';

/** How long a hand is up, for less than ten minutes; no time of day, as in 20:34, has it. */
export const HAND_SINCE = /(?<!\d)\d:\d\d/;

const SAID_MS = 30_000;

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

  /** Goes to it, and waits until keys work there. */
  static async open(visitor: Visitor, room: string): Promise<ConsolePage> {
    const consolePage = new ConsolePage(await visitor.newPage(), room);
    await consolePage.open();
    return consolePage;
  }

  static path(room: string): string {
    return `/rooms/${encodeURIComponent(room)}/console`;
  }

  async open(): Promise<void> {
    await this.page.goto(ConsolePage.path(this.room));
    await this.untilReady();
  }

  row(identity: string): Locator {
    return this.grid
      .getByRole('row')
      .filter({ has: this.page.getByText(identity, { exact: true }) });
  }

  async untilRow(identity: string, text: RegExp): Promise<void> {
    await this.row(identity).filter({ hasText: text }).waitFor();
  }

  /** Until the row shows that somebody sends this: `mic`, `cam` or `screen`, not muted. */
  async untilLive(identity: string, track: string): Promise<void> {
    const name = new RegExp(`Live: (.*, )?${track}(,|$)`);
    await this.row(identity).getByRole('gridcell', { name }).waitFor();
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
    await until(`the row of ${identity} is the active one`, async () => {
      const key = await this.keyTowards(identity);
      if (key !== null) await this.page.keyboard.press(key);
      return key === null;
    });
  }

  /** The next key on the way to the person; null when they are reached. */
  private keyTowards(identity: string): Promise<string | null> {
    return this.grid.evaluate((grid, who) => {
      const placeOf = (element: Element | null) => Number(element?.getAttribute('aria-rowindex'));
      const row = [...grid.querySelectorAll('[data-identity]')].find(
        (each) => each.getAttribute('data-identity') === who,
      );
      const active = document.getElementById(grid.getAttribute('aria-activedescendant') ?? '');
      if (!row || !active) return 'Home';
      if (row === active) return null;
      return placeOf(row) > placeOf(active) ? 'ArrowDown' : 'ArrowUp';
    }, identity);
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

  /** From here on every press counts: the list has the focus, and somebody is the active person. */
  async untilReady(): Promise<void> {
    await this.grid.and(this.page.locator('[aria-activedescendant]')).waitFor();
    await this.untilFocused();
    this.presses = 0;
  }

  /** Until the list has the focus, as after a dialog. */
  async untilFocused(): Promise<void> {
    await until('the list has the focus', () => hasFocus(this.grid));
  }

  /** Until the dialog or menu is there, and keys reach it. */
  async untilDialog(name: string): Promise<Locator> {
    const dialog = this.page.getByRole('dialog', { name, exact: true });
    await dialog.waitFor();
    await until(`the focus is in ${name}`, () => focusIsIn(dialog));
    return dialog;
  }

  /** Closes the dialog, and waits until keys reach the list again. */
  async escape(dialog: Locator): Promise<void> {
    await this.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await this.untilFocused();
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

  /** Until a screen reader has been told this, at some moment since the last key or press. */
  async untilSaid(text: RegExp): Promise<void> {
    await until(`it is said: ${text}`, () => heard(this.page, text), SAID_MS);
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

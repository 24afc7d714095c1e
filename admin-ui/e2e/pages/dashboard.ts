import type { Locator, Page } from 'playwright-core';
import { settled } from '../support/settled.js';

/** What all pages of the dashboard have in common, by the names that people see and hear. */
export class Dashboard {
  /** A small page that needs nothing from the server. */
  static readonly BETWEEN = { path: '/account', title: 'Your account' };
  readonly heading: Locator;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { level: 1 });
  }

  async goTo(name: string): Promise<void> {
    await this.page
      .getByRole('navigation', { name: 'Main' })
      .getByRole('link', { name, exact: true })
      .click();
    await this.untilTitle(name);
  }

  /** By G and a letter, as the help says. The page listens for keys once it has settled. */
  async goByKeys(letter: string, title: string): Promise<void> {
    await settled(this.page);
    // One right after the other: the second counts within a second only.
    await this.page.keyboard.type(`g${letter}`);
    await this.untilTitle(title);
  }

  /**
   * As a link does: without loading the application again. By way of a page in between, so that
   * nothing is left of the one before, also when it is the same page once more.
   */
  async follow(path: string): Promise<void> {
    await this.push(Dashboard.BETWEEN.path);
    await this.untilTitle(Dashboard.BETWEEN.title);
    if (path === Dashboard.BETWEEN.path) return;
    await this.push(path);
    await this.heading.filter({ hasNotText: Dashboard.BETWEEN.title }).waitFor();
  }

  private push(path: string): Promise<void> {
    return this.page.evaluate((to) => {
      // As the router writes it: it counts the pages that one has been to.
      const { idx = 0 } = (history.state ?? {}) as { idx?: number };
      history.pushState({ idx: idx + 1 }, '', to);
      dispatchEvent(new PopStateEvent('popstate'));
    }, path);
  }

  untilTitle(title: string): Promise<void> {
    return this.heading.filter({ hasText: title }).waitFor();
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  link(name: string): Locator {
    return this.page.getByRole('link', { name, exact: true });
  }

  field(name: string): Locator {
    return this.page.getByRole('textbox', { name });
  }

  section(name: string | RegExp): Locator {
    return this.page.getByRole('region', { name });
  }

  /** Types into a field that suggests, and takes the suggestion. */
  async pick(field: string, text: string): Promise<void> {
    await this.page.getByRole('combobox', { name: field }).fill(text);
    await this.page.getByRole('option').filter({ hasText: text }).first().click();
  }

  /** Chooses from a closed list. */
  async choose(field: string, option: string): Promise<void> {
    await this.page.getByRole('combobox', { name: field }).click();
    await this.page.getByRole('option').filter({ hasText: option }).first().click();
  }
}

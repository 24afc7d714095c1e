import type { Locator, Page } from 'playwright-core';
import { settled } from '../support/settled.js';

/** What all pages of the dashboard have in common, by the names that people see and hear. */
export class Dashboard {
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

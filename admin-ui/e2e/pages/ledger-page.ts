import type { Locator, Page } from 'playwright-core';

/** Issuances or Activity: a search in the address, acts in rows, and one act beside them. */
export class LedgerPage {
  readonly entries: Locator;
  readonly search: Locator;
  /** The act that is open. */
  readonly act: Locator;

  constructor(readonly page: Page) {
    this.entries = page
      .getByRole('list', { name: 'Acts, newest first' })
      .locator('> li', { has: page.getByRole('link') });
    this.search = page.getByRole('combobox', { name: 'Search' });
    this.act = page.getByRole('heading', { name: 'Act', exact: true });
  }

  static path(page: '/issuances' | '/activity', filter: Record<string, string>): string {
    return `${page}?${new URLSearchParams(filter)}`;
  }

  entry(text: string | RegExp): Locator {
    return this.entries.filter({ hasText: text });
  }

  /** The part of a row that has the focus, and that opens it. */
  link(entry: Locator): Locator {
    return entry.getByRole('link');
  }

  async open(text: string | RegExp): Promise<void> {
    await this.link(this.entry(text).first()).click();
    await this.act.waitFor();
  }

  /** The value of one line of facts about the act. */
  fact(name: string): Promise<string | null> {
    return this.page
      .locator('dl > div')
      .filter({ has: this.page.getByRole('term').getByText(name, { exact: true }) })
      .getByRole('definition')
      .textContent();
  }
}

import type { Locator, Page } from 'playwright-core';

/** Issuances or Activity: filters in the address, and a drawer for one entry. */
export class LedgerPage {
  readonly entries: Locator;

  constructor(readonly page: Page) {
    this.entries = page.getByRole('list', { name: 'Entries, newest first' }).getByRole('link');
  }

  static path(page: '/issuances' | '/activity', filter: Record<string, string>): string {
    return `${page}?${new URLSearchParams(filter)}`;
  }

  entry(text: string | RegExp): Locator {
    return this.entries.filter({ hasText: text });
  }

  /** The value of one line of facts in the drawer. */
  fact(name: string): Promise<string | null> {
    return this.page
      .locator('dl > div')
      .filter({ has: this.page.getByRole('term').getByText(name, { exact: true }) })
      .getByRole('definition')
      .textContent();
  }
}

import type { Page } from 'playwright-core';
import type { Credentials } from '../support/api.js';
import type { Visitor } from '../support/visitor.js';

export class SignInPage {
  private constructor(readonly page: Page) {}

  static async open(visitor: Visitor, path = '/'): Promise<SignInPage> {
    visitor.allow(
      /status of 401 .*\/api\/v1\/me\b/,
      'the browser writes down that nobody is signed in yet, which the page asks to know',
    );
    const page = await visitor.goto(path);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    return new SignInPage(page);
  }

  /** By keyboard alone: the e-mail field has the focus. */
  async signIn(credentials: Credentials): Promise<Page> {
    await this.tryWith(credentials);
    await this.page.getByRole('navigation', { name: 'Main' }).waitFor();
    return this.page;
  }

  async tryWith({ email, password }: Credentials): Promise<void> {
    await this.page.keyboard.type(email);
    await this.page.keyboard.press('Tab');
    await this.page.keyboard.type(password);
    await this.page.keyboard.press('Enter');
  }
}

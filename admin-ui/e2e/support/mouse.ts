import type { CDPSession, Page } from 'playwright-core';

/** A mouse that is as quick as a hand: what it does is sent at once, without waiting in between. */
export class Mouse {
  private constructor(private readonly session: CDPSession) {}

  static async on(page: Page): Promise<Mouse> {
    return new Mouse(await page.context().newCDPSession(page));
  }

  async click(x: number, y: number): Promise<void> {
    const send = (type: 'mouseMoved' | 'mousePressed' | 'mouseReleased') =>
      this.session.send('Input.dispatchMouseEvent', {
        type,
        x,
        y,
        ...(type !== 'mouseMoved' && { button: 'left', clickCount: 1 }),
      });
    await Promise.all([send('mouseMoved'), send('mousePressed'), send('mouseReleased')]);
  }
}

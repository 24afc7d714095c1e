import type { CDPSession, Locator, Page } from 'playwright-core';

const STEP = 10;

/**
 * A finger on a touch screen: what it does comes to Chromium as from the screen itself, so that the
 * browser scrolls, or takes the finger away, as it does in a hand.
 */
export class Finger {
  private x = 0;
  private y = 0;

  private constructor(private readonly session: CDPSession) {}

  static async on(page: Page): Promise<Finger> {
    return new Finger(await page.context().newCDPSession(page));
  }

  /** `at`: how far from the left of it to the right, from 0 to 1. */
  async touch(element: Locator, at = 0.5): Promise<void> {
    const box = await element.boundingBox();
    if (!box) throw new Error(`nothing to touch: ${String(element)}`);
    this.x = box.x + box.width * at;
    this.y = box.y + box.height / 2;
    await this.send('touchStart', [[this.x, this.y]]);
  }

  async move(right: number, down = 0): Promise<void> {
    const steps = Math.ceil(Math.max(Math.abs(right), Math.abs(down)) / STEP);
    for (let step = 0; step < steps; step += 1) {
      this.x += right / steps;
      this.y += down / steps;
      await this.send('touchMove', [[this.x, this.y]]);
    }
  }

  /** Another finger beside it. */
  second(): Promise<void> {
    return this.send('touchStart', [
      [this.x, this.y],
      [this.x, this.y + 150],
    ]);
  }

  letGo(): Promise<void> {
    return this.send('touchEnd', []);
  }

  /** Something else takes the screen, such as a call. */
  cancel(): Promise<void> {
    return this.send('touchCancel', []);
  }

  private async send(
    type: 'touchStart' | 'touchMove' | 'touchEnd' | 'touchCancel',
    points: [x: number, y: number][],
  ): Promise<void> {
    const touchPoints = points.map(([x, y], id) => ({ x, y, id }));
    await this.session.send('Input.dispatchTouchEvent', { type, touchPoints });
  }
}

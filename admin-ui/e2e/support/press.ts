import type { Locator } from 'playwright-core';

/**
 * Clicks or taps as a person does, who needs a moment to see what is there: the console refuses a click on
 * what has just come, moved or changed its meaning.
 */
export async function press(
  target: Locator,
  how: 'click' | 'tap' = 'click',
  options: { force?: boolean } = {},
): Promise<void> {
  // Else the click scrolls to it, which moves it.
  await target.scrollIntoViewIfNeeded();
  await target.evaluate(
    (element) =>
      new Promise<void>((resolve) => {
        const SEEN_MS = 350;
        let [before, since] = ['', 0];
        const look = () => {
          const { left, top, width, height } = element.getBoundingClientRect();
          const words = element.textContent.replace(/\d+/g, '');
          const now = [left, top, width, height, words].join();
          if (now !== before) [before, since] = [now, performance.now()];
          if (performance.now() - since > SEEN_MS) resolve();
          else requestAnimationFrame(look);
        };
        look();
      }),
  );
  await target[how](options);
}

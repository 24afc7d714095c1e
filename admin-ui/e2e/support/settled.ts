import type { Page } from 'playwright-core';

/** Until the page shows what it was loading and nothing on it moves. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const hasTitle = /\S/.test(document.querySelector('h1')?.textContent ?? '');
    // Skeletons are hidden from roles and names; the class is all there is to find them by.
    const isLoading = document.querySelector('.MuiSkeleton-root, [role=progressbar]') !== null;
    const isMoving = document
      .getAnimations()
      .some((animation) => animation.playState === 'running' && animation.timeline !== null);
    return hasTitle && !isLoading && !isMoving;
  });
}

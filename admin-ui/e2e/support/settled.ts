import type { Page, Request } from 'playwright-core';
import { until } from '../../../server/test/support/until.js';

interface Traffic {
  readonly open: Set<Request>;
  /** How many requests the page has made. */
  made: number;
}

const traffic = new WeakMap<Page, Traffic>();

/** Remembers which requests of the page have no answer yet. The event stream never ends. */
export function watchTraffic(page: Page): void {
  const watched: Traffic = { open: new Set(), made: 0 };
  traffic.set(page, watched);
  page.on('request', (request) => {
    if (request.resourceType() === 'eventsource') return;
    watched.made += 1;
    watched.open.add(request);
  });
  page.on('requestfinished', (request) => watched.open.delete(request));
  page.on('requestfailed', (request) => watched.open.delete(request));
}

/**
 * Until the page has all answers it asked for, has painted them, and nothing on it moves. A test
 * that asserts that something is absent also waits for a text that it knows to come.
 */
export async function settled(page: Page): Promise<void> {
  const watched = traffic.get(page);
  if (!watched) throw new Error('the requests of this page are not watched');
  await until('the page is settled', async () => {
    const { made } = watched;
    if (watched.open.size > 0 || !(await isStill(page))) return false;
    return watched.open.size === 0 && watched.made === made;
  });
}

/** Whether the page has a title, shows no placeholder and moves nothing, two frames from now. */
export async function isStill(page: Page): Promise<boolean> {
  return page.evaluate(async () => {
    for (let frames = 0; frames < 2; frames += 1) await new Promise(requestAnimationFrame);
    const hasTitle = /\S/.test(document.querySelector('h1')?.textContent ?? '');
    // Skeletons are hidden from roles and names; the class is all there is to find them by.
    const isLoading = document.querySelector('.MuiSkeleton-root, [role=progressbar]') !== null;
    const isMoving = document
      .getAnimations()
      .some((animation) => animation.playState === 'running' && animation.timeline !== null);
    return hasTitle && !isLoading && !isMoving;
  });
}

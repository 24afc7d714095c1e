import type { Page } from 'playwright-core';

export interface Press {
  /** Who was under the pointer 100 ms before it; null where nobody was. */
  before: string | null;
  /** Whose row, panel or named button it reached; null when it reached nobody's. */
  on: string | null;
  /** What it asked the server to do to them, or opened about them. */
  acts: string[];
  isRefused: boolean;
  /** Within a second it was written that the list moved. */
  isTold: boolean;
}

type Place = [who: string, left: number, top: number, right: number, bottom: number];

/**
 * From now on every page of it records, with the eyes of a user and by its own measure, who was under
 * the pointer 100 ms before each press, and what that press then asked the server or opened.
 */
export async function recordPresses(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const AGO_MS = 100;
    const [HEAD, ANSWERED_MS, TOLD_MS, RECENT] = [32, 5_000, 1_000, 50];
    const frames: { at: number; places: Place[] }[] = [];
    const presses: Press[] = [];
    Object.assign(window, { presses });
    const recent: { press: Press; event: Event; at: number }[] = [];

    const placesNow = (): Place[] => {
      const grid = document.querySelector('[role=grid]')?.getBoundingClientRect();
      const found: Place[] = [];
      for (const element of document.querySelectorAll<HTMLElement>(
        '[role=grid] [data-identity], [data-about]',
      )) {
        const { left, top, right, bottom } = element.getBoundingClientRect();
        const { identity, about } = element.dataset;
        const isRow = identity !== undefined;
        const upper = isRow && grid ? Math.max(top, grid.top + HEAD) : top;
        const lower = isRow && grid ? Math.min(bottom, grid.bottom) : bottom;
        found.push([identity ?? about ?? '', left, upper, right, lower]);
      }
      return found;
    };
    const watch = () => {
      const at = performance.now();
      frames.push({ at, places: placesNow() });
      while (frames[1] && frames[1].at < at - 1_000) frames.shift();
      requestAnimationFrame(watch);
    };
    requestAnimationFrame(watch);
    // On a busy machine the words may come late, and go again before the next frame.
    const isTelling = (node: Node) => node.textContent?.includes('The list moved. Click again.');
    new MutationObserver((changes) => {
      const nodes = changes.flatMap(({ type, target, addedNodes }) =>
        type === 'characterData' ? [target] : [...addedNodes],
      );
      if (!nodes.some(isTelling)) return;
      const at = performance.now();
      for (const { press, at: pressed } of recent.slice(-RECENT)) {
        if (pressed > at - TOLD_MS) press.isTold = true;
      }
    }).observe(document, { subtree: true, childList: true, characterData: true });

    const whoWasAt = (x: number, y: number, at: number): string | null => {
      const frame = frames.findLast((each) => each.at <= at) ?? frames[0];
      const place = frame?.places.find(
        ([, left, top, right, bottom]) => left <= x && x < right && top <= y && y < bottom,
      );
      return place?.[0] ?? null;
    };
    /** To the newest press on this person that was let through, or to none. */
    const note = (on: string, act: string) => {
      const since = performance.now() - ANSWERED_MS;
      const by = recent.findLast(
        ({ press, event, at }) => press.on === on && !event.defaultPrevented && at >= since,
      );
      const stray: Press = { before: null, on, acts: [act], isRefused: false, isTold: false };
      if (by) by.press.acts.push(act);
      else presses.push(stray);
    };
    window.addEventListener(
      'click',
      (event) => {
        if (!event.isTrusted || event.detail === 0) return;
        // Menus and dialogs are about the person they were opened for, and name them.
        const dialog = (event.target as Element).closest('[role=dialog]');
        const title =
          dialog?.getAttribute('aria-label') ??
          document.getElementById(dialog?.getAttribute('aria-labelledby') ?? '')?.textContent;
        const named = /\b[a-z]\d+\b/.exec(title ?? '')?.[0];
        const before = named ?? whoWasAt(event.clientX, event.clientY, event.timeStamp - AGO_MS);
        const owner = (event.target as Element)
          .closest('button, a, [data-identity]')
          ?.closest<HTMLElement>('[data-identity], [data-about]');
        const on = named ?? owner?.dataset.identity ?? owner?.dataset.about ?? null;
        const press: Press = { before, on, acts: [], isRefused: false, isTold: false };
        const menus = document.querySelectorAll('[role=dialog]').length;
        recent.push({ press, event, at: performance.now() });
        presses.push(press);
        setTimeout(() => {
          press.isRefused = event.defaultPrevented;
          const opened = [...document.querySelectorAll('[role=dialog]')].at(-1);
          const name = /^Actions for (.+)$/.exec(opened?.getAttribute('aria-label') ?? '')?.[1];
          if (menus === 0 && name) note(name, 'menu');
        });
      },
      true,
    );
    const send = window.fetch;
    window.fetch = (...args) => {
      const [input, init] = args;
      const url = input instanceof Request ? input.url : String(input);
      const method = init?.method ?? (input instanceof Request ? input.method : 'GET');
      const act = /\/seats\/([^/]+)\/([^/]+)$/.exec(url);
      const isAct = act && !['preview', 'acting'].includes(act[2]!);
      const isNext = /\/stage\/approve-next$/.test(url);
      const isAnswer = /\/stage\/[^/]+\/(approve|decline)$/.test(url);
      if (method !== 'POST' || (!isAct && !isNext && !isAnswer)) return send.apply(window, args);
      // An answer to a hand names the hand; the press on it is checked all the same.
      if (isAnswer) recent.at(-1)?.press.acts.push('answer');
      else if (isAct) note(decodeURIComponent(act[1]!), act[2]!);
      else {
        const next = document.querySelector<HTMLElement>('[role=region] [data-about]');
        note(next?.dataset.about ?? 'nobody', 'approve-next');
      }
      // Only the target of the request counts here; to carry it out would only take time.
      const problem = { type: 'about:blank', status: 403, title: 'Not done', code: 'forbidden' };
      const headers = { 'content-type': 'application/problem+json' };
      return Promise.resolve(new Response(JSON.stringify(problem), { status: 403, headers }));
    };
  });
}

export const recordedPresses = (page: Page): Promise<Press[]> =>
  page.evaluate(() => (window as unknown as { presses: Press[] }).presses);

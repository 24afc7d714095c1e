import type { BrowserContext, Page } from 'playwright-core';

/**
 * From now on every page keeps what it says to screen readers: the next words take the place of the
 * last ones, and a busy machine may look too late. The next key or press begins a new list.
 */
export async function keepWhatIsSaid(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const said: string[] = [];
    Object.assign(window, { said });
    const forget = () => said.splice(0);
    for (const begins of ['keydown', 'pointerdown']) window.addEventListener(begins, forget, true);
    new MutationObserver((records) => {
      const changed = records.map(({ target }) =>
        (target instanceof Element ? target : target.parentElement)?.closest('[aria-live]'),
      );
      for (const region of new Set(changed)) {
        if (region?.textContent) said.push(region.textContent);
      }
    }).observe(document, { subtree: true, childList: true, characterData: true });
  });
}

/** Whether the page has said this since the last key or press. */
export function heard(page: Page, text: RegExp): Promise<boolean> {
  return page.evaluate(
    ({ source, flags }) => {
      const { said } = window as unknown as { said: string[] };
      return said.some((each) => new RegExp(source, flags).test(each));
    },
    { source: text.source, flags: text.flags },
  );
}

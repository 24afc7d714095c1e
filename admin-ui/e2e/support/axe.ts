import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { settled } from './settled.js';

type Options = NonNullable<Parameters<AxeBuilder['options']>[0]>;

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const ALL_RULES: Options['runOnly'] = { type: 'tag', values: TAGS };
/** All that a colour scheme can change. */
const COLOUR_RULES: Options['runOnly'] = {
  type: 'rule',
  values: ['color-contrast', 'link-in-text-block'],
};

const NO_SOURCE = { axeSource: 'void 0' };

/** What axe objects to, with the elements, in a form that a failed test can print. */
export async function violations(page: Page, runOnly = ALL_RULES): Promise<string[]> {
  // Once for each document: else half a megabyte of source goes to the page twice for each look.
  const isThere = await page.evaluate(() => 'axe' in window);
  // In one frame: no page of ours embeds another, and axe opens no window for the report.
  const { violations: found } = await new AxeBuilder({ page, ...(isThere && NO_SOURCE) })
    .options({ runOnly, resultTypes: ['violations'] })
    .setLegacyMode(true)
    .analyze();
  return found.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, any }) => `${id} (${help}): ${html} ${any[0]?.message ?? ''}`),
  );
}

/** Everything in the light scheme, and the colours in the dark one too. */
export async function violationsInBothSchemes(page: Page): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.waitForFunction((scheme) => {
      const [red = 255] = getComputedStyle(document.body).backgroundColor.match(/\d+/g) ?? [];
      // The room console stays dark until somebody chooses a theme.
      const isConsole = location.pathname.endsWith('/console');
      return Number(red) < 128 === (scheme === 'dark' || isConsole);
    }, colorScheme);
    await settled(page);
    const problems = await violations(page, colorScheme === 'light' ? ALL_RULES : COLOUR_RULES);
    if (problems.length > 0) found[colorScheme] = problems;
  }
  return found;
}

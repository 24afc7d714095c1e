import { readFile } from 'node:fs/promises';
import { beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { until } from '../../server/test/support/until.js';
import { violationsInBothSchemes } from './support/axe.js';
import { describeBrowser } from './support/chromium.js';
import { useInstallation } from './support/installation.js';
import { settled } from './support/settled.js';

const WIDE = { width: 1366, height: 900 };
const PHONE = { width: 390, height: 844 };

describeBrowser('keeping and forgetting', () => {
  const installation = useInstallation();

  beforeAll(async () => {
    const { admin } = installation;
    await installation.room('lab');
    await installation.user('omar');
    await installation.token('lab', 'omar');
    await installation.token('lab', 'vera');
    await until('everything is sealed', async () => {
      const { unsealed, checkpoint } = await admin.get('/ledger/integrity');
      return checkpoint !== null && unsealed.entries === 0;
    });
  });

  async function expectFit(page: Page): Promise<void> {
    await page.mouse.move(1, 1);
    await settled(page);
    expect(await violationsInBothSchemes(page)).toEqual({});
    await page.setViewportSize(PHONE);
    await settled(page);
    await until('nothing is wider than the phone', () =>
      page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return scrollWidth <= clientWidth;
      }),
    );
    await page.setViewportSize(WIDE);
  }

  const dialog = (page: Page) => page.getByRole('dialog');

  it('sets a rule after it said what would go, and changes and removes it', async () => {
    const page = await (await installation.visitor({ as: 'admin' })).goto('/');
    await page.getByRole('link', { name: 'Retention', exact: true }).click();
    await page.getByText('No rule is set: everything is kept for ever.').waitFor();
    await page.getByText(/no folder for archives is set/).waitFor();
    await page.getByText('No archive has been written.').waitFor();
    await page.getByRole('button', { name: 'Show what is due now' }).click();
    await page.getByText('Nothing that is in the log now would go.').waitFor();

    await page.getByRole('button', { name: 'Add rule' }).click();
    await dialog(page).getByLabel('What it is about').click();
    await page.getByRole('option', { name: 'Coming and going' }).click();
    await dialog(page).getByLabel('Where').click();
    await page.getByRole('option', { name: 'In some rooms' }).click();
    await dialog(page).getByLabel('Room name or pattern').fill('lab-*');
    await dialog(page).getByRole('button', { name: '90 days' }).click();
    await dialog(page).getByText('Nothing that is in the log now would go.').waitFor();
    await dialog(page).getByLabel('Reason').fill('Works council');
    await expectFit(page);
    await dialog(page).getByRole('button', { name: 'Add rule' }).press('Enter');
    const rule = page.getByText('Coming and going in rooms called lab-*: kept for 90 days');
    await rule.waitFor();
    await expectFit(page);

    await page.getByRole('button', { name: /^Change the rule for Coming and going/ }).click();
    await dialog(page).getByLabel('Days to keep').fill('180');
    await dialog(page).getByRole('button', { name: 'Change rule' }).click();
    await page.getByText(/lab-\*: kept for 180 days/).waitFor();
    await page.getByRole('button', { name: /^Remove the rule for Coming and going/ }).click();
    await dialog(page).getByRole('button', { name: 'Remove rule' }).click();
    await page.getByText('No rule is set: everything is kept for ever.').waitFor();
    const kinds = (await installation.entries({ kind: 'ledger.rule_removed' })).length;
    expect(kinds).toBe(1);
  });

  it('keeps a person from being erased while they are held, and erases them then', async () => {
    const visitor = await installation.visitor({ as: 'admin' });
    visitor.allow(/status of 409 .*\/erase/, 'the browser writes down the refusal too');
    const page = await visitor.goto('/retention');
    await page.getByRole('button', { name: 'Place hold' }).click();
    await dialog(page).getByLabel('Identity').fill('oma');
    await page.getByRole('option', { name: /omar/ }).click();
    await dialog(page).getByLabel('Reason').fill('Case 2026-114');
    await dialog(page).getByRole('button', { name: 'Place hold' }).click();
    await page.getByText('Case 2026-114').waitFor();
    await expectFit(page);

    await page.getByRole('link', { name: 'omar' }).click();
    const theirs = page.getByRole('region', { name: 'Their data' });
    await theirs.getByRole('button', { name: 'Their data as a file' }).click();
    const saving = page.waitForEvent('download');
    await dialog(page).getByRole('button', { name: 'Save file' }).click();
    const file = await readFile(await (await saving).path(), 'utf8');
    expect(file).toContain('"record":"user"');
    expect(file.trimEnd().split('\n').at(-1)).toMatch(/^\{"manifest":.*omar/);
    expect(file).not.toContain('admin@example.com');
    await dialog(page)
      .getByText(/^The file with \d+ entr(y|ies) is saved\.$/)
      .waitFor();
    await expectFit(page);
    await dialog(page).getByRole('button', { name: 'Close' }).click();

    await theirs.getByRole('button', { name: 'Erase on request' }).click();
    const erase = dialog(page).getByRole('button', { name: 'Erase for good' });
    expect(await erase.isDisabled()).toBe(true);
    await dialog(page).getByLabel('Type').fill('omar');
    await erase.click();
    await dialog(page)
      .getByText(/A legal hold keeps what the log says of them/)
      .waitFor();
    await expectFit(page);
    await dialog(page).getByRole('button', { name: 'Cancel' }).click();

    await page.goto('/retention');
    await page.getByRole('button', { name: 'Lift the hold on omar' }).click();
    await dialog(page).getByLabel('Reason').fill('Case closed');
    await dialog(page).getByRole('button', { name: 'Lift hold' }).click();
    await page.getByText('Nothing is held.').waitFor();
    await page.goto('/people/omar');
    await page.getByRole('button', { name: 'Erase on request' }).click();
    await dialog(page).getByLabel('Type').fill('omar');
    await erase.click();
    await page.getByText(/erased from/).waitFor();
    expect(await installation.entries({ kind: 'token.issued', identity: 'omar' })).toEqual([]);
  });

  it('is looked at by auditors of all rooms, and not offered to those of some', async () => {
    const page = await (await installation.visitor({ as: 'auditor' })).goto('/retention');
    await page.getByText('No rule is set: everything is kept for ever.').waitFor();
    expect(await page.getByRole('button', { name: 'Add rule' }).count()).toBe(0);
    await installation.admin.post('/operators', {
      name: 'Tim',
      email: 'lab@example.com',
      password: 'battery staple horse',
      access: [{ role: 'auditor', rooms: ['lab*'] }],
    });
    const limited = await installation.visitorOf({
      email: 'lab@example.com',
      password: 'battery staple horse',
    });
    const other = await limited.goto('/retention');
    await other.getByText(/needs the permission ledger\.read in all rooms/).waitFor();
    expect(await other.getByRole('link', { name: 'Retention' }).count()).toBe(0);
    await other.getByRole('link', { name: 'Alarms' }).waitFor();
  });
});

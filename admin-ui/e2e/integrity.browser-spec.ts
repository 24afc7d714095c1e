import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { until } from '../../server/test/support/until.js';
import { JoinPage } from './pages/join-page.js';
import { violations } from './support/axe.js';
import { describeBrowser } from './support/chromium.js';
import { useInstallation } from './support/installation.js';
import { isStill } from './support/settled.js';

const PHONE = { width: 390, height: 844 };

describeBrowser('the integrity of the ledger', () => {
  const installation = useInstallation();

  beforeAll(async () => {
    // More than one tile of leaves.
    for (let i = 0; i < 10; i++) {
      await Promise.all(
        Array.from({ length: 30 }, (_, k) => installation.room(`room ${i * 30 + k}`)),
      );
    }
    await sealed();
  });

  async function sealed(): Promise<void> {
    await until('everything is sealed', async () => {
      const { unsealed, checkpoint } = await installation.admin.get('/ledger/integrity');
      return checkpoint !== null && unsealed.entries === 0;
    });
  }

  /** Requests of a worker that has ended are never said to be over, so they are not waited for. */
  const still = (page: Page) => until('nothing on the page moves', () => isStill(page));

  const lastRun = async () =>
    (await installation.admin.get('/ledger/integrity')).verifications[0] ?? null;

  const verify = (page: Page) => page.getByRole('button', { name: /^Verify (now|again)$/ });
  const outcome = (page: Page, text: string | RegExp) =>
    page.getByRole('region', { name: 'Verify in this browser' }).getByText(text);

  it('is seen by an auditor, who proves the whole log in their own browser', async () => {
    const visitor = await installation.visitor({ as: 'auditor' });
    const page = await visitor.goto('/');
    await page.getByRole('link', { name: 'Integrity', exact: true }).click();
    await page.getByRole('region', { name: 'Newest checkpoint' }).waitFor();
    // The Postgres of the tests does not wait for the disk, which an auditor has to be told.
    const banner = page.getByRole('region', { name: 'Integrity of the ledger' });
    await banner.filter({ hasText: 'fsync' }).waitFor();
    await page.getByText('Set fsync = on in postgresql.conf').waitFor();

    await verify(page).click();
    await outcome(page, 'Proved: the log is what its key has signed').waitFor();
    await outcome(page, /^The key came from the log itself/).waitFor();
    await outcome(page, 'This run is in the ledger.').waitFor();
    expect(await lastRun()).toMatchObject({
      by: { label: 'auditor@example.com' },
      where: 'browser',
      what: 'entries',
      isProved: true,
      isPinned: false,
    });
    const { checked, size } = await lastRun();
    expect([checked > 300, checked]).toEqual([true, size]);

    // With the key that was kept elsewhere, by keyboard, and against what this browser has kept.
    await sealed();
    const { keys } = await installation.admin.get('/ledger/keys');
    const [{ vkey }] = keys.filter((key: { vkey: string }) => key.vkey.length < 200);
    const field = page.getByLabel('A key of the log that you have from elsewhere');
    await field.fill(vkey as string);
    await field.press('Enter');
    await outcome(page, 'The log still begins with what the last run here proved.').waitFor();
    expect(await outcome(page, /^The key came from the log itself/).count()).toBe(0);
    await page.getByText(/with a key from elsewhere/).waitFor();
    await still(page);
    expect(await violations(page)).toEqual([]);
    await page.setViewportSize(PHONE);
    await still(page);
    expect(await violations(page)).toEqual([]);
    const width = () => page.evaluate(() => document.documentElement.scrollWidth);
    await until('nothing is wider than the phone', async () => (await width()) <= PHONE.width);

    // It is kept when the page is loaded again, and a run can be for what is new alone.
    await page.reload();
    await page.getByLabel('Read only what came after the last run here').check();
    await verify(page).click();
    await outcome(page, 'Proved: the log is what its key has signed').waitFor();
    await until('the run is recorded', async () => (await lastRun())?.since > 300);
  });

  it('can be cancelled, and shows how far it is', async () => {
    const visitor = await installation.visitor({ as: 'auditor' });
    const page = await visitor.newPage();
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    await visitor.context.route('**/ledger/tile/entries/**', async (route) => {
      await held;
      await route.continue().catch(() => undefined); // the worker may be gone
    });
    await page.goto('/integrity');
    const before = await lastRun();
    await verify(page).click();
    await page.getByRole('progressbar', { name: 'Progress of the verification' }).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await verify(page).waitFor();
    release();
    expect(await lastRun()).toEqual(before);
  });

  it('is refused with the key of another log', async () => {
    const page = await (await installation.visitor({ as: 'auditor' })).goto('/integrity');
    await page
      .getByLabel('A key of the log that you have from elsewhere')
      .fill('other.example/ledger+00000000+AQAA');
    await verify(page).click();
    await outcome(page, 'the log has other keys than the one that you gave').waitFor();
    await outcome(page, 'Not proved').waitFor();
  });

  it('is proved from hashes alone for who may see some rooms only', async () => {
    await installation.admin.post('/operators', {
      name: 'Tim',
      email: 'town@example.com',
      password: 'battery staple horse',
      access: [{ role: 'auditor', rooms: ['town-*'] }],
    });
    const visitor = await installation.visitorOf({
      email: 'town@example.com',
      password: 'battery staple horse',
    });
    visitor.allow(/status of 403 .*tile\/entries/, 'the page asks whether it may read entries');
    const page = await visitor.goto('/integrity');
    await page.getByText(/this browser may read hashes and no entries/).waitFor();
    await verify(page).click();
    await outcome(page, 'Proved: the log is what its key has signed').waitFor();
    await outcome(page, /that entries give them was not checked/).waitFor();
    await until('the run is recorded', async () => (await lastRun())?.what === 'hashes');
  });

  it('gives a participant the receipts about themselves, on their own page', async () => {
    const room = 'room 7';
    const { token } = await installation.token(room, 'ana');
    const join = await JoinPage.withToken(await installation.visitor(), room, token);
    await installation.act(room, 'ana', 'promote', { reason: 'not for her eyes' });
    const { page } = join;
    const panel = page.locator('details.receipts');
    await panel.getByText('What was decided about me').press('Enter');
    const promoted = panel.getByText('A moderator gave you a higher role (speaker)');
    await until('the promotion is listed', async () => {
      if ((await promoted.count()) > 0) return true;
      await panel.getByRole('button', { name: 'Load again' }).click();
      return false;
    });
    expect(await panel.textContent()).not.toMatch(/not for her eyes|admin@example/);
    await still(page);
    expect(await violations(page)).toEqual([]);
    await sealed();
    const saving = page.waitForEvent('download');
    await panel
      .getByRole('button', { name: /^Save receipt: A moderator gave you a higher role/ })
      .click();
    const path = await (await saving).path();
    const receipt = JSON.parse(await readFile(path, 'utf8')) as Record<string, string>;
    const leaf = createHash('sha256').update(`\0${receipt.leaf}`).digest('hex');
    expect(receipt).toMatchObject({ identity: 'ana', kind: 'seat.promoted', leafHash: leaf });
  });

  it('names the entry that the owner of the database changed', async () => {
    const visitor = await installation.visitor({ as: 'auditor' });
    const page = await visitor.goto('/integrity');
    await sealed();
    const [entry] = await installation.entries({ kind: 'room.created', room: 'room 100' });
    await installation.server.asOwner(
      'ALTER TABLE ledger_entry DISABLE TRIGGER USER',
      `UPDATE ledger_entry SET reason = 'another story' WHERE room IN ('room 100', 'room 290')`,
      'ALTER TABLE ledger_entry ENABLE TRIGGER USER',
    );
    await verify(page).click();
    await outcome(page, 'Not proved').waitFor();
    await outcome(page, 'the entry was changed').waitFor();
    const link = page
      .getByRole('region', { name: 'Verify in this browser' })
      .getByRole('link', { name: entry.id });
    await link.waitFor();
    await still(page);
    expect(await violations(page)).toEqual([]);
    const run = await until('the run is recorded', async () => {
      const last = await lastRun();
      return last?.isProved === false && last.wrong ? last : null;
    });
    expect(run.wrong).toMatchObject({ entry: entry.id, problem: 'the entry was changed' });
    await link.click();
    await page.getByRole('heading', { name: 'Act', exact: true }).waitFor();
  });
});

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { BrowserContext, Page } from 'playwright-core';
import { violations, violationsInBothSchemes } from './support/axe.js';
import { describeBrowser } from './support/chromium.js';
import { useInstallation } from './support/installation.js';
import { watchTraffic } from './support/settled.js';

const ROOM = 'town-hall';
const HOSTILE =
  '</script><img src=x onerror="document.title=1"><script>document.title="owned"</script>';

describeBrowser('the dossier of a session', () => {
  const installation = useInstallation();
  let folder: string;
  let offline: BrowserContext;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rolecall-dossier-'));
    await installation.room(ROOM);
    await installation.join(ROOM, 'vera');
    await installation.join(ROOM, HOSTILE, { reason: 'a guest' });
    await installation.act(ROOM, 'vera', 'promote', { reason: 'Reads the minutes' });
    await installation.admin.post(`/rooms/${ROOM}/seats/bo/block`, { reason: 'spam' });
    offline = await installation.browser.newContext({ offline: true, colorScheme: 'light' });
  });
  afterAll(async () => {
    await offline?.close();
    await rm(folder, { recursive: true });
  });

  /** From the dashboard onto the disk. */
  async function saved(name: string, choose: (page: Page) => Promise<void>): Promise<string> {
    const visitor = await installation.visitor({ as: 'admin' });
    const page = await visitor.goto(`/rooms/${ROOM}`);
    await page.getByRole('region', { name: 'Sessions' }).getByText('running now').waitFor();
    expect(await violations(page)).toEqual([]);
    const coming = page.waitForEvent('download');
    await choose(page);
    const file = join(folder, name);
    await (await coming).saveAs(file);
    await page.getByText(/^Saved as dossier-town-hall-\d+(-for-one)?\.html\.$/).waitFor();
    return file;
  }

  /** From the disk, without a network. */
  async function open(file: string) {
    const page = await offline.newPage();
    watchTraffic(page);
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => problems.push(message.text()));
    page.on('request', (request) => {
      if (!request.url().startsWith('file:')) problems.push(request.url());
    });
    await page.goto(pathToFileURL(file).href);
    return { page, problems };
  }
  const verdict = (page: Page, text: string) =>
    page.getByRole('status').getByText(text, { exact: true });

  it('opens from disk without a network, verifies itself, and takes nobody’s name for code', async () => {
    const file = await saved('whole.html', (page) =>
      page.getByRole('button', { name: /^Download dossier of the session/ }).click(),
    );
    const { page, problems } = await open(file);
    await verdict(page, 'Verified').waitFor();
    const section = (name: string) => page.getByRole('region', { name, exact: true });
    await section('Attendance').getByRole('rowheader', { name: 'vera' }).waitFor();
    await section('Attendance').getByRole('rowheader', { name: HOSTILE }).waitFor();
    await section('Decisions').getByText('Reads the minutes').waitFor();
    await section('Who could do what, when').getByRole('img').first().waitFor();
    await page.getByText(/It tells what happened until now/).waitFor();
    expect(await page.title()).toMatch(/^Session of \u2068town-hall\u2069/);
    expect(await page.locator('img[src]').count()).toBe(0);
    await page.getByText(/^Show \d+ entries$/).click();
    await page.getByRole('cell', { name: 'room.started' }).waitFor();
    expect(await violationsInBothSchemes(page)).toEqual({});

    // With the log's key from elsewhere, and with another one.
    const { keys } = await installation.admin.get('/ledger/keys');
    const [{ vkey }] = keys.filter((key: { vkey: string }) => key.vkey.length < 200);
    const field = page.getByLabel('A key of the log that you have from elsewhere');
    await field.fill('other.example/ledger+00000000+AQAA');
    await field.press('Enter');
    await verdict(page, 'Not verified').waitFor();
    await field.fill(vkey as string);
    await page.getByRole('button', { name: 'Verify with these' }).click();
    await verdict(page, 'Verified').waitFor();
    await page.getByText(/The key is the one that you gave/).waitFor();
    expect(problems).toEqual([]);
    await page.close();
  });

  it('says what is wrong once it was changed, cut off, or given another script', async () => {
    const text = await readFile(join(folder, 'whole.html'), 'utf8');
    const changed = async (name: string, change: (html: string) => string) => {
      const file = join(folder, name);
      expect(change(text)).not.toBe(text);
      await writeFile(file, change(text));
      return (await open(file)).page;
    };
    const renamed = await changed('renamed.html', (html) =>
      html.replaceAll('"identity":"vera"', '"identity":"nina"'),
    );
    await verdict(renamed, 'Not verified').waitFor();
    await renamed
      .getByText(/what it says of its subject was changed/)
      .first()
      .waitFor();
    const cut = await changed('cut.html', (html) => html.slice(0, -2_000));
    await verdict(cut, 'Not verified').waitFor();
    await cut.getByText(/The file is incomplete or damaged/).waitFor();
    const scripted = await changed('scripted.html', (html) =>
      html.replace('</body>', '<script>document.title="owned"</script></body>'),
    );
    await verdict(scripted, 'Verified').waitFor();
    expect(await scripted.title()).not.toBe('owned');
    for (const page of [renamed, cut, scripted]) await page.close();
  });

  it('for one participant leaves out the others, and verifies itself', async () => {
    const file = await saved('one.html', async (page) => {
      await page.getByRole('button', { name: /^… for one participant/ }).click();
      const dialog = page.getByRole('dialog', { name: 'Dossier for one participant' });
      await dialog.getByLabel('Participant').fill('vera');
      await page.getByRole('option', { name: 'vera' }).click();
      await dialog.getByRole('button', { name: 'Download dossier' }).click();
    });
    const bytes = await readFile(file, 'utf8');
    for (const name of ['onerror', 'admin@', 'Reads the minutes']) {
      expect([name, bytes.includes(name)]).toEqual([name, false]);
    }
    const { page, problems } = await open(file);
    await verdict(page, 'Verified').waitFor();
    await page.getByRole('rowheader', { name: 'Person 2' }).first().waitFor();
    expect(await violations(page)).toEqual([]);
    expect(problems).toEqual([]);
    await page.close();
  });
});

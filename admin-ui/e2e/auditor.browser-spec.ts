import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { until } from '../../server/test/support/until.js';
import { LedgerPage } from './pages/ledger-page.js';
import { describeBrowser } from './support/chromium.js';
import { Installation, type Operator } from './support/installation.js';
import { hasFocus } from './support/keyboard.js';
import { settled } from './support/settled.js';
import type { Visitor } from './support/visitor.js';

const ROOM = 'town-hall';
const REASON = 'Reads the minutes';

/** Words of buttons and links that change something. */
const CHANGES =
  /\b(new|create|add|assign|issue|edit|save|publish|promote|demote|mute|remove|block|unblock|delete|close room|open room|revoke|disable|suspend|archive|restore|undo|lock|hold|release|approve|decline|void|limits)\b/i;

const PAGES = [
  '/',
  '/rooms',
  `/rooms/${ROOM}`,
  `/rooms/${ROOM}/console`,
  '/users',
  '/role-templates',
  '/role-templates/speaker',
  '/assignments',
  '/issuances',
  '/activity',
  '/operators',
  '/access-roles',
  '/api-keys',
  '/status',
];

const FORBIDDEN = [
  '/tokens/new',
  '/rooms/create',
  '/users/create',
  '/role-templates/create',
  '/assignments/create',
  '/operators/create',
  '/api-keys/create',
];

describeBrowser('an auditor', () => {
  let installation: Installation;
  let auditor: Operator;
  let issued: { issuanceId: string; jti: string };

  beforeAll(async () => {
    installation = await Installation.start();
    const { admin } = installation;
    auditor = await installation.operator('Audrey', 'auditor');
    await installation.room(ROOM);
    await installation.join(ROOM, 'vera');
    issued = await installation.token(ROOM, 'bo', { reason: 'a guest of Ana' });
    const seat = `/rooms/${ROOM}/seats/vera`;
    await admin.post(`${seat}/promote`, { reason: REASON });
    await admin.post(`${seat}/demote`);
  }, 120_000);
  afterEach(() => installation?.leave());
  afterAll(() => installation?.stop(), 30_000);

  async function visitor(): Promise<Visitor> {
    return installation.visitor({ session: await installation.signIn(auditor) });
  }

  /** The names of all controls on the page that say that they change something. */
  async function changesOffered(page: Page, path: string): Promise<string[]> {
    await page.goto(path);
    await settled(page);
    const names = await page
      .getByRole('main')
      .locator('button:enabled, a, [role=button], input:enabled:is([type=checkbox], [type=text])')
      .evaluateAll((elements) =>
        elements.map((element) => element.getAttribute('aria-label') ?? element.textContent ?? ''),
      );
    return names.filter((name) => CHANGES.test(name));
  }

  it('finds promotions and demotions, with actor and reason, through the address alone', async () => {
    const page = await (
      await visitor()
    ).goto(LedgerPage.path('/activity', { room: ROOM, identity: 'vera', kind: 'seat.*' }));
    const ledger = new LedgerPage(page);
    await ledger
      .entry(/demoted vera/)
      .first()
      .waitFor();
    expect(await ledger.entries.count()).toBe(4); // each change: what was meant, and what came of it
    const applied = ledger.entry(/Confirmed.*promoted vera to Speaker/s);
    await applied.click();
    await page.getByRole('heading', { name: 'Entry' }).waitFor();
    expect(await ledger.fact('Reason')).toBe(REASON);
    expect(await ledger.fact('Actor')).toContain('admin@example.com');
    expect(await ledger.fact('Took')).toMatch(/^[\d.]+ ms$/);
    expect(page.url()).toMatch(/\/activity\/[^?]+\?.*room=town-hall/);

    await page.reload();
    expect(await ledger.fact('Reason')).toBe(REASON);
    await page.keyboard.press('j');
    await page.getByRole('definition').getByText('Requested').waitFor();
    expect(await ledger.fact('Request')).toMatch(/\S{8,}/);
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { name: 'Entry' }).waitFor({ state: 'detached' });
    await applied.waitFor();
  }, 60_000);

  it('has the keys of the log from the first moment, by address and by the menu', async () => {
    const page = await (await visitor()).goto('/activity');
    const ledger = new LedgerPage(page);
    const untilOn = (index: number) =>
      until(`entry ${index} has the focus`, () => hasFocus(ledger.entries.nth(index)));
    await untilOn(0);
    await page.keyboard.press('J');
    await untilOn(1);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Entry' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { name: 'Entry' }).waitFor({ state: 'detached' });

    await page.getByRole('link', { name: 'Issuances', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Issuances' }).waitFor();
    await untilOn(0);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Issuance', exact: true }).waitFor();
  }, 60_000);

  it('reads what a token granted and why, and never the token', async () => {
    const page = await (await visitor()).goto(LedgerPage.path('/issuances', { identity: 'bo' }));
    const ledger = new LedgerPage(page);
    await ledger.entry(/issued Viewer v1 to bo in town-hall/).click();
    await page.getByRole('heading', { name: 'Issuance' }).waitFor();
    expect(page.url()).toContain(`/issuances/${issued.issuanceId}`);
    expect(await ledger.fact('Token id')).toBe(issued.jti);
    expect(await ledger.fact('SHA-256')).toMatch(/^[0-9a-f]{64}$/);
    expect(await ledger.fact('Reason')).toBe('a guest of Ana');
    expect(await ledger.fact('Request')).toMatch(/\S{8,}/);
    await page
      .getByText(/Decides:/)
      .first()
      .waitFor();
    await page.getByText('"canSubscribe"').first().waitFor();
    expect(await page.content()).not.toMatch(/eyJ[\w-]+\.eyJ/);
  }, 60_000);

  it('reads every page and finds nothing there to change anything with', async () => {
    const page = await (await visitor()).newPage();
    const controls: Record<string, string[]> = {};
    for (const path of PAGES) {
      const found = await changesOffered(page, path);
      if (found.length > 0) controls[path] = found;
    }
    expect(controls).toEqual({});

    // An admin is offered them on the same pages, or the search above would find nothing anywhere.
    const admin = await (await installation.visitor({ session: installation.admin })).newPage();
    for (const path of ['/rooms', '/role-templates/speaker', `/rooms/${ROOM}/console`]) {
      expect(await changesOffered(admin, path)).not.toEqual([]);
    }
  }, 90_000);

  it('sees no data and no form at an address that is not for auditors', async () => {
    const page = await (await visitor()).newPage();
    const shown: Record<string, unknown> = {};
    for (const path of FORBIDDEN) {
      await page.goto(path);
      await settled(page);
      shown[path] = [
        await page.getByRole('heading', { level: 1 }).textContent(),
        await page.getByRole('main').getByRole('textbox').count(),
        await page.getByRole('main').getByRole('combobox').count(),
      ];
    }
    expect(shown).toEqual(Object.fromEntries(FORBIDDEN.map((path) => [path, ['No access', 0, 0]])));
  }, 60_000);
});

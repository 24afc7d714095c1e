import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { runNode } from '../../server/test/support/run-cli.js';
import { until } from '../../server/test/support/until.js';
import { ConsolePage } from './pages/console-page.js';
import { Dashboard } from './pages/dashboard.js';
import { LedgerPage } from './pages/ledger-page.js';
import { describeBrowser } from './support/chromium.js';
import { ENTRIES_BEFORE, startCuttingRelay } from './support/cutting-relay.js';
import { useInstallation } from './support/installation.js';
import { hasFocus } from './support/keyboard.js';
import { press } from './support/press.js';
import { settled } from './support/settled.js';

const ROOM = 'town-hall';
const CONSOLE = ConsolePage.path(ROOM);
const REASON = 'Reads the minutes';

/** Words of buttons and links that change something. */
const CHANGES =
  /\b(new|create|add|assign|issue|edit|save|publish|promote|demote|mute|remove|block|unblock|delete|close room|open room|revoke|disable|suspend|archive|restore|undo|lock|hold|release|approve|decline|void|limits)\b/i;

/** What changes only what is searched for: a filter, newer acts, a search that the team keeps. */
const SEARCHES = /^(Remove [a-zA-Z]+:.*|\d+\+? new|Save view)$/;

/** Every page that an auditor may open, and a text that it shows once its data is there. */
const PAGES: Record<string, string | RegExp> = {
  '/': /demoted vera to Viewer/,
  '/rooms': ROOM,
  [`/rooms/${ROOM}`]: '1 person is in the room.',
  [CONSOLE]: 'vera',
  '/users': 'vera',
  '/role-templates': 'Camera only',
  '/role-templates/speaker': 'Version 1 is published',
  '/assignments': 'vera',
  '/issuances': /issued Viewer v1 to bo/,
  '/activity': /demoted vera to Viewer/,
  '/integrity': 'Newest checkpoint',
  '/exposure': /none of these works/,
  '/alarms': 'No alarms',
  '/operators': 'admin@example.com',
  '/access-roles': 'ledger.read',
  '/api-keys': 'back end',
  '/status': /Void all tokens|LiveKit server/,
};

/** Why a control is refused, and who could use it. */
const WHY = /Only an? .+ can do this \(permission [a-z]+\.[a-z]+\)/;

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
  const installation = useInstallation();
  let issued: { issuanceId: string; jti: string; token: string };

  beforeAll(async () => {
    const { admin } = installation;
    await installation.room(ROOM);
    await installation.join(ROOM, 'vera');
    issued = await installation.token(ROOM, 'bo', { reason: 'a guest of Ana' });
    await installation.room('annex');
    const vera = await installation.user('vera');
    await admin.post('/assignments', {
      subject: { user: vera.id },
      scope: { room: 'annex' },
      template: 'speaker',
      priority: 0,
    });
    await admin.post('/api-keys', { name: 'back end', permissions: ['token.issue'] });
    await installation.act(ROOM, 'vera', 'promote', { reason: REASON });
    await installation.act(ROOM, 'vera', 'demote');
  });

  const visitor = () => installation.visitor({ as: 'auditor' });

  /** By its address in a new page, and as a link does in one that is there. */
  async function open(page: Page, path: string): Promise<void> {
    if (page.url() === 'about:blank') await page.goto(path);
    else await new Dashboard(page).follow(path);
    const main = page.getByRole('main');
    if (PAGES[path]) await main.getByText(PAGES[path]).first().waitFor();
    await settled(page);
  }

  /**
   * The controls on the page that say that they change something. A refused one can be pressed, to
   * say why; it has its reason here.
   */
  async function changes(page: Page) {
    const controls = await page
      .getByRole('main')
      .locator('button:enabled, a, [role=button], input:enabled:is([type=checkbox], [type=text])')
      .evaluateAll((elements) =>
        elements.map((element) => ({
          name: element.getAttribute('aria-label') ?? element.textContent ?? '',
          isRefused: element.getAttribute('aria-disabled') === 'true',
          reason: element.getAttribute('title') ?? '',
        })),
      );
    const changing = controls.filter(({ name }) => CHANGES.test(name) && !SEARCHES.test(name));
    return {
      offered: changing.filter(({ isRefused }) => !isRefused).map(({ name }) => name),
      refused: changing.filter(({ isRefused }) => isRefused),
    };
  }

  it('reads in the log who was promoted and demoted, by whom and why, from a link alone', async () => {
    const page = await (
      await visitor()
    ).goto(LedgerPage.path('/activity', { room: ROOM, identity: 'vera', kind: 'seat.*' }));
    const ledger = new LedgerPage(page);
    await ledger
      .entry(/demoted vera/)
      .first()
      .waitFor();
    expect(await ledger.entries.count()).toBe(2); // an act is one row, whatever came of it
    await ledger.open(/promoted vera to Speaker.*Confirmed/s);
    expect(await ledger.fact('Reason')).toBe(REASON);
    expect(await ledger.fact('Actor')).toContain('admin@example.com');
    expect(await ledger.fact('Took')).toMatch(/^[\d.,]+ (ms|sec)$/);
    await page.getByRole('row', { name: /^Role.*Viewer.*Speaker/ }).waitFor();
    const steps = page.getByRole('list', { name: 'What became of it' }).getByRole('listitem');
    expect((await steps.allTextContents()).join()).toMatch(/Requested.*Confirmed/);
    expect(page.url()).toMatch(/\/activity\/[^?]+\?.*room=town-hall/);

    await page.reload();
    await ledger.act.waitFor();
    expect(await ledger.fact('Reason')).toBe(REASON);
    // The act is read by its address; the key moves on in the list, once that is there.
    await page.getByRole('button', { name: 'Newer act', disabled: false }).waitFor();
    await page.keyboard.press('k');
    await page.getByRole('row', { name: /^Role.*Speaker.*Viewer/ }).waitFor();
    await page.keyboard.press('Escape');
    await ledger.act.waitFor({ state: 'detached' });
    await ledger.entry(/promoted vera/).waitFor();
  });

  it('asks, chooses and proves by the keyboard, from the first moment', async () => {
    const page = await (await visitor()).goto('/activity');
    const ledger = new LedgerPage(page);
    const untilOn = (index: number) =>
      until(`act ${index} has the focus`, () => hasFocus(ledger.link(ledger.entries.nth(index))));
    await untilOn(0);
    await page.keyboard.press('J');
    await untilOn(1);

    await page.keyboard.press('/');
    await until('the search has the focus', () => hasFocus(ledger.search));
    await page.keyboard.type('promo');
    await page.getByRole('option', { name: /Promoted/ }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.searchParams.get('query') === 'kind:seat.promoted');
    await page.keyboard.type('-outcome:failed ');
    await page.waitForURL((url) => url.search.includes('-outcome'));
    await ledger.entry(/demoted/).waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await ledger.link(ledger.entries.first()).focus();
    await page.keyboard.press('Enter');
    await ledger.act.waitFor();
    // A checkpoint follows the entry within a second or two.
    const verify = page.getByRole('button', { name: 'Verify', exact: true });
    await until('the act is proved', async () => {
      await verify.press('Enter');
      await page.getByRole('button', { name: 'Verify', exact: true, disabled: false }).waitFor();
      return (await page.getByText(/^Proved here: entry \d+ of \d+, unchanged$/).count()) > 0;
    });

    await page.getByRole('link', { name: 'Issuances', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Issuances' }).waitFor();
    await untilOn(0);
    await page.keyboard.press('Enter');
    await ledger.act.waitFor();
  });

  it('chooses a time in the picture by the keyboard, and reads it as a table', async () => {
    const page = await (
      await visitor()
    ).goto(LedgerPage.path('/activity', { query: `room:${ROOM}` }));
    const ledger = new LedgerPage(page);
    const begins = page.getByRole('slider', { name: 'Selection begins' });
    await begins.focus();
    await page.keyboard.press('End');
    await page.waitForURL((url) => url.searchParams.has('from') && url.searchParams.has('to'));
    await page.getByRole('button', { name: 'Zoom in' }).waitFor();
    await begins.focus();
    await page.keyboard.press('Escape');
    await page.waitForURL((url) => !url.searchParams.has('from'));
    await ledger.entries.first().waitFor();

    await page.getByRole('button', { name: 'As a table' }).click();
    const table = page.getByRole('table', { name: 'Acts over time, as a table' });
    await table.getByRole('columnheader', { name: 'Done' }).waitFor();
    expect(await table.getByRole('row').count()).toBeGreaterThan(1);
  });

  it('reads what a token granted and why, and never the token', async () => {
    const page = await (await visitor()).goto(LedgerPage.path('/issuances', { identity: 'bo' }));
    const ledger = new LedgerPage(page);
    await ledger.open(/issued Viewer v1 to bo in town-hall/);
    expect(page.url()).toContain(`/issuances/${issued.issuanceId}`);
    expect(await ledger.fact('Token id')).toBe(issued.jti);
    expect(await ledger.fact('SHA-256')).toMatch(/^[0-9a-f]{64}$/);
    expect(await ledger.fact('Reason')).toBe('a guest of Ana');
    expect(await ledger.fact('Request')).toMatch(/\S{8,}/);
    await page
      .getByText(/Decides:/)
      .first()
      .waitFor();
    await page.getByText('Entries as they are in the log').click();
    await page.getByText('"canSubscribe"').first().waitFor();
    expect(await page.content()).not.toMatch(/eyJ[\w-]+\.eyJ/);
  });

  it('learns from a pasted token alone who issued it, and the token goes nowhere', async () => {
    const page = await (await visitor()).goto('/activity');
    const sent: string[] = [];
    page.on('request', (request) => {
      const said = `${request.url()} ${request.postData() ?? ''}`;
      if (said.includes(issued.token.slice(0, 20))) sent.push(said);
    });
    const answer = page.getByRole('dialog', { name: 'Did we issue this token?' });
    const { search } = new LedgerPage(page);
    await search.fill(`Bearer ${issued.token}`);
    await answer.getByText('Yes, Rolecall issued it').waitFor();
    await answer.getByText('a guest of Ana').waitFor();
    await answer.getByText('It opens the door').waitFor();
    await answer.getByRole('button', { name: 'Close' }).click();
    expect(await search.inputValue()).toBe('');

    await page.keyboard.press('Control+K');
    const other = `${issued.token.slice(0, -6)}AAAAAA`;
    await page.getByRole('combobox', { name: 'Find anything' }).fill(other);
    await answer.getByText('No: it was made from a token that Rolecall issued').waitFor();
    expect(sent).toEqual([]);
    expect(page.url()).not.toContain('eyJ');
  });

  it('sees who could still come in, and whether they could when an entry was written', async () => {
    const page = await (await visitor()).goto('/exposure?room=town-hall');
    const row = page.getByRole('row', { name: /bo/ });
    await row.getByRole('link', { name: 'Holds a token' }).waitFor();
    await page.getByRole('row', { name: /vera/ }).first().waitFor();
    await page.getByRole('searchbox', { name: /^Identity/ }).fill('bo');
    await page.getByRole('row', { name: /vera/ }).first().waitFor({ state: 'detached' });
    await row.getByRole('link', { name: 'Holds a token' }).click();
    await page.getByRole('heading', { name: 'Could they come in?' }).waitFor();
    await until('both instants are answered', async () => {
      return (await page.getByText('A token of Rolecall lets them in.').count()) === 2;
    });
  });

  it('reads every page and is offered no control that changes anything', async () => {
    const page = await (await visitor()).newPage();
    const found: Record<string, unknown> = {};
    for (const path of Object.keys(PAGES)) {
      await open(page, path);
      const { offered, refused } = await changes(page);
      const silent = refused.filter(({ reason }) => !WHY.test(reason));
      if (offered.length + silent.length > 0) found[path] = { offered, silent };
    }
    expect(found).toEqual({});

    // An admin is offered them on the same pages, or the search above would find nothing anywhere.
    const admin = await (await installation.visitor({ as: 'admin' })).newPage();
    for (const path of ['/rooms', '/role-templates/speaker', CONSOLE]) {
      await open(admin, path);
      expect((await changes(admin)).offered).not.toEqual([]);
    }
  });

  it('saves what a search finds as a file that proves itself, without the names', async () => {
    const page = await (await visitor()).newPage();
    await open(page, '/activity?query=kind%3Atoken.issued');
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Export entries' });
    await dialog.getByText(/leaves out what entries say of people/).waitFor();
    // What was issued just now is sealed within a second.
    const { file, text } = await until('the token is in the file', async () => {
      const saving = page.waitForEvent('download');
      await dialog.getByRole('button', { name: 'Export', exact: true }).click();
      const path = await (await saving).path();
      await dialog.getByText(/is saved/).waitFor();
      const read = readFileSync(path, 'utf8');
      if (read.includes(issued.jti)) return { file: path, text: read };
      await dialog.getByRole('button', { name: 'Close' }).click();
      await page.getByRole('button', { name: 'Export', exact: true }).click();
      return null;
    });
    expect(text).not.toMatch(/"salt"|vera|a guest of Ana/);
    const address = await dialog.getByRole('link', { name: /verifies it/ }).getAttribute('href');
    const verifier = join(mkdtempSync(join(tmpdir(), 'rolecall-verifier-')), 'verify.mjs');
    writeFileSync(verifier, await (await page.request.get(address!)).body());
    const proved = await runNode([verifier, file]);
    expect([proved.status, proved.out]).toEqual([
      0,
      expect.stringMatching(/is in the log as it is here/),
    ]);
    writeFileSync(file, text.replace('"outcome":"ok"', '"outcome":"no"'));
    expect(await runNode([verifier, file])).toMatchObject({ status: 1 });
    rmSync(dirname(verifier), { recursive: true });
  });

  it('stops an export, goes on after it was cut off, and has one file that proves itself', async () => {
    const relay = await startCuttingRelay(installation.url);
    const [name = '', value = ''] = (await installation.signIn('auditor')).cookie.split('=', 2);
    const context = await installation.browser.newContext({ baseURL: relay.url, locale: 'en-GB' });
    await context.addCookies([{ name, value, url: relay.url }]);
    installation
      .visitorIn(context)
      .allow(/net::ERR_|status of 503/, 'the browser writes down what was cut off or refused');
    try {
      const page = await context.newPage();
      await page.goto('/activity?query=');
      await page.getByRole('button', { name: 'Export', exact: true }).click();
      const dialog = page.getByRole('dialog', { name: 'Export entries' });
      const press = (button: string) =>
        dialog.getByRole('button', { name: button, exact: true }).click();
      const cutAfter = (entries: number) =>
        dialog.getByText(`The export was cut off after ${entries} entries.`).waitFor();

      relay.mode = 'hold';
      await press('Export');
      await dialog.getByText(`${ENTRIES_BEFORE} entries so far`).waitFor();
      await press('Stop');
      await cutAfter(ENTRIES_BEFORE);
      relay.mode = 'cut';
      // The server may not have noticed yet that the first one ended.
      await until('it went on and was cut off again', async () => {
        await press('Continue');
        const isCut = dialog.getByText(/was cut off after/);
        await isCut.waitFor();
        return (await isCut.textContent())?.includes(`${2 * ENTRIES_BEFORE} entries`);
      });
      relay.mode = 'normal';
      const saving = page.waitForEvent('download');
      await until('all is there', async () => {
        await press('Continue');
        await dialog.getByRole('alert').first().waitFor();
        return dialog.getByText(/is saved/).isVisible();
      });
      const folder = mkdtempSync(join(tmpdir(), 'rolecall-continued-'));
      const verifier = join(folder, 'verify.mjs');
      writeFileSync(
        verifier,
        await (await page.request.get('/api/v1/ledger/export/verifier')).body(),
      );
      const proved = await runNode([verifier, await (await saving).path()]);
      expect(proved).toMatchObject({
        status: 0,
        out: expect.stringMatching(
          /made of 3 parts.*\nproved: .*none of these leaves is left out/s,
        ),
      });
      rmSync(folder, { recursive: true });
    } finally {
      await relay.stop();
    }
  });

  it('is told why when they press Promote, and nothing changes', async () => {
    const page = await (await visitor()).newPage();
    await open(page, CONSOLE);
    expect((await changes(page)).refused.map(({ name }) => name)).toContain('Promote');
    const before = await installation.admin.get(`/rooms/${ROOM}/seats`);
    const sent: string[] = [];
    page.on('request', (request) => {
      if (request.method() !== 'GET') sent.push(`${request.method()} ${request.url()}`);
    });
    const consolePage = new ConsolePage(page, ROOM);
    const promote = consolePage.row('vera').getByRole('button', { name: 'Promote', exact: true });
    // By force: for Playwright, a button with aria-disabled is one that nobody can press.
    await press(promote, 'click', { force: true });
    await consolePage.notice(WHY).waitFor();
    await settled(page);
    expect(sent).toEqual([]);
    expect(await installation.admin.get(`/rooms/${ROOM}/seats`)).toEqual(before);
  });

  it('sees no data and no form at an address that is not for auditors', async () => {
    const page = await (await visitor()).newPage();
    const shown: Record<string, unknown> = {};
    for (const path of FORBIDDEN) {
      await open(page, path);
      shown[path] = [
        await page.getByRole('heading', { level: 1 }).textContent(),
        await page.getByRole('main').getByRole('textbox').count(),
        await page.getByRole('main').getByRole('combobox').count(),
      ];
    }
    expect(shown).toEqual(Object.fromEntries(FORBIDDEN.map((path) => [path, ['No access', 0, 0]])));
  });

  it('needs few keys: K7 why the newest token was refused, and a link to it; K8 is the log whole', async () => {
    const { admin } = installation;
    await admin.post(`/rooms/${ROOM}/seats/omar/block`, { reason: 'Noise' });
    await expect(installation.token(ROOM, 'omar')).rejects.toThrow(/403/);
    const auditor = await visitor();
    await auditor.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const page = await auditor.goto('/issuances');
    const ledger = new LedgerPage(page);
    const onFirst = () => hasFocus(ledger.link(ledger.entries.first()));
    await until('the list takes keys', onFirst);
    let pressed = 0;
    const key = (name: string) => {
      pressed += 1;
      return page.keyboard.press(name);
    };
    await key('d');
    await until('only refusals are here', async () => {
      const text = await ledger.entries.first().textContent();
      return /omar\s*was refused a token/.test(text ?? '') && (await onFirst());
    });
    await key('Enter');
    await page
      .getByRole('complementary', { name: 'Act' })
      .getByText(/blocked/i)
      .first()
      .waitFor();
    await key('y');
    await until('the link is copied', async () =>
      /\/issuances\/[0-9a-z]+-/.test(await page.evaluate(() => navigator.clipboard.readText())),
    );
    expect(pressed).toBeLessThanOrEqual(6);

    pressed = 0;
    await key('g');
    await key('v');
    await page.getByRole('button', { name: 'Verify now' }).waitFor();
    await key('v');
    await page
      .getByText(/^Proved/)
      .first()
      .waitFor();
    expect(pressed).toBeLessThanOrEqual(5);
  });

  it('answers by name who let somebody publish, and whether they could still come in', async () => {
    const user = await installation.user('vera');
    await installation.admin.put(`/users/${user.id}`, { name: 'Vera Lind' });
    await installation.act(ROOM, 'vera', 'promote', { template: 'speaker', reason: REASON });
    const page = await (await visitor()).goto('/');
    await page.getByRole('main').getByText('Live now').waitFor();
    await page.keyboard.press('Control+K');
    await page.getByRole('combobox', { name: 'Find anything' }).fill('Lind');
    await page.getByRole('option', { name: /^Vera Lind/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Vera Lind over time' }).waitFor();
    const asOf = page.getByRole('region', { name: 'What was so at a moment' });
    await asOf.getByText(/In the room as Speaker, may publish/).waitFor();
    await asOf
      .getByText(/admin@example\.com/)
      .first()
      .waitFor();
    await asOf.getByText('May come in').waitFor();
    await page
      .getByRole('region', { name: 'Acts', exact: true })
      .getByText(REASON)
      .first()
      .waitFor();
  });
});

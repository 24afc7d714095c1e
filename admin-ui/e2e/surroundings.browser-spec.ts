import { expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { until } from '../../server/test/support/until.js';
import { ConsolePage, HAND_SINCE } from './pages/console-page.js';
import { Dashboard } from './pages/dashboard.js';
import { JoinPage } from './pages/join-page.js';
import { describeBrowser, LAN_HOST, launchWithoutSiteData } from './support/chromium.js';
import { useInstallation, type VisitOptions } from './support/installation.js';
import { press } from './support/press.js';
import { translatePages } from './support/translator.js';

describeBrowser('a browser that is not as we would have it', () => {
  const installation = useInstallation();

  const translated = async (options: VisitOptions = {}) => {
    const visitor = await installation.visitor(options);
    await translatePages(visitor.context);
    return visitor;
  };
  const untilTranslated = (page: Page) =>
    until('the page is translated', async () => (await page.locator('font font').count()) > 10);

  const alerts = (page: Page) => page.getByRole('alert').filter({ hasText: /\S/ });

  it('a translated console shows what is true after each act', async () => {
    const room = await installation.room('translated');
    for (const identity of ['ana', 'bo', 'cy']) await installation.join(room, identity);
    const visitor = await translated({ as: 'admin' });
    const consolePage = await ConsolePage.open(visitor, room);
    const { page } = consolePage;
    await untilTranslated(page);
    const only = async (identity: string, role: string, other: string) => {
      await consolePage.untilRow(identity, new RegExp(role));
      expect(await consolePage.row(identity).innerText()).not.toContain(other);
    };

    await consolePage.focusOn('ana');
    await consolePage.press('p');
    await consolePage.untilRow('ana', /Speaker.*Promoted · \d/);
    await only('ana', 'Speaker', 'Viewer');
    await consolePage.press('d');
    await consolePage.untilRow('ana', /Viewer.*Demoted/);
    await only('ana', 'Viewer', 'Speaker');

    const stage = consolePage.region('Stage');
    await installation.raiseHand(room, 'bo');
    await consolePage.untilRow('bo', HAND_SINCE);
    await stage.getByText('1 hand raised').waitFor();
    await consolePage.keys('h', 'p');
    await consolePage.untilRow('bo', /Speaker.*Approved · \d/);
    await only('bo', 'Speaker', 'Viewer');
    await stage.getByText('1 hand raised').waitFor({ state: 'detached' });

    const dee = await installation.join(room, 'dee');
    await consolePage.row('dee').waitFor();
    await dee.leave();
    await consolePage.row('dee').waitFor({ state: 'detached' });

    await consolePage.focusOn('cy');
    await consolePage.press('Enter');
    const menu = await consolePage.untilDialog('Actions for cy');
    await menu.getByText('Leaves the room; can come back with a token').waitFor();
    await consolePage.escape(menu);
    await consolePage.press('Space');
    const panel = page.getByRole('complementary', { name: 'cy' });
    await panel.getByText('Last actions').waitFor();
    await installation.act(room, 'cy', 'promote');
    await panel.getByText('Speaker').first().waitFor();
    await consolePage.press('Escape');
    await consolePage.focusOn('cy');
    await consolePage.press('Delete');
    await consolePage.escape(await consolePage.untilDialog('Remove cy?'));

    for (const identity of ['ana', 'bo']) {
      await consolePage.focusOn(identity);
      await consolePage.press('x');
    }
    const bar = page.getByRole('region', { name: 'Actions for the selected' });
    await bar.getByText('2 selected').waitFor();
    await consolePage.press('d');
    await consolePage.untilRow('bo', /Viewer/);
    await only('bo', 'Viewer', 'Speaker');
  });

  it('translated lists, forms and their mistakes follow what is typed', async () => {
    await installation.room('oak');
    await installation.room('elm');
    const visitor = await translated({ as: 'admin' });
    const page = await visitor.goto('/rooms');
    const dashboard = new Dashboard(page);
    await page.getByText('oak', { exact: true }).waitFor();
    await untilTranslated(page);
    const search = page.getByRole('searchbox');
    await search.fill('oak');
    await page.getByText('elm', { exact: true }).waitFor({ state: 'detached' });
    await search.fill('nothing like it');
    await page.getByText('Nothing matches').waitFor();
    await dashboard.button('Clear filters').click();
    await page.getByText('elm', { exact: true }).waitFor();

    await dashboard.link('New room').click();
    await dashboard.button('New room').click();
    await page.getByText('Required').first().waitFor();
    await dashboard.field('Name').fill('birch');
    await page.getByText('Required').first().waitFor({ state: 'detached' });
    await dashboard.button('New room').click();
    await page.getByText('birch').first().waitFor();
    for (const name of ['Users', 'Role templates', 'Assignments', 'Activity', 'LiveKit']) {
      await dashboard.goTo(name);
    }
  });

  it('a translated join page tells what one may do, after each change', async () => {
    const room = await installation.room('spoken');
    const { token } = await installation.token(room, 'ana');
    const join = await JoinPage.withToken(await translated(), room, token);
    await join.untilMay('speak', false);
    await join.button('Raise hand').click();
    await join.button('Lower hand').waitFor();
    await installation.act(room, 'ana', 'promote');
    await join.untilMay('speak', true);
    await join.button('Microphone off').click();
    await join.button('Microphone on').waitFor();
    await installation.join(room, 'bo');
    await join.page.getByText('2 people here', { exact: true }).waitFor();
    await installation.act(room, 'ana', 'demote');
    await join.untilMay('speak', false);
    await join.notice('A moderator ended your microphone').waitFor();
    await join.button('Microphone off').waitFor();
    await join.button('Leave').click();
    await join.button('Join again').waitFor();
    await join.state.filter({ hasText: 'Not in the room' }).waitFor();
  });

  it('a link that says what no list can do opens the list, now and later', async () => {
    await installation.room('ash');
    const visitor = await installation.visitor({ as: 'admin' });
    const page = await visitor.newPage();
    const shows = async () => {
      await page.getByText('ash', { exact: true }).waitFor();
      expect(await alerts(page).count()).toBe(0);
    };
    const links: Record<string, string>[] = [
      { filter: '{"nonsense":1}' },
      { filter: '{"isClosed":"perhaps"}' },
      { filter: '{"q":' },
      { filter: '[]' },
      { sort: 'password', order: 'ASC' },
      { sort: 'name', order: 'sideways' },
      { perPage: '100000000' },
      { perPage: '-1' },
      { page: '99999999999' },
      { page: 'x', perPage: 'y' },
    ];
    for (const query of links) {
      await page.goto(`/rooms?${new URLSearchParams(query)}`);
      await shows();
      // Later the list is as it was left.
      await new Dashboard(page).follow('/rooms');
      await shows();
    }
    await page.evaluate(() => {
      const bad = {
        filter: { nonsense: true },
        sort: 'nowhere',
        order: 'UP',
        page: -3,
        perPage: 7,
      };
      localStorage.setItem('RaStorerolecall.rooms.listParams', JSON.stringify(bad));
      localStorage.setItem('RaStorerolecall.users.listParams', '{not json');
      localStorage.setItem('RaStorerolecall.theme', '"plaid"');
      localStorage.setItem('RaStorerolecall.room-console.keys', '7');
    });
    await page.reload();
    await shows();
    const [issuances, activity] = [
      { outcome: 'maybe', kind: '*', from: 'then' },
      { kind: 'no.such', since: 'ever', to: '12', outcome: 'x' },
    ];
    for (const [path, query] of [
      ['/issuances', issuances],
      ['/activity', activity],
    ] as const) {
      await page.goto(`${path}?${new URLSearchParams(query)}`);
      await page.getByRole('search').waitFor();
      await page
        .getByRole('listitem')
        .or(page.getByText('No token has been issued yet'))
        .first()
        .waitFor();
      expect(await alerts(page).count()).toBe(0);
    }
    const consolePage = new ConsolePage(page, 'ash');
    await page.goto(ConsolePage.path('ash'));
    await consolePage.grid.or(page.getByText('Nobody is here')).first().waitFor();
  });

  it('a list that the server refuses has a way out', async () => {
    await installation.room('fir');
    const visitor = await installation.visitor({ as: 'admin' });
    visitor.allow(/status of 400/, 'the browser writes down that the server refused');
    const page = await visitor.newPage();
    // A filter that only the server can refuse.
    await page.route(/\/api\/v1\/rooms\?.*%22name%22%3A%22bad%22/, (route) =>
      route.fulfill({
        status: 400,
        json: { status: 400, title: 'Refused', detail: 'filter.name' },
      }),
    );
    await page.goto(`/rooms?${new URLSearchParams({ filter: '{"name":"bad"}' })}`);
    await alerts(page).waitFor();
    await page.getByRole('button', { name: 'Reset filters' }).click();
    await page.getByText('fir', { exact: true }).waitFor();
    await page.goto('/rooms');
    await page.getByText('fir', { exact: true }).waitFor();
  });

  it('with site data blocked one can join, and is told why one cannot sign in', async () => {
    const room = await installation.room('blocked');
    const { token } = await installation.token(room, 'ana');
    const visitor = installation.visitorIn(await launchWithoutSiteData(installation.url));
    visitor.allow(/status of 401/, 'nobody is signed in, which the page asks to know');
    const page = await visitor.goto('/');
    await page.getByText('Signing in needs cookies').waitFor();
    const join = await JoinPage.withToken(visitor, room, token);
    await join.page.getByText('This browser blocks site data').waitFor();
    await installation.act(room, 'ana', 'promote');
    await join.untilMay('speak', true);
    await join.button('Microphone off').click();
    await join.button('Microphone on').waitFor();
  });

  it('over plain http nothing is sent that is not the person’s, unless they choose it', async () => {
    const room = await installation.room('plain');
    const { token } = await installation.token(room, 'ana', { template: 'speaker' });
    const visitor = await installation.visitor();
    const lan = installation.url.replace('127.0.0.1', LAN_HOST);
    visitor.allow(/status of 401/, 'nobody is signed in, which the page asks to know');
    visitor.allow(/Cross-Origin-Opener-Policy/, 'which browsers heed over https only');
    const page = await visitor.newPage();
    await page.goto(`${lan}/join/${room}`);
    expect(await page.evaluate(() => [isSecureContext, 'mediaDevices' in navigator])).toEqual([
      false,
      false,
    ]);
    const join = new JoinPage(page);
    await page.getByText('This page was opened without https').waitFor();
    await join.enter(token);
    await join.untilMay('speak', true);

    const tracks = async () => (await installation.seat(room, 'ana')).tracks.length as number;
    await join.button('Microphone off').click();
    await join.notice('Browsers let a page use your microphone over https only').waitFor();
    await join.button('Microphone off').waitFor();
    expect(await tracks()).toBe(0);
    expect(await page.getByText('speaking', { exact: true }).count()).toBe(0);

    await press(join.button('Use a synthetic microphone'));
    await join.button('Synthetic microphone on').waitFor();
    await page.getByText('(synthetic)').waitFor();
    await until('it is sent', async () => (await tracks()) === 1);

    await page.getByRole('textbox', { name: 'Write to everybody' }).fill('hello');
    await join.button('Send').click();
    await page.getByRole('log').getByText('hello').waitFor();
  });
});

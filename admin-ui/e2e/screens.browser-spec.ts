import { beforeAll, describe, expect, it } from '@jest/globals';
import { RoomServiceClient } from 'livekit-server-sdk';
import type { Page } from 'playwright-core';
import { until } from '../../server/test/support/until.js';
import { ConsolePage } from './pages/console-page.js';
import { Dashboard } from './pages/dashboard.js';
import { JoinPage } from './pages/join-page.js';
import { SignInPage } from './pages/sign-in-page.js';
import { violations, violationsInBothSchemes } from './support/axe.js';
import { describeBrowser } from './support/chromium.js';
import { useInstallation } from './support/installation.js';
import { press } from './support/press.js';
import {
  button,
  CONSOLE,
  FILLED,
  FORMS,
  LIVE,
  NOTHING_YET,
  ROOM,
  type Screen,
} from './support/screens.js';
import { settled } from './support/settled.js';

const WIDE = { width: 1366, height: 900 };
const PHONE = { width: 390, height: 844 };

/** How many pixels of the page one would have to scroll sideways for. */
function overflow(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
}

/** The innermost of what reaches over the right edge, to find the cause by. */
function beyondTheEdge(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const edge = document.documentElement.clientWidth;
    return [...document.querySelectorAll('body *')]
      .filter((element) => element.getBoundingClientRect().right > edge + 1)
      .slice(-5)
      .map((element) => element.outerHTML.slice(0, 200));
  });
}

describeBrowser('accessible to everybody, light and dark, and fit for a phone', () => {
  const installation = useInstallation();
  let page: Page;

  beforeAll(async () => {
    const admin = await installation.visitor({ as: 'admin', isForAll: true });
    page = await admin.newPage();
  });

  /** Nothing that the page knows is older than what the tests after it look at. */
  const loadAfresh = () => page.goto(Dashboard.BETWEEN.path);

  async function expectFit(shown: Page): Promise<void> {
    await settled(shown);
    expect(await violationsInBothSchemes(shown)).toEqual({});
    await shown.setViewportSize(PHONE);
    await settled(shown);
    // The page is told of its new size a moment later, and is drawn again.
    try {
      await until('nothing is wider than the phone', async () => !(await overflow(shown)));
    } catch (error) {
      const wide = (await beyondTheEdge(shown)).join('\n');
      throw new Error(`${String(error)}\n${wide}`, { cause: error });
    } finally {
      await shown.setViewportSize(WIDE);
    }
  }

  async function look({ path, shows, open }: Screen): Promise<void> {
    await page.emulateMedia({ colorScheme: 'light' });
    // As a link does: to load the application again for each screen would only take time.
    await new Dashboard(page).follow(path);
    if (shows) await page.getByRole('main').getByText(shows).first().waitFor();
    await settled(page);
    await open?.(page);
    await expectFit(page);
  }

  describe('before there is anything', () => {
    beforeAll(loadAfresh);

    it.each(NOTHING_YET)('$name', look);
    it.each(FORMS)('$name', look);

    it('signing in, and being refused', async () => {
      const visitor = await installation.visitor();
      const signIn = await SignInPage.open(visitor);
      await expectFit(signIn.page);
      visitor.allow(/status of 401 .*\/session/, 'the browser writes down the refusal too');
      await signIn.tryWith({ email: 'nobody@example.com', password: 'not the password' });
      await signIn.page.getByText('E-mail or password is wrong.').waitFor();
      await expectFit(signIn.page);
    });
  });

  describe('when there is something', () => {
    beforeAll(async () => {
      const { admin: api } = installation;
      await installation.room(ROOM, { title: 'Town hall' });
      await installation.room('empty');
      const grants = { roomJoin: true, canSubscribe: true, canPublish: true };
      await api.post('/role-templates', {
        key: 'stage-hand',
        name: 'Stage hand',
        grants: { ...grants, canPublishSources: ['camera'] },
      });
      await api.post('/role-templates/stage-hand/publish', { message: 'For the stage' });
      await api.put('/role-templates/stage-hand/draft', {
        grants: { ...grants, canPublishSources: ['camera', 'microphone'], roomAdmin: true },
      });
      const vera = await installation.join(ROOM, 'vera');
      await installation.join(ROOM, 'wil');
      await installation.act(ROOM, 'vera', 'promote');
      await vera.publishVideo();
      await installation.join(ROOM, 'hal', { template: 'host' });
      await installation.raiseHand(ROOM, 'wil');
      const user = await installation.user('vera');
      await api.post('/assignments', {
        subject: { user: user.id },
        scope: { room: ROOM },
        template: 'stage-hand',
        priority: 0,
      });
      await api.post('/api-keys', { name: 'back end', permissions: ['token.issue'] });
      await installation.operator('auditor');
      const { httpUrl, apiKey, apiSecret } = installation.server.livekit;
      await new RoomServiceClient(httpUrl, apiKey, apiSecret).createRoom({ name: 'speakeasy' });
      await until('it has its alarm', async () => {
        return (await api.get('/status')).alarms.open > 0;
      });
      await loadAfresh();
    });

    it.each(FILLED)('$name', look);
    it.each(LIVE)('$name', look);

    it('the room while a scene plays and something is done to many, wide and on a phone', async () => {
      const { admin: api } = installation;
      const room = await installation.room('locked');
      await installation.join(room, 'ana', { template: 'speaker' });
      await installation.join(room, 'bo');
      await api.post(`/rooms/${room}/scene`, { lock: { keep: ['host'] } });
      await api.post(`/rooms/${room}/seats/bulk`, { action: 'hold', identities: ['ana', 'bo'] });
      await look({
        name: room,
        path: ConsolePage.path(room),
        open: async (shown) => {
          await shown.getByRole('region', { name: 'Scene', exact: true }).waitFor();
          await shown.getByRole('region', { name: 'Bulk operations' }).waitFor();
        },
      });
      const visitor = await installation.visitor({
        as: 'admin',
        viewport: PHONE,
        hasTouch: true,
      });
      const phone = await visitor.goto(ConsolePage.path(room));
      const answer = new ConsolePage(phone, room)
        .row('ana')
        .getByRole('button', { name: 'Release' });
      const { width, height } = (await answer.boundingBox())!;
      expect(Math.min(width, height)).toBeGreaterThanOrEqual(44);
      await press(phone.getByText('ana', { exact: true }).first(), 'tap');
      const sheet = phone.getByRole('dialog', { name: 'About ana' });
      await sheet.getByText('Last actions').waitFor();
      await settled(phone);
      const box = (await sheet.boundingBox())!;
      expect(Math.round(box.y + box.height)).toBe(PHONE.height);
      expect(await violations(phone)).toEqual([]);
      await phone.setViewportSize({ width: 320, height: 640 });
      await settled(phone);
      expect(await overflow(phone)).toBe(0);
    });

    it('the room, dark until somebody chooses otherwise', async () => {
      const visitor = await installation.visitor({ as: 'admin' });
      const shown = await visitor.goto(CONSOLE);
      const consolePage = new ConsolePage(shown, ROOM);
      await consolePage.focusOn('vera');
      const background = () =>
        consolePage.grid.evaluate((grid) => getComputedStyle(grid.parentElement!).backgroundColor);
      const dark = await background();
      const toggle = button(shown, 'Toggle light/dark mode');
      await toggle.click();
      expect(await background()).toBe(dark);
      await toggle.click();
      await until('the console turns light', async () => (await background()) !== dark);
      await shown.mouse.move(0, 0);
      await shown.getByRole('tooltip').waitFor({ state: 'detached' });
      await settled(shown);
      expect(await violations(shown)).toEqual([]);

      // At 200 % there is room for eight people, beside the heads of their sections.
      await shown.setViewportSize({ width: WIDE.width / 2, height: 384 });
      await settled(shown);
      const rows = await consolePage.grid.evaluate((grid) => {
        grid.scrollIntoView({ block: 'end' });
        const box = grid.getBoundingClientRect();
        const heads = [...grid.querySelectorAll('.section')];
        const taken = heads.reduce((sum, head) => sum + head.getBoundingClientRect().height, 0);
        const row = grid.querySelector('[data-identity]')!.getBoundingClientRect();
        return (Math.min(box.bottom, innerHeight) - Math.max(box.top, 0) - taken) / row.height;
      });
      expect(rows).toBeGreaterThanOrEqual(8);
    });

    it('single records: a user, an assignment, an operator', async () => {
      for (const resource of ['users', 'assignments', 'operators']) {
        const records = await installation.admin.get(`/${resource}`);
        await look({ name: resource, path: `/${resource}/${records.at(-1).id}` });
      }
      const { operator } = await installation.admin.get('/me');
      const path = `/operators/${operator.id}/history`;
      await look({ name: 'an operator over time', path, shows: 'What they did, by room' });
    });

    it('everything about a user', async () => {
      const user = await installation.user('vera');
      for (const tab of ['Effective now', 'Assignments', 'Issuances']) {
        await look({
          name: tab,
          path: `/users/${user.id}`,
          open: (shown) => shown.getByRole('tab', { name: tab }).click(),
        });
      }
    });

    it('the join page, before and in a room', async () => {
      const { token } = await installation.token(ROOM, 'ana', { template: 'speaker' });
      const visitor = await installation.visitor();
      const join = await JoinPage.open(visitor, ROOM);
      await expectFit(join.page);
      await join.enter(token);
      await expectFit(join.page);
      await join.button('Camera off').click();
      await join.button('Camera on').waitFor();
      await expectFit(join.page);
      await join.button('Leave').click();
      await join.notice('You left the room').waitFor();
      await expectFit(join.page);
    });

    it('the join page of somebody who may issue tokens', async () => {
      const visitor = await installation.visitor({ as: 'admin' });
      await expectFit(await visitor.goto('/join/empty'));
    });
  });
});

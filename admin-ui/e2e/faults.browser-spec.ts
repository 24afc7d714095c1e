import { expect, it } from '@jest/globals';
import type { Page, Route } from 'playwright-core';
import { until } from '../../server/test/support/until.js';
import { ConsolePage } from './pages/console-page.js';
import type { Json } from './support/api.js';
import { describeBrowser } from './support/chromium.js';
import { useInstallation } from './support/installation.js';
import { hasFocus } from './support/keyboard.js';
import { press } from './support/press.js';

const EVENTS = '**/api/v1/events?**';
/** Lost streams are noticed after ten seconds, a lost LiveKit within fifteen. */
const NOTICED_MS = 40_000;

describeBrowser('the room console when something is away', () => {
  const installation = useInstallation();

  async function openConsole(room: string): Promise<ConsolePage> {
    const visitor = await installation.visitor({ as: 'admin' });
    visitor.allow(
      /Failed to load resource|net::ERR_|UnreachableError/,
      'the browser and react-admin log what cannot be reached',
    );
    return ConsolePage.open(visitor, room);
  }

  async function outcomes(room: string, kind: string): Promise<string[]> {
    return (await installation.entries({ room, kind })).map(({ outcome }) => outcome).sort();
  }

  /** How often a change was asked for from now on. */
  function counting(page: Page, ending: string): { sent: number } {
    const count = { sent: 0 };
    page.on('request', (request) => {
      if (request.url().endsWith(ending)) count.sent += 1;
    });
    return count;
  }

  it('says that the stream is lost, asks before it acts on what is old, and catches up', async () => {
    const room = await installation.room('stream');
    await installation.join(room, 'ana');
    const consolePage = await openConsole(room);
    const { page } = consolePage;
    await consolePage.untilInSync('ana', /Viewer/);
    await consolePage.badge('Live').waitFor();

    // From now on the room looks as it does at this moment, whatever is done to it.
    const before = await installation.admin.get(`/rooms/${room}/seats`);
    const snapshot = `**/api/v1/rooms/${room}/seats`;
    await page.route(snapshot, (route) => route.fulfill({ json: before }));
    await page.route(EVENTS, (route) => route.abort());
    // As after a change of network: the page opens its stream again.
    await page.evaluate(() => window.dispatchEvent(new Event('online')));
    await consolePage.badge(/Polling/).waitFor({ timeout: NOTICED_MS });
    await consolePage.banner(/Live updates are lost/).waitFor();

    await installation.act(room, 'ana', 'promote', { template: 'presenter' });
    await consolePage.untilRow('ana', /Viewer/);
    await consolePage.press('p');
    const question = page.getByRole('dialog', { name: 'Somebody else changed ana' });
    await question.getByText(/now presenter/i).waitFor();
    // The page still polls: from now on without an answer, or it would show the old state again.
    await page.unroute(snapshot);
    await page.route(snapshot, () => undefined);
    await press(question.getByRole('button', { name: 'Keep their change' }));
    await consolePage.untilRow('ana', /Presenter/);
    expect((await installation.seat(room, 'ana')).role.template).toBe('presenter');
    expect(await outcomes(room, 'seat.promoted')).toEqual(['applied', 'intent']);
    await consolePage.untilFocused();

    await page.unroute(snapshot);
    await page.unroute(EVENTS);
    await consolePage.badge('Live').waitFor({ timeout: NOTICED_MS });
    await consolePage.banner(/Live updates are lost/).waitFor({ state: 'detached' });
    await consolePage.untilSaid(/Live updates are back/);
    await installation.act(room, 'ana', 'demote');
    await consolePage.untilRow('ana', /Viewer/);
  });

  it('says what became of an act when the server goes, queues nothing, and goes on when it is back', async () => {
    const room = await installation.room('server');
    await installation.joinLiveKit(room, 'ana');
    const consolePage = await openConsole(room);
    await consolePage.untilInSync('ana', /Viewer/);
    const promotions = counting(consolePage.page, '/promote');

    // While the request is on its way: a moment later the page may know already, and send none.
    const crash = async (route: Route) => {
      await installation.server.crash();
      await route.continue();
    };
    await consolePage.page.route('**/promote', crash, { times: 1 });
    await consolePage.press('p');
    await consolePage.untilRow('ana', /No answer, so the result is unknown/);
    await consolePage.untilSaid(/ana: No answer/);
    await consolePage.badge('Offline').waitFor();
    await consolePage.banner(/The server cannot be reached/).waitFor();
    await consolePage.press('p');
    await consolePage.notice(/ana: The server cannot be reached. Nothing was sent/).waitFor();
    expect(await consolePage.row('ana').getByRole('button', { name: 'Promote' }).isDisabled()).toBe(
      true,
    );
    expect(promotions.sent).toBe(1);

    await installation.server.restart();
    await consolePage.badge('Live').waitFor({ timeout: NOTICED_MS });
    await consolePage.banner(/cannot be reached/).waitFor({ state: 'detached' });
    await consolePage.untilInSync('ana', /Viewer/);
    expect(await outcomes(room, 'seat.promoted')).toEqual([]);
    expect(promotions.sent).toBe(1);
    expect(await hasFocus(consolePage.grid)).toBe(true);
    await consolePage.press('p');
    await consolePage.untilRow('ana', /Speaker.*Promoted · \d/);
    expect(await outcomes(room, 'seat.promoted')).toEqual(['applied', 'intent']);
  });

  it('does once what was asked for again because the answer was lost', async () => {
    const room = await installation.room('answers');
    for (const identity of ['ana', 'bo']) await installation.join(room, identity);
    const consolePage = await openConsole(room);
    await consolePage.untilInSync('bo', /Viewer/);
    let lost = 0;
    const loseOneAnswer = async (path: string) => {
      await consolePage.page.route(
        path,
        async (route) => {
          await route.fetch();
          lost += 1;
          await route.abort();
        },
        { times: 1 },
      );
    };

    await loseOneAnswer('**/seats/ana/promote');
    await consolePage.focusOn('ana');
    await consolePage.press('p');
    await consolePage.untilSaid(/ana: No answer/);
    await consolePage.untilInSync('ana', /Speaker/);

    await loseOneAnswer('**/seats/bulk');
    await consolePage.keys('Control+A', 'd');
    const dialog = consolePage.page.getByRole('dialog', { name: 'Demote 2 people?' });
    await dialog.getByText(/cannot be reached/).waitFor();
    await dialog.getByRole('button', { name: 'Demote 2 people' }).click();
    await dialog.waitFor({ state: 'detached' });
    await consolePage.untilRow('ana', /Viewer/);
    expect(lost).toBe(2);
    const operations: Json[] = await installation.admin.get(`/rooms/${room}/operations`);
    expect(operations.map(({ action, total }) => [action, total])).toEqual([['demote', 2]]);
    expect(await outcomes(room, 'seat.promoted')).toEqual(['applied', 'intent']);
  });

  it('commits what LiveKit cannot take, says that it waits, and shows when it is real', async () => {
    const room = await installation.room('livekit');
    await installation.join(room, 'ana');
    const consolePage = await openConsole(room);
    await consolePage.untilInSync('ana', /Viewer/);

    await installation.server.livekit.crash();
    await consolePage.press('p');
    await consolePage.untilRow('ana', /Saved; applies when they join or LiveKit responds/);
    await consolePage.untilSaid(/ana: Saved/);
    expect(await outcomes(room, 'seat.promoted')).toEqual(['intent', 'pending']);
    await consolePage.banner(/LiveKit does not respond/).waitFor({ timeout: NOTICED_MS });

    await installation.server.livekit.restart();
    await installation.join(room, 'ana');
    await consolePage.untilRow('ana', /Speaker/);
    await until('the promotion is applied', async () =>
      (await outcomes(room, 'seat.promoted')).includes('applied'),
    );
    expect((await installation.seat(room, 'ana')).observed.canPublish).toBe(true);
    expect(await outcomes(room, 'seat.promoted')).toEqual(['applied', 'intent', 'pending']);
    await consolePage
      .banner(/LiveKit does not respond/)
      .waitFor({ state: 'detached', timeout: NOTICED_MS });
    await consolePage.untilSaid(/LiveKit responds again/);
    expect(await hasFocus(consolePage.grid)).toBe(true);
  });

  it('keeps who was there when the session ends, and begins again with the next', async () => {
    const room = await installation.room('ended', { departureTimeout: 1 });
    const ana = await installation.join(room, 'ana');
    const consolePage = await openConsole(room);
    await consolePage.untilInSync('ana', /Viewer/);

    await ana.leave();
    await consolePage.banner(/The session ended at/).waitFor({ timeout: NOTICED_MS });
    await consolePage.untilRow('ana', /Left|Not in the room/);
    await consolePage
      .banner(/The session ended/)
      .getByRole('link', { name: 'Show its activity' })
      .waitFor();
    await consolePage.press('m');
    await consolePage.notice(/ana: Has nothing to mute/).waitFor();

    await installation.join(room, 'bo');
    await consolePage.banner(/The session ended/).waitFor({ state: 'detached' });
    await consolePage.row('bo').waitFor();
    await consolePage.row('ana').waitFor({ state: 'detached' });
  });
});

import { expect, it } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import { until } from '../../server/test/support/until.js';
import { ConsolePage } from './pages/console-page.js';
import { describeBrowser } from './support/chromium.js';
import { Crowd, seeded } from './support/crowd.js';
import { recordedPresses, recordPresses } from './support/cursor-record.js';
import { useInstallation } from './support/installation.js';
import { hasFocus } from './support/keyboard.js';
import { Mouse } from './support/mouse.js';

const MOMENTS = 1_000;
/** So many presses follow each other without waiting for what the page makes of them. */
const BURST = 20;
/** A minute on a machine that does nothing else. */
const MOMENTS_LIMIT_MS = 600_000;
/** Of the room's people; as many rows as there is room for, and some more. */
const CROWD = 28;

describeBrowser('the list of people, under the pointer', () => {
  const installation = useInstallation({
    ROLECALL_RATE_OPERATOR: '100000/1s',
    ROLECALL_SWEEP: '10m',
  });

  async function openConsole(room: string, prepare?: (consolePage: ConsolePage) => Promise<void>) {
    const visitor = await installation.visitor({ as: 'moderator' });
    visitor.allow(/status of 4(04|09|22)/, 'people leave while somebody acts on them');
    const consolePage = new ConsolePage(await visitor.newPage(), room);
    await prepare?.(consolePage);
    await consolePage.open();
    return consolePage;
  }

  it(
    'never lets a press reach another person than was there, whatever moves',
    async () => {
      const room = await installation.room('crowd');
      // LiveKit runs the room from the first token on.
      await installation.token(room, 'first');
      const random = seeded(20_261_128);
      const crowd = new Crowd(installation.server.databaseUrl, room, random);
      await crowd.arrive(CROWD);
      const consolePage = await openConsole(room, ({ page }) => recordPresses(page));
      const { page } = consolePage;
      let isOver = false;
      const changing = (async () => {
        while (!isOver) {
          await crowd.change();
          await setTimeout(20 + random() * 250);
        }
      })();
      try {
        const pick = seeded(7);
        const mouse = await Mouse.on(page);
        for (let burst = 0; burst < MOMENTS / BURST; burst += 1) {
          await page.setViewportSize({ width: 1366, height: 700 + 10 * (burst % 15) });
          const points = await pointsIn(consolePage);
          const pressed: Promise<void>[] = [];
          for (let press = 0; press < BURST; press += 1) {
            const isNext = points.next !== null && pick() < 0.1;
            const point = isNext
              ? points.next!
              : points.rows[Math.floor(pick() * points.rows.length)]!;
            pressed.push(mouse.click(point.x, point.y));
            if (press % 5 === 0) pressed.push(page.keyboard.press('r'));
            await setTimeout(pick() * 40);
          }
          await Promise.all(pressed);
        }
        // The answer to another press soon takes the place of these words: once is enough.
        await until('a press on what has just moved is told', async () => {
          if ((await recordedPresses(page)).some(({ isTold }) => isTold)) return true;
          const { rows } = await pointsIn(consolePage);
          await page.keyboard.press('r');
          await mouse.click(rows[0]!.x, rows[0]!.y);
          return false;
        });
      } finally {
        isOver = true;
        await changing;
        await crowd.stop();
      }
      const presses = await recordedPresses(page);
      const reached = presses.filter(({ on, isRefused }) => on !== null && !isRefused);
      expect(reached.filter(({ before, on }) => before !== on)).toEqual([]);
      // Buttons that are switched off tell of no press.
      expect(presses.length).toBeGreaterThan(MOMENTS / 2);
      // It is no proof if nothing could be done, or if nothing ever moved.
      expect(reached.filter(({ acts }) => acts.length > 0).length).toBeGreaterThan(MOMENTS / 20);
      const refused = presses.filter(({ isRefused }) => isRefused);
      expect(refused.length).toBeGreaterThan(MOMENTS / 200);
      expect(refused.filter(({ isTold }) => isTold)).not.toEqual([]);
    },
    MOMENTS_LIMIT_MS,
  );

  /** Where the first button of each row is in sight, and the answer to who is next. */
  function pointsIn({ page }: ConsolePage) {
    return page.evaluate(() => {
      const grid = document.querySelector<HTMLElement>('[role=grid]')!;
      const { top, bottom } = grid.getBoundingClientRect();
      grid.focus();
      const centre = (element: Element) => {
        const box = element.getBoundingClientRect();
        return { x: box.left + box.width / 2, y: box.top + box.height / 2 };
      };
      const rows = [...grid.querySelectorAll('[data-identity] button:first-child')]
        .map(centre)
        .filter(({ y }) => y > top + 50 && y < bottom - 18);
      const next = document.querySelector('[role=region] [data-about]');
      return { rows, next: next && centre(next) };
    });
  }

  it('keeps every row where it is when bars and notices come and go', async () => {
    const room = await installation.room('bars');
    const crowd = new Crowd(installation.server.databaseUrl, room, seeded(3));
    await installation.token(room, 'first');
    await crowd.arrive(6);
    const consolePage = await openConsole(room);
    await until(
      'six are shown',
      async () => (await consolePage.grid.locator('.row').count()) === 7,
    );
    const placeOf = () =>
      consolePage.grid.boundingBox().then((box) => box && { x: box.x, y: box.y });
    const before = await placeOf();
    await consolePage.region('Stage').getByText('No hand is raised').waitFor();

    await crowd.raiseHand();
    await consolePage.region('Stage').getByText('1 hand raised').waitFor();
    expect(await placeOf()).toEqual(before);

    await installation.admin.put(`/rooms/${room}/stage/limits/speaker`, { slots: 2 });
    await consolePage.region('Stage').getByText('Speaker: 0 of 2').waitFor();
    expect(await placeOf()).toEqual(before);

    await installation.admin.post(`/rooms/${room}/scene`, { lock: { keep: ['host'] } });
    await consolePage.region('Scene').waitFor();
    expect(await placeOf()).toEqual(before);

    await consolePage.keys('Home', 'x');
    await consolePage.region('Actions for the selected people').waitFor();
    expect(await placeOf()).toEqual(before);
    await crowd.stop();
  });

  it('shows at once who joins with a hand up, and puts the list in order when it is left alone', async () => {
    const room = await installation.room('arrivals');
    const crowd = new Crowd(installation.server.databaseUrl, room, seeded(11));
    await installation.token(room, 'first');
    const early = (await crowd.arrive(4)).sort();
    const consolePage = await openConsole(room);
    await consolePage.row(early[3]!).waitFor();
    await consolePage.focusOn(early[1]!);

    const busy = busyIn(consolePage);
    const [eager = ''] = await crowd.arrive(1, true);
    await busy(() => consolePage.row(eager).isVisible());
    await busy(() => consolePage.region('Stage').getByText(eager).isVisible());
    const pill = consolePage.page.getByRole('button', { name: /Sort now$/ });
    await busy(() => pill.filter({ hasText: '1 joined' }).isVisible());
    await crowd.startOrStopSending(early[3]);
    await busy(() => pill.filter({ hasText: '1 joined, 1 moved' }).isVisible());
    expect(await shownIn(consolePage)).toEqual([eager, ...early]);
    expect(await consolePage.isActive(early[1]!)).toBe(true);

    await consolePage.press('r');
    await pill.waitFor({ state: 'detached' });
    await consolePage.untilSaid(/List sorted/);
    expect(await consolePage.isActive(early[1]!)).toBe(true);

    // With the focus still in the list: it waits for hands that rest, not for the focus to go.
    const [late = ''] = await crowd.arrive(1);
    await consolePage.row(late).waitFor();
    await pill.waitFor({ state: 'detached' });
    const others = (await shownIn(consolePage)).slice(2);
    expect(others).toEqual([...others].sort());
    expect(await hasFocus(consolePage.grid)).toBe(true);
    await crowd.stop();
  });

  const shownIn = ({ grid }: ConsolePage) =>
    grid.locator('[data-identity]').evaluateAll((rows) =>
      rows
        .map((row) => ({
          top: row.getBoundingClientRect().top,
          who: row.getAttribute('data-identity') ?? '',
        }))
        .sort((a, b) => a.top - b.top)
        .map(({ who }) => who),
    );

  /** Polls as somebody whose pointer is never still in the list. */
  function busyIn({ page, grid }: ConsolePage) {
    let step = 0;
    return (check: () => Promise<boolean>) =>
      until('it is seen', async () => {
        const box = await grid.boundingBox();
        step += 1;
        await page.mouse.move(box!.x + 200 + (step % 10), box!.y + box!.height - 40);
        return check();
      });
  }
});

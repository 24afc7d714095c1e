import { expect, it } from '@jest/globals';
import { until } from '../../server/test/support/until.js';
import { ConsolePage } from './pages/console-page.js';
import { violations } from './support/axe.js';
import { describeBrowser } from './support/chromium.js';
import { Finger } from './support/finger.js';
import { useInstallation, type VisitOptions } from './support/installation.js';
import { press } from './support/press.js';
import { settled } from './support/settled.js';

const PHONE = { width: 390, height: 844 };
/** Well past the point from which letting go does something, and well before it. */
const [FAR, NEAR] = [190, 90];
const SMALLEST = 44;

describeBrowser('the room console, by finger', () => {
  const installation = useInstallation();

  /** A phone with the console on it, and what it asked the server to do. */
  async function openPhone(room: string, options: VisitOptions = {}) {
    const visitor = await installation.visitor({
      as: 'moderator',
      viewport: PHONE,
      hasTouch: true,
      ...options,
    });
    const page = await visitor.newPage();
    const asked: string[] = [];
    page.on('request', (request) => {
      const [act = ''] = /[^/]+$/.exec(request.url()) ?? [];
      // To look what would happen, and to say who acts, changes nothing.
      if (request.method() === 'POST' && !['preview', 'acting'].includes(act)) asked.push(act);
    });
    const consolePage = new ConsolePage(page, room);
    await consolePage.open();
    const finger = await Finger.on(page);
    await untilPullable(consolePage, finger);
    return { consolePage, page, asked, finger };
  }

  /** What is needed for it comes after the page itself. */
  const untilPullable = (consolePage: ConsolePage, finger: Finger) =>
    until('rows can be pulled', async () => {
      await finger.touch(consolePage.grid.locator('.row:not(.head)').first(), 0.3);
      await finger.move(NEAR);
      const isPulled = (await consolePage.grid.locator('[data-pulled]').count()) > 0;
      await finger.letGo();
      await untilBack(consolePage);
      return isPulled;
    });

  /** Until every row is back in its place. */
  const untilBack = ({ grid }: ConsolePage) =>
    until('the row is back', async () => !(await grid.locator('[data-pulled]').count()));

  it('promotes by a pull to the right, says before what it will do, and undoes it', async () => {
    const room = await installation.room('promote');
    for (const identity of ['ana', 'bo']) await installation.join(room, identity);
    const { consolePage, page, asked, finger } = await openPhone(room, {
      reducedMotion: 'no-preference',
    });
    await finger.touch(consolePage.row('ana'), 0.3);
    await finger.move(NEAR);
    await page.getByText('pull further').waitFor();
    await page.getByText(/^ana: May publish camera and microphone/).waitFor();
    await finger.move(FAR - NEAR);
    await page.getByText('let go to do it').waitFor();
    await page.getByText('Promote to Speaker', { exact: true }).waitFor();
    expect(asked).toEqual([]);
    await finger.letGo();

    await consolePage.untilRow('ana', /Speaker.*Promoted · \d/);
    await consolePage.untilSaid(/ana: Promoted/);
    await untilBack(consolePage);
    expect(asked).toEqual(['promote']);
    expect((await installation.seat(room, 'ana')).observed.canPublish).toBe(true);
    expect((await installation.seat(room, 'bo')).role.template).toBe('viewer');
    // No click came after it, which would have opened what is known of her.
    expect(await page.getByRole('dialog').count()).toBe(0);

    const undo = consolePage.row('ana').getByRole('button', { name: /^Undo/ });
    // On a busy machine a tap may come out as a long press, which is no click.
    await until('the undo is asked for', async () => {
      if (!asked.includes('undo')) await undo.tap({ timeout: 1_000 }).catch(() => undefined);
      return asked.includes('undo');
    });
    await consolePage.untilRow('ana', /Viewer.*Undone · \d/);
    await consolePage.row('ana').getByText('ana', { exact: true }).tap();
    await page.getByRole('dialog', { name: 'About ana' }).waitFor();
  });

  it('shows hand, microphone and camera near the top, answers there, and selects by the face', async () => {
    const room = await installation.room('phone');
    const ana = await installation.join(room, 'ana', { template: 'speaker' });
    await ana.publishAudio();
    await installation.join(room, 'bo');
    await installation.raiseHand(room, 'bo');
    const { consolePage, page, asked } = await openPhone(room);
    await consolePage.untilLive('ana', 'mic');
    const [waiting, sending] = [consolePage.row('bo'), consolePage.row('ana')];
    const { y } = (await waiting.boundingBox())!;
    expect(y).toBeLessThanOrEqual(200);
    for (const shown of [waiting.locator('.hand'), sending.locator('.c-media svg')]) {
      const box = (await shown.boundingBox())!;
      expect(box.width).toBeGreaterThan(0);
      expect(box.x + box.width).toBeLessThanOrEqual(PHONE.width);
    }

    await press(sending.locator('.pick'), 'tap');
    await page.getByRole('region', { name: 'Actions for the selected people' }).waitFor();
    await press(sending.locator('.pick'), 'tap');
    await press(sending.getByRole('button', { name: /^More/ }), 'tap');
    const sheet = page.getByRole('dialog', { name: 'Actions for ana' });
    await settled(page);
    const { y: top, height } = (await sheet.boundingBox())!;
    expect(Math.round(top + height)).toBe(PHONE.height);
    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'detached' });

    await press(waiting.getByRole('button', { name: 'Approve' }), 'tap');
    await consolePage.untilRow('bo', /Approved/);
    expect(asked).toEqual(['approve']);
  });

  it('mutes by a pull to the left', async () => {
    const room = await installation.room('mute');
    for (const identity of ['ana', 'bo']) {
      const person = await installation.join(room, identity, { template: 'speaker' });
      await person.publishAudio();
    }
    const { consolePage, page, asked, finger } = await openPhone(room);
    await page.getByRole('button', { name: /^Mic ?2$/ }).waitFor();
    await finger.touch(consolePage.row('ana'), 0.8);
    await finger.move(-FAR);
    await page.getByText(/^ana: Mutes their microphone/).waitFor();
    await finger.letGo();
    await consolePage.untilRow('ana', /Muted · silent after \d/);
    await untilBack(consolePage);
    expect(asked).toEqual(['mute']);
    const isMuted = async (identity: string) =>
      (await installation.seat(room, identity)).tracks[0].isMuted;
    expect([await isMuted('ana'), await isMuted('bo')]).toEqual([true, false]);
  });

  it('does nothing by a short pull, one that is taken back, interrupted or of two fingers', async () => {
    const room = await installation.room('nothing');
    await installation.join(room, 'ana');
    const { consolePage, page, asked, finger } = await openPhone(room);
    await consolePage.row('ana').waitFor();

    await finger.touch(consolePage.row('ana'), 0.3);
    await finger.move(NEAR);
    await finger.letGo();
    await untilBack(consolePage);

    await finger.touch(consolePage.row('ana'), 0.3);
    await finger.move(FAR);
    await finger.move(NEAR - FAR);
    await finger.letGo();
    await untilBack(consolePage);

    await finger.touch(consolePage.row('ana'), 0.3);
    await finger.move(FAR);
    await finger.cancel();
    await untilBack(consolePage);

    await finger.touch(consolePage.row('ana'), 0.3);
    await finger.move(FAR);
    await finger.second();
    await untilBack(consolePage);
    await finger.letGo();

    expect(asked).toEqual([]);
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect((await installation.seat(room, 'ana')).epoch).toBe(0);
  });

  it('scrolls up and down as ever, and does nothing else by it', async () => {
    const room = await installation.room('scroll');
    await installation.join(room, 'ana');
    const identities = Array.from({ length: 40 }, (_, n) => `ghost-${n}`);
    await installation.admin.post(`/rooms/${room}/seats/bulk`, { action: 'block', identities });
    const { consolePage, asked, finger } = await openPhone(room);
    await until('the list is longer than the screen', async () =>
      consolePage.grid.evaluate(
        ({ scrollHeight, clientHeight }) => scrollHeight > 2 * clientHeight,
      ),
    );
    const scrolled = () => consolePage.grid.evaluate(({ scrollTop }) => scrollTop);
    await finger.touch(consolePage.row('ghost-1'));
    await finger.move(20, -200);
    await until('the list has moved', async () => (await scrolled()) > 100);
    // Once it scrolls, it does only that.
    await finger.move(FAR, 0);
    await finger.letGo();
    expect(await consolePage.grid.locator('[data-pulled]').count()).toBe(0);
    expect(asked).toEqual([]);
  });

  it('says what is in the way, and does not do it', async () => {
    const room = await installation.room('refused');
    const hal = await installation.join(room, 'hal', { template: 'host' });
    await hal.publishAudio();
    await installation.join(room, 'bo', { template: 'speaker' });
    const { consolePage, page, asked, finger } = await openPhone(room);
    await page.getByRole('button', { name: /^Mic ?1$/ }).waitFor();

    const tries = [
      { who: 'bo', way: FAR, why: 'Has all of this already' },
      { who: 'bo', way: -FAR, why: 'Has nothing to mute' },
      // What only the server knows.
      { who: 'hal', way: -FAR, why: /goes beyond what you may handle/ },
    ];
    for (const { who, way, why } of tries) {
      await finger.touch(consolePage.row(who), way > 0 ? 0.3 : 0.8);
      await finger.move(way);
      await page.getByText(why).first().waitFor();
      expect(await page.getByText('let go to do it').count()).toBe(0);
      await finger.letGo();
      await untilBack(consolePage);
      // As by key: it is told as well.
      await consolePage.untilSaid(
        new RegExp(`^${who}: .*${why instanceof RegExp ? why.source : why}`),
      );
    }
    expect(asked).toEqual([]);
    expect((await installation.seat(room, 'hal')).tracks[0].isMuted).toBe(false);
  });

  it('gives the finger at least 44 pixels, and everybody else the same by buttons', async () => {
    const room = await installation.room('targets');
    for (const identity of ['ana', 'bo']) await installation.join(room, identity);
    const { consolePage, page, finger } = await openPhone(room);
    await finger.touch(consolePage.row('ana'), 0.3);
    await finger.move(FAR);
    await page.getByText('let go to do it').waitFor();
    await settled(page);
    expect(await violations(page)).toEqual([]);
    await finger.letGo();
    await consolePage.row('ana').getByRole('button', { name: /^Undo/ }).waitFor();
    await settled(page);
    const targets = await consolePage.grid
      .locator('.row:not(.head)')
      .locator('button:visible, .pick')
      .evaluateAll((elements) =>
        elements.map((element) => {
          const { width, height } = element.getBoundingClientRect();
          return `${Math.min(width, height)} ${element.textContent}`;
        }),
      );
    expect(targets).toHaveLength(5);
    expect(targets.filter((target) => parseFloat(target) < SMALLEST)).toEqual([]);

    await consolePage
      .row('bo')
      .getByRole('button', { name: /^More actions/ })
      .tap();
    const menu = page.getByRole('dialog', { name: 'Actions for bo' });
    await menu.getByRole('menuitem', { name: /^Promote to Speaker/ }).waitFor();
    await menu.getByRole('menuitem', { name: /^Mute/ }).waitFor();
  });
});

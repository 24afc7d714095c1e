import { expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { Participant } from '../../server/test/support/participants.js';
import { until } from '../../server/test/support/until.js';
import { ConsolePage } from './pages/console-page.js';
import { violationsInBothSchemes } from './support/axe.js';
import { describeBrowser } from './support/chromium.js';
import { useInstallation } from './support/installation.js';
import { press } from './support/press.js';

describeBrowser('a moderator who peeks at a participant', () => {
  const installation = useInstallation();

  /** Ana shows and says something, Bo is in the room with her, and the console is on Ana. */
  async function scene(room: string) {
    await installation.room(room);
    const bo = await installation.join(room, 'bo');
    const ana = await installation.join(room, 'ana', { template: 'speaker' });
    await ana.publishVideo();
    await ana.publishAudio();
    const visitor = await installation.visitor({ as: 'moderator' });
    const consolePage = await ConsolePage.open(visitor, room);
    await consolePage.focusOn('ana');
    await consolePage.untilLive('ana', 'mic');
    await consolePage.untilLive('ana', 'cam');
    return { bo, ana, consolePage, page: consolePage.page, visitor };
  }

  const panel = (page: Page) => page.getByRole('complementary', { name: 'ana' });
  const observing = (page: Page) =>
    panel(page).getByText('You are observing, hidden, and this is logged.');
  /** The picture moves: frames are decoded. */
  const untilSeen = (page: Page, label: string) =>
    until(`${label} is seen`, () =>
      panel(page)
        .getByLabel(label)
        .evaluate((video) => {
          const { totalVideoFrames } = (video as HTMLVideoElement).getVideoPlaybackQuality();
          return totalVideoFrames > 2;
        }),
    );
  const seats = async (room: string) =>
    (await installation.admin.get(`/rooms/${room}/seats`)) as {
      identity: string;
      isPresent: boolean;
      peeksAt: string | null;
    }[];
  const peeks = async (room: string) =>
    (await seats(room)).filter(({ isPresent, peeksAt }) => isPresent && peeksAt !== null);
  const peersOf = async (person: Participant) => (await person.status()).peers;

  it('sees them by one key, unseen by the room, told so all the time, and it is in the log', async () => {
    const { bo, consolePage, page } = await scene('studio');
    const { email } = await installation.operator('moderator');
    await consolePage.press('Space');
    const begin = panel(page).getByRole('button', { name: 'See and hear ana' });
    await begin.waitFor();
    await panel(page)
      .getByText(/hidden, for up to 5 minutes.*it is logged/)
      .waitFor();
    await consolePage.press('v');
    await observing(page).waitFor();
    await consolePage.untilSaid(/You are observing ana, hidden/);
    await untilSeen(page, 'Camera of ana');
    expect(await panel(page).locator('audio').count()).toBe(0);
    await until('the console shows that somebody looks', async () =>
      (await peeks('studio')).some(({ peeksAt }) => peeksAt === 'ana'),
    );
    // Rows stay where they are under somebody's hands.
    await consolePage.press('r');
    await consolePage.untilRow(email, /Watching ana/);
    expect(await peersOf(bo)).not.toContainEqual(expect.stringContaining('rolecall-peek'));
    const log = await installation.entries({ kind: 'seat.peeked', identity: 'ana' });
    expect(log.map(({ actor }) => actor.label)).toEqual([email]);

    expect(await violationsInBothSchemes(page)).toEqual({});

    await consolePage.press('v');
    await begin.waitFor();
    await until('nobody peeks', async () => (await peeks('studio')).length === 0);
    await consolePage.untilRow(email, /Left/);
  });

  it('hears them only when they ask to', async () => {
    const { consolePage, page } = await scene('radio');
    await consolePage.press('v');
    await untilSeen(page, 'Camera of ana');
    const listen = panel(page).getByRole('button', { name: 'Listen' });
    await press(listen);
    await until('sound is received', () =>
      panel(page)
        .locator('audio')
        .evaluateAll((all) => all.some((audio) => !(audio as HTMLAudioElement).paused)),
    );
    await press(panel(page).getByRole('button', { name: 'Stop listening' }));
    await panel(page).locator('audio').waitFor({ state: 'detached' });
    await press(panel(page).getByRole('button', { name: 'Stop watching' }));
    await until('nobody peeks', async () => (await peeks('radio')).length === 0);
  });

  it('ends with going on to somebody else, with leaving the page, and by another moderator', async () => {
    const { consolePage, page, visitor } = await scene('foyer');
    const isOver = () => until('nobody peeks', async () => (await peeks('foyer')).length === 0);
    const look = async () => {
      await consolePage.focusOn('ana');
      await consolePage.press('v');
      await untilSeen(page, 'Camera of ana');
    };
    await look();
    await consolePage.focusOn('bo');
    await isOver();
    await look();
    visitor.allow(/DataChannel|data channel/, 'LiveKit’s client writes down that it was put out');
    // Rolecall may hear of the connection after the picture has come.
    const peek = await until('the peek is known', async () => (await peeks('foyer'))[0]);
    await installation.act('foyer', peek.identity, 'remove');
    await panel(page)
      .getByText(/Rolecall or another moderator ended it/)
      .waitFor();
    await press(panel(page).getByRole('button', { name: 'Watch again' }));
    await untilSeen(page, 'Camera of ana');
    await page.goto('/rooms');
    await isOver();
  });

  it('says why a peek is impossible, and still shows what is known of the participant', async () => {
    const { consolePage, page, visitor } = await scene('attic');
    visitor.allow(/status of 409/, 'the browser writes down that the server refused');
    await installation.admin.post('/rooms/attic/close', {});
    await consolePage.press('v');
    await panel(page)
      .getByText(/Not possible: .*closed/)
      .waitFor();
    expect(await observing(page).count()).toBe(0);
    await panel(page).getByText('Why this role').waitFor();
  });
});

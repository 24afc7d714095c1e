import { expect, it } from '@jest/globals';
import { until } from '../../server/test/support/until.js';
import { JoinPage } from './pages/join-page.js';
import type { Json } from './support/api.js';
import { violationsInBothSchemes } from './support/axe.js';
import { describeBrowser } from './support/chromium.js';
import { useInstallation } from './support/installation.js';

const SCREENSHOTS = process.env.STAGE_SCREENSHOTS;

describeBrowser('a participant who wants to speak', () => {
  const installation = useInstallation();

  const stage = (room: string): Promise<Json> => installation.admin.get(`/rooms/${room}/stage`);
  const post = (path: string, body: object = {}) => installation.admin.post(path, body);

  async function join(room: string, identity: string): Promise<JoinPage> {
    const { token } = await installation.token(room, identity);
    return JoinPage.withToken(await installation.visitor(), room, token);
  }

  async function handOf(room: string, identity: string): Promise<Json> {
    return until(`the hand of ${identity} is up`, async () =>
      (await stage(room)).hands.find((hand: Json) => hand.identity === identity),
    );
  }

  async function picture(of: JoinPage, name: string): Promise<void> {
    if (!SCREENSHOTS) return;
    for (const [width, height] of [
      [1366, 900],
      [390, 844],
      [320, 640],
    ] as const) {
      await of.page.setViewportSize({ width, height });
      await of.page.screenshot({ path: `${SCREENSHOTS}/${name}-${width}.png`, fullPage: true });
    }
    await of.page.setViewportSize({ width: 1366, height: 900 });
  }

  it('raises a hand by key, is promoted, speaks, and steps down', async () => {
    const room = await installation.room('plenum');
    const watcher = await installation.join(room, 'wil');
    const bo = await join(room, 'bo');
    const ana = await join(room, 'ana');
    await bo.button('Raise hand').click();
    await handOf(room, 'bo');
    await ana.button('Raise hand').waitFor();
    await ana.page.keyboard.press('h');
    await ana.card('Your hand is up. 1 ahead of you.').waitFor();
    await ana.page.getByLabel('What is it about?').fill('the budget, שלום 🙋🏽');
    // The key is a letter where one writes.
    await ana.page.getByLabel('What is it about?').press('End');
    await ana.page.keyboard.type('h');
    await ana.button('Add').click();
    await ana.card('About: the budget, שלום 🙋🏽h').waitFor();
    const hand = await handOf(room, 'ana');
    expect(hand).toMatchObject({ position: 2, note: 'the budget, שלום 🙋🏽h' });
    expect(await violationsInBothSchemes(ana.page)).toEqual({});
    await picture(ana, 'hand');

    await post(`/rooms/${room}/stage/${(await handOf(room, 'bo')).id}/decline`, {
      word: 'After the break',
    });
    await bo.card('A moderator lowered your hand').waitFor();
    await bo.card('They say: After the break').waitFor();
    await bo.button('Raise hand').waitFor();
    await picture(bo, 'declined');

    await post(`/rooms/${room}/stage/${hand.id}/approve`);
    await ana.notice('You may now speak and show your camera').waitFor();
    await ana.untilMay('speak', true);
    await ana.card('Your hand is up. 1 ahead of you.').waitFor({ state: 'detached' });
    await ana.button('Only the microphone').click();
    await until('the others hear her', async () =>
      (await watcher.status()).subscribed.some((of) => of.startsWith('ana/')),
    );
    await picture(ana, 'on-stage');

    await ana.button('Step down').click();
    await ana.untilMay('speak', false);
    await ana.notice('You may no longer speak and show your camera').waitFor();
    await until('the others hear her no more', async () =>
      (await watcher.status()).subscribed.every((of) => !of.startsWith('ana/')),
    );
    await ana.button('Step down').waitFor({ state: 'detached' });
    await ana.button('Raise hand').waitFor();
  });

  it('keeps the place over a reload, and over a token that has expired', async () => {
    const room = await installation.room('forum');
    // First the page: to load it may take longer than such a token lasts.
    const ana = await JoinPage.open(await installation.visitor(), room);
    const { token } = await installation.token(room, 'ana', { ttl: 10 });
    await ana.enter(token);
    await ana.button('Raise hand').click();
    const { id } = await handOf(room, 'ana');
    await ana.page.reload();
    await ana.untilInRoom();
    await ana.card('Your hand is up. You are next.').waitFor();
    expect((await handOf(room, 'ana')).id).toBe(id);

    // LiveKit has refreshed the token meanwhile; the first one expires after its leeway.
    const used = ana.page.waitForRequest((request) => request.url().endsWith('/stage/me/lower'));
    await ana.page.keyboard.press('h');
    const sent = (await used).headers()['x-rolecall-token'];
    expect(sent).toMatch(/^eyJ/);
    expect(sent).not.toBe(token);
    await ana.button('Raise hand').waitFor();
  });

  it('is invited up, and asked to unmute', async () => {
    const room = await installation.room('salon');
    const ana = await join(room, 'ana');
    await ana.button('Raise hand').waitFor();
    await installation.act(room, 'ana', 'invite');
    await ana.card(/invites you to the stage as speaker$/).waitFor();
    await ana.page.getByText(/^1:\d\d left$/).waitFor();
    expect(await violationsInBothSchemes(ana.page)).toEqual({});
    await picture(ana, 'invited');
    await ana.button('Not now').click();
    await ana.button('Accept').waitFor({ state: 'detached' });
    await ana.untilMay('speak', false);

    await installation.act(room, 'ana', 'invite');
    await ana.button('Accept').focus();
    await ana.page.keyboard.press('Enter');
    await ana.button('Accept').waitFor({ state: 'detached' });
    await until('the focus is not lost', async () =>
      ana.page.evaluate(() => document.activeElement !== document.body),
    );
    await ana.untilMay('speak', true);
    await ana.button('Step down').waitFor();

    await installation.act(room, 'ana', 'ask-unmute', { source: 'microphone', reason: 'Go on' });
    await ana.card(/asks you to turn on your microphone$/).waitFor();
    await picture(ana, 'asked');
    await ana.button('Unmute').click();
    await ana.button('Microphone on').waitFor();
    await until('the question is answered', async () => (await stage(room)).asks.length === 0);
    expect(await installation.entries({ room, kind: 'stage.unmute_accepted' })).toHaveLength(1);

    await installation.act(room, 'ana', 'hold', { sources: ['microphone'], reason: 'Noise' });
    await ana.card('A moderator is holding your microphone silent').waitFor();
    await ana.untilMay('speak', false);
    await picture(ana, 'held');
    expect(await violationsInBothSchemes(ana.page)).toEqual({});
  });

  it('is told that all places are taken, and can be reached by thumb on a small screen', async () => {
    const room = await installation.room('theatre');
    await installation.admin.put(`/rooms/${room}/stage/limits/speaker`, { slots: 0 });
    const visitor = await installation.visitor({
      viewport: { width: 320, height: 640 },
      hasTouch: true,
    });
    const { token } = await installation.token(room, 'ana');
    const ana = await JoinPage.withToken(visitor, room, token);
    await ana.button('Raise hand').tap();
    await ana.page.getByText('Nobody can be speaker here right now.').waitFor();
    const box = await ana.button('Lower hand').boundingBox();
    expect(box?.height).toBeGreaterThanOrEqual(44);
    expect(box?.width).toBeGreaterThanOrEqual(44);
    const width = await ana.page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(320);
    expect(await violationsInBothSchemes(ana.page)).toEqual({});
  });

  it('gains nothing by data messages that pretend to come from Rolecall', async () => {
    const room = await installation.room('bazaar');
    const ana = await join(room, 'ana');
    await ana.button('Raise hand').click();
    const hand = await handOf(room, 'ana');
    const mallory = await installation.join(room, 'mallory');
    const asked: string[] = [];
    ana.page.on('request', (request) => {
      if (request.url().includes('/stage/me')) asked.push(request.method());
    });
    const started = performance.now();
    const forged = JSON.stringify({ state: 'approved', action: 'step-down', identity: 'ana' });
    for (let i = 0; i < 200; i++) await mallory.sendData('rolecall', forged);
    await until('the page has asked again', () => asked.length > 0);
    // Two a second at most, and never anything but a question.
    expect(asked.length).toBeLessThanOrEqual(2 * ((performance.now() - started) / 1_000) + 2);
    expect(new Set(asked)).toEqual(new Set(['GET']));
    expect((await handOf(room, 'ana')).id).toBe(hand.id);
    await ana.untilMay('speak', false);
  });
});

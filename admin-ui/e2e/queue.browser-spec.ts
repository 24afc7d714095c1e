import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { until } from '../../server/test/support/until.js';
import { ConsolePage, HAND_SINCE } from './pages/console-page.js';
import { JoinPage } from './pages/join-page.js';
import type { Json } from './support/api.js';
import { describeBrowser } from './support/chromium.js';
import { Installation, type Operator } from './support/installation.js';
import { hasFocus } from './support/keyboard.js';
import { press } from './support/press.js';

describeBrowser('a moderator with a queue', () => {
  let installation: Installation;
  let moderator: Operator;

  beforeAll(async () => {
    installation = await Installation.start();
    moderator = await installation.operator('Mo', 'moderator');
  }, 90_000);
  afterEach(() => installation?.leave());
  afterAll(() => installation?.stop(), 30_000);

  async function openConsole(room: string): Promise<ConsolePage> {
    const visitor = await installation.visitor({ session: await installation.signIn(moderator) });
    visitor.allow(/status of 409/, 'the browser writes down that the server refused');
    const roomConsole = new ConsolePage(await visitor.goto(ConsolePage.path(room)), room);
    await roomConsole.untilReady();
    return roomConsole;
  }

  const roleOf = async (room: string, identity: string): Promise<string> =>
    (await installation.admin.get(`/rooms/${room}/seats/${identity}`)).role.template;
  const setLimit = (room: string, slots: number) =>
    installation.admin.put(`/rooms/${room}/stage/limits/speaker`, { slots });

  async function roomWithHands(name: string, ...identities: string[]): Promise<string> {
    const room = await installation.room(name);
    for (const identity of identities) await installation.join(room, identity);
    for (const identity of identities) await installation.raiseHand(room, identity);
    return room;
  }

  it('fills the stage, is told that it is full and who is next, and lets them up when a place frees', async () => {
    const room = await roomWithHands('places', 'ana', 'bo', 'cy');
    await setLimit(room, 2);
    const roomConsole = await openConsole(room);
    const stage = roomConsole.region('Stage');
    await stage.getByText('3 hands raised').waitFor();

    for (const identity of ['ana', 'bo']) {
      await roomConsole.approveNext(identity);
      await roomConsole.untilRow(identity, /Speaker.*Approved · \d/);
    }
    await stage.getByText('Speaker: 2 of 2, full').waitFor();
    await stage.getByText('next in line:').waitFor();
    const top = await roomConsole.grid.boundingBox();

    await until('the answer is heard', async () => {
      await roomConsole.press('n');
      return roomConsole.notice('All 2 places for Speaker are taken. Next in line: cy').isVisible();
    });
    await roomConsole.untilSaid(/All 2 places for Speaker are taken\. Next in line: cy/);
    await roomConsole.keys('h', 'p');
    await roomConsole.untilRow('cy', /Not approved: 2 of 2 places for speaker are taken/);
    expect(await roleOf(room, 'cy')).toBe('viewer');

    await roomConsole.focusOn('ana');
    await roomConsole.press('d');
    await roomConsole.untilRow('ana', /Viewer.*Demoted/);
    await stage.getByText('place free for:').waitFor();
    await roomConsole.untilSaid(/A place is free\. Next in line: cy/);
    // Nothing of all this has pushed the rows away under the pointer.
    expect(await roomConsole.grid.boundingBox()).toEqual(top);

    await roomConsole.approveNext('cy');
    await roomConsole.untilRow('cy', /Speaker.*Approved · \d/);
    await roomConsole.press('u');
    await roomConsole.untilRow('cy', /Viewer.*Undone · \d/);
    expect(await hasFocus(roomConsole.grid)).toBe(true);
  }, 90_000);

  it('passes over people who cannot be promoted, and says who and why', async () => {
    const room = await roomWithHands('passed', 'ana', 'bo');
    const [ana] = await installation.admin.get(
      `/users?filter=${encodeURIComponent(JSON.stringify({ q: 'ana' }))}`,
    );
    await installation.admin.post('/assignments', {
      subject: { user: ana.id },
      scope: { room },
      template: 'presenter',
    });
    const roomConsole = await openConsole(room);
    await press(roomConsole.region('Stage').getByRole('button', { name: 'Approve next' }));
    await roomConsole.untilRow('bo', /Speaker.*Approved · \d/);
    await roomConsole.untilSaid(/Skipped: ana – They are presenter/);
    await until('the list has the focus again', () => hasFocus(roomConsole.grid));
    await roomConsole.press('n');
    await roomConsole.untilSaid(/Nobody in the queue can be promoted\. ana: They are presenter/);
    await roomConsole.untilRow('ana', HAND_SINCE);
  }, 60_000);

  it('declines a hand by keys, with a word that the participant reads', async () => {
    const room = await installation.room('word');
    const { token } = await installation.token(room, 'ana');
    const ana = await JoinPage.withToken(await installation.visitor(), room, token);
    await ana.button('Raise hand').click();
    const roomConsole = await openConsole(room);
    await roomConsole.untilRow('ana', HAND_SINCE);

    await roomConsole.keys('h', 'Shift+H');
    const dialog = roomConsole.page.getByRole('dialog', { name: 'Decline the hand of ana?' });
    await until('the message has the focus', () => hasFocus(dialog.getByRole('textbox')));
    await roomConsole.page.keyboard.type('After the break, שלום');
    await roomConsole.press('Enter');
    await ana.card('A moderator lowered your hand').waitFor();
    await ana.card('They say: After the break, שלום').waitFor();
    await roomConsole.untilSaid(/ana: Declined/);
    await roomConsole.row('ana').filter({ hasNotText: HAND_SINCE }).waitFor();
    await until('the list has the focus again', () => hasFocus(roomConsole.grid));
    await ana.button('Raise hand').click();
    await roomConsole.untilRow('ana', HAND_SINCE);
  }, 60_000);

  it('promotes many, tries those again that failed, and takes back all that succeeded', async () => {
    const room = await installation.room('again');
    const people = ['ana', 'bo', 'cy'];
    for (const identity of people) await installation.join(room, identity);
    await setLimit(room, 1);
    const roomConsole = await openConsole(room);
    await roomConsole.row('cy').waitFor();

    await roomConsole.keys('x', 'j', 'x', 'j', 'x', 'p');
    const tray = roomConsole.region('Bulk operations');
    await tray.getByText(/^3\/3 · 2 failed/).waitFor();
    await press(tray.getByRole('button', { name: 'Who failed' }));
    const failures = roomConsole.page.getByRole('dialog', { name: '2 failed' });
    await failures
      .getByText(/The only place for speaker is taken/)
      .first()
      .waitFor();
    await roomConsole.press('Escape');
    const roles = async () =>
      (await Promise.all(people.map((each) => roleOf(room, each)))).sort().join();
    expect(await roles()).toBe('speaker,viewer,viewer');

    await setLimit(room, 3);
    await press(tray.getByRole('button', { name: 'Retry failed' }));
    await tray.getByText(/^3\/3 · done/).waitFor();
    for (const identity of people) await roomConsole.untilRow(identity, /Speaker/);

    await press(tray.getByRole('button', { name: /^Undo/ }));
    for (const identity of people) await roomConsole.untilRow(identity, /Viewer/);
    await until('it is all taken back', async () => (await roles()) === 'viewer,viewer,viewer');
    const operations: Json[] = await installation.admin.get(`/rooms/${room}/operations`);
    expect(operations.map(({ action, failed }) => [action, failed])).toEqual([
      ['undo', 0],
      ['promote', 0],
    ]);
    await until('the list has the focus again', () => hasFocus(roomConsole.grid));
  }, 90_000);

  it('keeps the keys where nobody is shown', async () => {
    const room = await installation.room('alone');
    await installation.join(room, 'ana');
    const roomConsole = await openConsole(room);
    await roomConsole.row('ana').waitFor();
    await roomConsole.press('1');
    await roomConsole.page.getByText('Nobody matches').waitFor();
    await roomConsole.untilSaid(/0 people shown/);
    expect(await hasFocus(roomConsole.grid)).toBe(true);
    await roomConsole.press('n');
    await roomConsole.untilSaid(/No hand is raised/);
    await roomConsole.press('Escape');
    await roomConsole.row('ana').waitFor();
    await roomConsole.press('u');
    await roomConsole.untilSaid(/There is nothing to undo/);
    await roomConsole.notice('There is nothing to undo').waitFor();
  }, 60_000);
});

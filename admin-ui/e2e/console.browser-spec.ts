import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { until } from '../../server/test/support/until.js';
import { ConsolePage, HAND_SINCE } from './pages/console-page.js';
import { describeBrowser } from './support/chromium.js';
import { Installation, type Operator } from './support/installation.js';
import { hasFocus } from './support/keyboard.js';
import { press } from './support/press.js';

describeBrowser('the room console, by keys', () => {
  let installation: Installation;
  let moderator: Operator;

  beforeAll(async () => {
    installation = await Installation.start();
    moderator = await installation.operator('Mo', 'moderator');
  }, 90_000);
  afterEach(() => installation?.leave());
  afterAll(() => installation?.stop(), 30_000);

  async function openConsole(room: string, operator?: Operator): Promise<ConsolePage> {
    const session = operator ? await installation.signIn(operator) : installation.admin;
    const visitor = await installation.visitor({ session });
    const desk = new ConsolePage(await visitor.goto(ConsolePage.path(room)), room);
    await desk.untilReady();
    return desk;
  }

  const seat = (room: string, identity: string) =>
    installation.admin.get(`/rooms/${room}/seats/${identity}`);

  it('K1 promotes the longest waiting hand by two keys', async () => {
    const room = await installation.room('k1');
    for (const identity of ['ana', 'bo', 'cy']) await installation.join(room, identity);
    for (const identity of ['bo', 'ana']) await installation.raiseHand(room, identity);
    const desk = await openConsole(room, moderator);
    await desk.untilRow('bo', HAND_SINCE);

    await desk.keys('h', 'p');
    expect(desk.presses).toBe(2);
    await desk.untilRow('bo', /Speaker.*Approved · \d/);
    await desk.untilSaid(/bo: Approved/);
    expect(await hasFocus(desk.grid)).toBe(true);
    expect(await desk.isActive('bo')).toBe(true);
    expect((await seat(room, 'bo')).hand).toBeNull();
    expect((await seat(room, 'ana')).role.template).toBe('viewer');
  }, 60_000);

  it('K2 finds and mutes Ana by six keys', async () => {
    const room = await installation.room('k2');
    for (const identity of ['ana', 'bo']) {
      const person = await installation.join(room, identity, { template: 'speaker' });
      await person.publishAudio();
    }
    const desk = await openConsole(room, moderator);
    await desk.untilRow('ana', /● mic/);

    await desk.keys('/', 'a', 'n', 'a', 'ArrowDown', 'm');
    expect(desk.presses).toBe(6);
    await desk.untilRow('ana', /Muted · silent after \d/);
    await desk.untilSaid(/ana: Muted/);
    expect(await hasFocus(desk.grid)).toBe(true);
    expect(await desk.isActive('ana')).toBe(true);
    const isMuted = async (identity: string) => (await seat(room, identity)).tracks[0].isMuted;
    expect([await isMuted('ana'), await isMuted('bo')]).toEqual([true, false]);
  }, 60_000);

  it('K3 takes the last thing back by one key', async () => {
    const room = await installation.room('k3');
    await installation.join(room, 'ana');
    const desk = await openConsole(room, moderator);
    await desk.press('p');
    await desk.untilRow('ana', /Speaker.*Promoted · \d/);

    desk.presses = 0;
    await desk.press('u');
    expect(desk.presses).toBe(1);
    await desk.untilRow('ana', /Viewer.*Undone · \d/);
    await desk.untilSaid(/ana: Undone/);
    expect(await hasFocus(desk.grid)).toBe(true);
    expect((await seat(room, 'ana')).override).toBeNull();
  }, 60_000);

  it('K4 removes three people by eight keys, and not by one Enter too early', async () => {
    const room = await installation.room('k4');
    for (const identity of ['ana', 'bo', 'cy', 'dee']) await installation.join(room, identity);
    const desk = await openConsole(room, moderator);
    await desk.row('dee').waitFor();

    await desk.keys('x', 'j', 'x', 'j', 'x', 'Delete');
    await desk.page.getByRole('dialog', { name: 'Remove 3 people?' }).waitFor();
    await desk.keys('Tab', 'Enter');
    expect(desk.presses).toBe(8);
    for (const identity of ['ana', 'bo', 'cy']) {
      await desk.row(identity).waitFor({ state: 'detached' });
    }
    await desk.untilSaid(/Removing: 3 of 3 done, 0 failed/);
    await until('the list has the focus again', () => hasFocus(desk.grid));
    const [removal] = await installation.admin.get(`/rooms/${room}/operations`);
    expect(removal).toMatchObject({ action: 'remove', total: 3, reason: null });
    await desk.row('dee').waitFor();
  }, 60_000);

  it('a key held down asks once', async () => {
    const room = await installation.room('held');
    await installation.join(room, 'ana');
    const desk = await openConsole(room, moderator);
    let sent = 0;
    desk.page.on('request', (request) => {
      if (request.url().endsWith('/promote')) sent += 1;
    });
    // The browser repeats a key that is not let go.
    for (let press = 0; press < 50; press += 1) await desk.page.keyboard.down('p');
    await desk.page.keyboard.up('p');
    await desk.untilRow('ana', /Speaker.*Promoted · \d/);
    expect(sent).toBe(1);
  }, 60_000);

  it('holds somebody silent and says what it will do before, and what it did after', async () => {
    const room = await installation.room('hold');
    const ana = await installation.join(room, 'ana', { template: 'speaker' });
    await ana.publishAudio();
    const desk = await openConsole(room, moderator);
    await desk.untilRow('ana', /● mic/);

    await desk.press('Enter');
    const menu = desk.page.getByRole('dialog', { name: 'Actions for ana' });
    const item = menu.getByRole('menuitem', { name: /^Hold silent.*microphone/ });
    await desk.choose(menu, item);
    await desk.untilRow('ana', /Held silent · silent after \d/);
    expect((await seat(room, 'ana')).observed.canPublishSources).toEqual([]);

    await desk.press('s');
    await desk.untilRow('ana', /Released · \d/);
    expect((await seat(room, 'ana')).hold).toBeNull();
  }, 60_000);

  it('lends a role for a while, and makes the while longer by one key', async () => {
    const room = await installation.room('lease');
    await installation.join(room, 'ana');
    const desk = await openConsole(room, moderator);
    await desk.press('Shift+P');
    const menu = desk.page.getByRole('dialog', { name: 'Promote ana to' });
    await menu.getByRole('button', { name: '5m', exact: true }).click();
    await desk.choose(menu, menu.getByRole('menuitem', { name: /Speaker/ }));
    await desk.untilRow('ana', /Speaker.* 5 min left/);
    await until('the list has the focus again', () => hasFocus(desk.grid));
    await desk.press('e');
    await desk.untilRow('ana', /Extended/);
    await desk.untilRow('ana', /10 min left/);
  }, 60_000);

  it('shows two moderators whom the other has in hand, for five seconds', async () => {
    const room = await installation.room('both');
    await installation.join(room, 'ana');
    const mine = await openConsole(room, moderator);
    const theirs = await openConsole(room);
    await theirs.press('Enter');
    await mine.untilRow('ana', /admin is acting/);
    expect(await theirs.page.getByText(/is acting/).count()).toBe(0);
    await mine
      .row('ana')
      .filter({ hasNotText: /acting/ })
      .waitFor();
  }, 60_000);

  it('locks the stage by two presses, says so to everybody, and restores it', async () => {
    const room = await installation.room('panic');
    const ana = await installation.join(room, 'ana', { template: 'speaker' });
    await ana.publishAudio();
    await installation.join(room, 'bo');
    const desk = await openConsole(room, moderator);
    const other = await openConsole(room);
    await desk.untilRow('ana', /● mic/);

    await desk.press('l');
    await desk.untilSaid(/Press L again/);
    expect((await installation.admin.get(`/rooms/${room}`)).scene).toBeNull();
    await desk.press('l');
    await desk.untilSaid(/Locking the stage/);
    await other
      .region('Scene')
      .filter({ hasText: /Lock since/ })
      .waitFor();
    await desk.untilRow('ana', /Silent in this scene/);
    await until('nothing of Ana is sent', async () =>
      (await seat(room, 'ana')).tracks.every(({ isMuted }: { isMuted: boolean }) => isMuted),
    );
    expect(await hasFocus(desk.grid)).toBe(true);

    await desk.region('Scene').getByRole('button', { name: 'Restore' }).click();
    await desk.region('Scene').waitFor({ state: 'detached' });
    await other.region('Scene').waitFor({ state: 'detached' });
    await until('Ana may speak again', async () =>
      (await seat(room, 'ana')).observed.canPublishSources.includes('microphone'),
    );
    await until('the list has the focus again', () => hasFocus(desk.grid));
  }, 60_000);

  it('takes back what was last, be it of one or of many, and offers no undo of a removal', async () => {
    const room = await installation.room('last');
    for (const identity of ['ana', 'bo', 'cy', 'dee']) await installation.join(room, identity);
    const desk = await openConsole(room, moderator);
    const tray = desk.region('Bulk operations');
    const isHeld = async (identity: string) => (await seat(room, identity)).hold !== null;

    await desk.row('dee').waitFor();
    await desk.keys('x', 'j', 'x', 'j');
    await desk
      .region('Actions for the selected people')
      .getByRole('button', { name: 'Hold silent' })
      .click();
    await tray.getByText(/2\/2 · done/).waitFor();
    await desk.press('p');
    await desk.untilRow('cy', /Speaker.*Promoted/);
    await desk.press('u');
    await desk.untilRow('cy', /Viewer.*Undone/);
    expect(await isHeld('ana')).toBe(true);

    await desk.press('p');
    await desk.untilRow('cy', /Speaker.*Promoted/);
    await desk.keys('j', 'x', 'k', 'k', 'x', 'Delete');
    await desk.page.getByRole('dialog', { name: 'Remove 2 people?' }).waitFor();
    await desk.keys('Tab', 'Enter');
    await desk.row('dee').waitFor({ state: 'detached' });
    await tray.getByText(/Removing.*2\/2 · done/).waitFor();
    const [removal] = await installation.admin.get(`/rooms/${room}/operations`);
    expect(removal).toMatchObject({ action: 'remove', undoUntil: null });
    await desk.press('u');
    await desk.untilSaid(/There is nothing to undo/);
    expect((await seat(room, 'cy')).role.template).toBe('speaker');
  }, 60_000);

  it('shows how long a role still lasts, whatever else has no place', async () => {
    const room = await installation.room('countdown');
    await installation.join(room, 'ana');
    await installation.admin.post(`/rooms/${room}/seats/ana/promote`, { for: '15m' });
    const desk = await openConsole(room);
    const left = desk.row('ana').getByText(/1[45] min left/);
    await left.waitFor();
    const isWhole = await left.evaluate((element) => {
      const cell = element.closest('[role=gridcell]')!;
      return cell.scrollWidth <= cell.clientWidth;
    });
    expect(isWhole).toBe(true);

    await desk.press('Space');
    await desk.page.getByRole('link', { name: 'All in the activity log' }).click();
    await desk.page.waitForURL((url) => url.search === '?room=countdown&identity=ana');
    await desk.page
      .getByText(/promoted ana to Speaker/)
      .first()
      .waitFor();
    expect(await desk.page.getByText(/ signed in$/).count()).toBe(0);
  }, 60_000);

  it('work for many survives leaving the page and loading it again', async () => {
    const room = await installation.room('many');
    await installation.join(room, 'ana');
    const desk = await openConsole(room);
    const identities = Array.from({ length: 3_000 }, (_, n) => `ghost-${n}`);
    await installation.admin.post(`/rooms/${room}/seats/bulk`, { action: 'block', identities });
    const tray = desk.region('Bulk operations');
    await press(tray.getByRole('button', { name: 'Pause' }));
    await tray.getByText(/paused/).waitFor();

    await desk.page.reload();
    await tray.getByText(/\d+\/3000 · paused/).waitFor();
    await desk.page.getByRole('link', { name: 'Users' }).click();
    await desk.page.goBack();
    await tray.getByText(/paused/).waitFor();
    await press(tray.getByRole('button', { name: 'Resume' }));
    await press(tray.getByRole('button', { name: 'Cancel the rest' }));
    await tray
      .getByText(/cancelled/)
      .first()
      .waitFor();
    const [operation] = await installation.admin.get(`/rooms/${room}/operations`);
    expect(operation.status).toBe('cancelled');
    expect(operation.done).toBeLessThanOrEqual(operation.total);
  }, 90_000);

  it('asks for the number before something happens to hosts, and leaves them out by default', async () => {
    const room = await installation.room('hosts');
    await installation.join(room, 'hal', { template: 'host' });
    for (const identity of ['ana', 'bo']) await installation.join(room, identity);
    const desk = await openConsole(room);
    await desk.row('ana').waitFor();
    await desk.press('Control+A');
    const bar = desk.region('Actions for the selected people');
    await bar.getByText(/All 2 matching as of \d\d:\d\d:\d\d/).waitFor();
    await press(bar.getByRole('button', { name: 'Include' }));
    await press(bar.getByRole('button', { name: 'Hold silent' }));
    const dialog = desk.page.getByRole('dialog', { name: 'Hold 3 people silent?' });
    const confirm = dialog.getByRole('button', { name: 'Hold 3 people silent' });
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByRole('textbox').fill('3');
    await confirm.click();
    await desk.untilRow('ana', /Held silent/);
    await desk.untilRow('hal', /Held silent/);
  }, 60_000);
});

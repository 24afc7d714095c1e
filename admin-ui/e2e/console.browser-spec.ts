import { expect, it } from '@jest/globals';
import { until } from '../../server/test/support/until.js';
import { HAND_SINCE } from './pages/console-page.js';
import { describeBrowser } from './support/chromium.js';
import { useInstallation } from './support/installation.js';
import { hasFocus } from './support/keyboard.js';
import { press } from './support/press.js';
import { heard } from './support/said.js';

describeBrowser('the room console, by keys', () => {
  const installation = useInstallation();

  const asModerator = (room: string) => installation.openConsole(room, { as: 'moderator' });

  it('K1 promotes the longest waiting hand by two keys', async () => {
    const room = await installation.room('k1');
    for (const identity of ['ana', 'bo', 'cy']) await installation.join(room, identity);
    for (const identity of ['bo', 'ana']) await installation.raiseHand(room, identity);
    const consolePage = await asModerator(room);
    await consolePage.untilRow('bo', HAND_SINCE);

    await consolePage.keys('h', 'p');
    expect(consolePage.presses).toBe(2);
    await consolePage.untilRow('bo', /Speaker.*Approved · \d/);
    await consolePage.untilSaid(/bo: Approved/);
    expect(await hasFocus(consolePage.grid)).toBe(true);
    expect(await consolePage.isActive('bo')).toBe(true);
    expect((await installation.seat(room, 'bo')).hand).toBeNull();
    expect((await installation.seat(room, 'ana')).role.template).toBe('viewer');
  });

  it('K2 finds and mutes Ana by six keys', async () => {
    const room = await installation.room('k2');
    for (const identity of ['ana', 'bo']) {
      const person = await installation.join(room, identity, { template: 'speaker' });
      await person.publishAudio();
    }
    const consolePage = await asModerator(room);
    for (const identity of ['ana', 'bo']) await consolePage.untilLive(identity, 'mic');

    await consolePage.keys('/', 'a', 'n', 'a', 'ArrowDown', 'm');
    expect(consolePage.presses).toBe(6);
    await consolePage.untilRow('ana', /Muted · silent after \d/);
    await consolePage.untilSaid(/ana: Muted/);
    expect(await hasFocus(consolePage.grid)).toBe(true);
    expect(await consolePage.isActive('ana')).toBe(true);
    const isMuted = async (identity: string) =>
      (await installation.seat(room, identity)).tracks[0].isMuted;
    expect([await isMuted('ana'), await isMuted('bo')]).toEqual([true, false]);
  });

  it('K3 takes the last thing back by one key', async () => {
    const room = await installation.room('k3');
    await installation.join(room, 'ana');
    const consolePage = await asModerator(room);
    await consolePage.press('p');
    await consolePage.untilRow('ana', /Speaker.*Promoted · \d/);

    consolePage.presses = 0;
    await consolePage.press('u');
    expect(consolePage.presses).toBe(1);
    await consolePage.untilRow('ana', /Viewer.*Undone · \d/);
    await consolePage.untilSaid(/ana: Undone/);
    expect(await hasFocus(consolePage.grid)).toBe(true);
    expect((await installation.seat(room, 'ana')).override).toBeNull();
  });

  it('K4 removes three people by eight keys, and not by one Enter too early', async () => {
    const room = await installation.room('k4');
    for (const identity of ['ana', 'bo', 'cy', 'dee']) await installation.join(room, identity);
    const consolePage = await asModerator(room);
    await consolePage.row('dee').waitFor();

    await consolePage.keys('x', 'j', 'x', 'j', 'x', 'Delete');
    await consolePage.untilDialog('Remove 3 people?');
    await consolePage.keys('Tab', 'Enter');
    expect(consolePage.presses).toBe(8);
    for (const identity of ['ana', 'bo', 'cy']) {
      await consolePage.row(identity).waitFor({ state: 'detached' });
    }
    await consolePage.untilSaid(/Removing: 3 of 3 done, 0 failed/);
    await consolePage.untilFocused();
    const [removal] = await installation.admin.get(`/rooms/${room}/operations`);
    expect(removal).toMatchObject({ action: 'remove', total: 3, reason: null });
    await consolePage.row('dee').waitFor();
  });

  it('a key held down asks once', async () => {
    const room = await installation.room('held');
    await installation.join(room, 'ana');
    const consolePage = await asModerator(room);
    let sent = 0;
    consolePage.page.on('request', (request) => {
      if (request.url().endsWith('/promote')) sent += 1;
    });
    // The browser repeats a key that is not let go.
    for (let press = 0; press < 50; press += 1) await consolePage.page.keyboard.down('p');
    await consolePage.page.keyboard.up('p');
    await consolePage.untilRow('ana', /Speaker.*Promoted · \d/);
    expect(sent).toBe(1);
  });

  it('holds somebody silent and says what it will do before, and what it did after', async () => {
    const room = await installation.room('hold');
    const ana = await installation.join(room, 'ana', { template: 'speaker' });
    await ana.publishAudio();
    const consolePage = await asModerator(room);
    await consolePage.untilLive('ana', 'mic');

    await consolePage.press('Enter');
    const menu = consolePage.page.getByRole('dialog', { name: 'Actions for ana' });
    const item = menu.getByRole('menuitem', { name: /^Hold silent.*microphone/ });
    await consolePage.choose(menu, item);
    await consolePage.untilRow('ana', /Held silent · silent after \d/);
    expect((await installation.seat(room, 'ana')).observed.canPublishSources).toEqual([]);

    await consolePage.press('s');
    await consolePage.untilRow('ana', /Released · \d/);
    expect((await installation.seat(room, 'ana')).hold).toBeNull();
  });

  it('lends a role for a while, and makes the while longer by one key', async () => {
    const room = await installation.room('lease');
    await installation.join(room, 'ana');
    const consolePage = await asModerator(room);
    await consolePage.press('Shift+P');
    const menu = consolePage.page.getByRole('dialog', { name: 'Promote ana to' });
    await press(menu.getByRole('button', { name: '5m', exact: true }));
    await consolePage.choose(menu, menu.getByRole('menuitem', { name: /Speaker/ }));
    await consolePage.untilRow('ana', /Speaker.* 5 min left/);
    await consolePage.untilFocused();
    await consolePage.press('e');
    await consolePage.untilRow('ana', /Extended/);
    await consolePage.untilRow('ana', /10 min left/);
  });

  it('shows two moderators who the other one acts on, for five seconds', async () => {
    const room = await installation.room('both');
    await installation.join(room, 'ana');
    const mine = await asModerator(room);
    const theirs = await installation.openConsole(room);
    await theirs.press('Enter');
    await mine.untilRow('ana', /admin is acting/);
    expect(await theirs.page.getByText(/is acting/).count()).toBe(0);
    await mine
      .row('ana')
      .filter({ hasNotText: /acting/ })
      .waitFor();
  });

  it('locks the stage by two presses, says so to everybody, and restores it', async () => {
    const room = await installation.room('panic');
    const ana = await installation.join(room, 'ana', { template: 'speaker' });
    await ana.publishAudio();
    await installation.join(room, 'bo');
    const consolePage = await asModerator(room);
    const other = await installation.openConsole(room);
    await consolePage.untilLive('ana', 'mic');

    // One press arms, be it by mouse or by key.
    await press(consolePage.page.getByRole('button', { name: 'Lock stage' }));
    await consolePage.untilSaid(/again to lock the stage/);
    expect((await installation.admin.get(`/rooms/${room}`)).scene).toBeNull();
    await consolePage.grid.focus();
    // Armed by the button and carried out by the key; after three seconds it has to be armed again.
    await until('it is locked', async () => {
      await consolePage.press('l');
      await consolePage.untilSaid(/(Locking|again to lock) the stage/);
      return heard(consolePage.page, /Locking the stage/);
    });
    await other
      .region('Scene')
      .filter({ hasText: /Lock since/ })
      .waitFor();
    await consolePage.untilRow('ana', /Silent in this scene/);
    await until('nothing of Ana is sent', async () =>
      (await installation.seat(room, 'ana')).tracks.every(
        ({ isMuted }: { isMuted: boolean }) => isMuted,
      ),
    );
    expect(await hasFocus(consolePage.grid)).toBe(true);

    await consolePage.region('Scene').getByRole('button', { name: 'Restore' }).click();
    await consolePage.region('Scene').waitFor({ state: 'detached' });
    await other.region('Scene').waitFor({ state: 'detached' });
    await until('Ana may speak again', async () =>
      (await installation.seat(room, 'ana')).observed.canPublishSources.includes('microphone'),
    );
    await consolePage.untilFocused();
  });

  it('takes back what was last, be it of one or of many, and offers no undo of a removal', async () => {
    const room = await installation.room('last');
    for (const identity of ['ana', 'bo', 'cy', 'dee']) await installation.join(room, identity);
    const consolePage = await asModerator(room);
    const tray = consolePage.region('Bulk operations');
    const isHeld = async (identity: string) =>
      (await installation.seat(room, identity)).hold !== null;

    await consolePage.row('dee').waitFor();
    await consolePage.keys('x', 'j', 'x', 'j');
    const bar = consolePage.region('Actions for the selected people');
    await press(bar.getByRole('button', { name: 'Hold silent' }));
    await tray.getByText(/2\/2 · done/).waitFor();
    await consolePage.press('p');
    await consolePage.untilRow('cy', /Speaker.*Promoted/);
    await consolePage.press('u');
    await consolePage.untilRow('cy', /Viewer.*Undone/);
    expect(await isHeld('ana')).toBe(true);

    await consolePage.press('p');
    await consolePage.untilRow('cy', /Speaker.*Promoted/);
    await consolePage.keys('j', 'x', 'k', 'k', 'x', 'Delete');
    await consolePage.untilDialog('Remove 2 people?');
    await consolePage.keys('Tab', 'Enter');
    await consolePage.row('dee').waitFor({ state: 'detached' });
    await tray.getByText(/Removing.*2\/2 · done/).waitFor();
    const [removal] = await installation.admin.get(`/rooms/${room}/operations`);
    expect(removal).toMatchObject({ action: 'remove', undoUntil: null });
    await consolePage.press('u');
    await consolePage.untilSaid(/There is nothing to undo/);
    expect((await installation.seat(room, 'cy')).role.template).toBe('speaker');
  });

  it('shows how long a role still lasts, whatever else has no place', async () => {
    const room = await installation.room('countdown');
    await installation.join(room, 'ana');
    await installation.act(room, 'ana', 'promote', { for: '15m' });
    const consolePage = await installation.openConsole(room);
    const left = consolePage.row('ana').getByText(/1[45] min left/);
    await left.waitFor();
    const isWhole = await left.evaluate((element) => {
      const cell = element.closest('[role=gridcell]')!;
      return cell.scrollWidth <= cell.clientWidth;
    });
    expect(isWhole).toBe(true);

    await consolePage.press('Space');
    await press(consolePage.page.getByRole('link', { name: 'All in the activity log' }));
    await consolePage.page.waitForURL((url) => url.search === '?room=countdown&identity=ana');
    await consolePage.page
      .getByText(/promoted ana to Speaker/)
      .first()
      .waitFor();
    expect(await consolePage.page.getByText(/ signed in$/).count()).toBe(0);
  });

  it('work for many survives leaving the page and loading it again', async () => {
    const room = await installation.room('many');
    await installation.join(room, 'ana');
    const consolePage = await installation.openConsole(room);
    const identities = Array.from({ length: 3_000 }, (_, n) => `ghost-${n}`);
    await installation.admin.post(`/rooms/${room}/seats/bulk`, { action: 'block', identities });
    const tray = consolePage.region('Bulk operations');
    await press(tray.getByRole('button', { name: 'Pause' }));
    await tray.getByText(/paused/).waitFor();

    await consolePage.page.reload();
    await tray.getByText(/\d+\/3000 · paused/).waitFor();
    await consolePage.page.getByRole('link', { name: 'Users' }).click();
    await consolePage.page.goBack();
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
  });

  it('asks for the number before something happens to hosts, and leaves them out by default', async () => {
    const room = await installation.room('hosts');
    await installation.join(room, 'hal', { template: 'host' });
    for (const identity of ['ana', 'bo']) await installation.join(room, identity);
    const consolePage = await installation.openConsole(room);
    await consolePage.row('ana').waitFor();
    await consolePage.press('Control+A');
    const bar = consolePage.region('Actions for the selected people');
    await bar.getByText(/All 2 matching as of \d\d:\d\d:\d\d/).waitFor();
    await press(bar.getByRole('button', { name: 'Include' }));
    await press(bar.getByRole('button', { name: 'Hold silent' }));
    const dialog = consolePage.page.getByRole('dialog', { name: 'Hold 3 people silent?' });
    const confirm = dialog.getByRole('button', { name: 'Hold 3 people silent' });
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByRole('textbox').fill('3');
    await confirm.click();
    await consolePage.untilRow('ana', /Held silent/);
    await consolePage.untilRow('hal', /Held silent/);
  });
});

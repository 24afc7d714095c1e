import { expect, it } from '@jest/globals';
import { until } from '../../server/test/support/until.js';
import { Dashboard } from './pages/dashboard.js';
import { JoinPage } from './pages/join-page.js';
import { SignInPage } from './pages/sign-in-page.js';
import { describeBrowser } from './support/chromium.js';
import { useInstallation } from './support/installation.js';
import { ADMIN } from './support/rolecall-server.js';

interface Claims {
  sub: string;
  jti: string;
  video: Record<string, unknown>;
}

describeBrowser('an admin', () => {
  const installation = useInstallation();

  it('comes from an empty installation to a person in a room, and never sees the token again', async () => {
    const signIn = await SignInPage.open(await installation.visitor());
    const page = await signIn.signIn(ADMIN);
    const dashboard = new Dashboard(page);

    await dashboard.goTo('Role templates');
    await dashboard.link('New template').click();
    await page.getByRole('button', { name: /^Speaker/ }).click();
    await dashboard.field('Name').fill('Stage hand');
    expect(await dashboard.field('Key').inputValue()).toBe('stage-hand');
    await dashboard.button('Create the draft').click();
    await dashboard.untilTitle('Stage hand');
    const words = dashboard.section('What it gives').getByRole('list').last();
    await words.filter({ hasText: /microphone/i }).waitFor();
    await page.getByRole('checkbox', { name: /^Microphone/ }).uncheck();
    await page.getByRole('checkbox', { name: /^Screen\b(?! audio)/ }).check();
    await words.filter({ hasText: /screen/i }).waitFor();
    expect(await words.textContent()).not.toMatch(/microphone/i);
    await dashboard.button('Publish…').click();
    const publish = page.getByRole('dialog', { name: 'Publish Stage hand, version 1' });
    const confirm = publish.getByRole('button', { name: 'Publish version 1' });
    expect(await confirm.isDisabled()).toBe(true);
    await publish.getByRole('textbox', { name: 'What changes, and why' }).fill('For the stage');
    await confirm.click();
    await publish.waitFor({ state: 'detached' });
    await page.getByText('Version 1 is published').first().waitFor();

    await dashboard.goTo('Users');
    await dashboard.link('New user').first().click();
    await dashboard.field('Identity').fill('ana-91');
    await dashboard.field('Name').fill('Ana Ruiz');
    await dashboard.button('New user').click();
    await dashboard.untilTitle('Ana Ruiz');

    await dashboard.goTo('Rooms');
    await dashboard.link('New room').first().click();
    await dashboard.field('Name').fill('town-hall');
    await dashboard.button('New room').click();
    await dashboard.untilTitle('town-hall');
    await page.getByText('Nobody is here yet').waitFor();

    await dashboard.goTo('Assignments');
    await dashboard.link('Assign a role').first().click();
    await dashboard.pick('User', 'Ana Ruiz');
    await dashboard.choose('Role', 'Stage hand');
    await dashboard.pick('Room', 'town-hall');
    await page.getByText(/Ana Ruiz gets\s*Stage hand\s*in town-hall/).waitFor();
    await dashboard.button('Assign a role').click();
    await dashboard.untilTitle('Assignments');
    await page
      .getByRole('row')
      .filter({ hasText: 'Ana Ruiz' })
      .filter({ hasText: 'Stage hand' })
      .waitFor();

    await dashboard.goTo('Issue a token');
    await dashboard.pick('Identity', 'ana-91');
    await dashboard.pick('Room', 'town-hall');
    const preview = dashboard.section('What the token will say');
    await preview.getByText('Stage hand').waitFor();
    await dashboard.button('Issue the token').click();
    const issued = dashboard.section('A token for ana-91 in town-hall');
    await issued.getByText('Shown once and not stored.', { exact: false }).waitFor();
    const token = (await issued.getByRole('group', { name: 'Token' }).textContent()) ?? '';
    const claims = JSON.parse(
      Buffer.from(token.split('.')[1] ?? '', 'base64url').toString(),
    ) as Claims;
    expect(claims).toMatchObject({
      sub: 'ana-91',
      video: { room: 'town-hall', roomJoin: true, canPublishSources: ['camera', 'screen_share'] },
    });
    const facts = dashboard.section('What was issued');
    expect(await facts.textContent()).toMatch(/Decides:.*assign/is);
    expect(await facts.textContent()).toContain(claims.jti);

    const opened = page.waitForEvent('popup');
    await dashboard.button('Open the join page with it').click();
    const ana = new JoinPage(await opened);
    await ana.untilInRoom();
    await ana.untilMay('show your camera', true);
    await ana.untilMay('share your screen', true);
    await ana.untilMay('speak', false);

    await dashboard.goTo('Rooms');
    await page
      .getByRole('row')
      .filter({ hasText: 'town-hall' })
      .filter({ hasText: /Live/ })
      .waitFor();
    await page.goBack();
    await dashboard.untilTitle('Issue a token');
    expect(await page.content()).not.toContain(token);
    await until('what is issued is in no store of the browser', () =>
      page.evaluate(
        (secret) => !JSON.stringify([localStorage, sessionStorage]).includes(secret),
        token,
      ),
    );
  });
});

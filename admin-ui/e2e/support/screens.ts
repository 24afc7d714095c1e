import type { Locator, Page } from 'playwright-core';
import { ConsolePage } from '../pages/console-page.js';
import { Dashboard } from '../pages/dashboard.js';
import { LedgerPage } from '../pages/ledger-page.js';
import { press } from './press.js';

export interface Screen {
  readonly name: string;
  readonly path: string;
  /** A text that is there once the page has its data. */
  readonly shows?: string | RegExp;
  /** What is opened or filled in before one looks. */
  readonly open?: (page: Page) => Promise<unknown>;
}

export const ROOM = 'town hall/1';
export const CONSOLE = ConsolePage.path(ROOM);

export const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

/** A button that asks before it does anything. */
const asks = (name: string) => async (page: Page) => {
  await button(page, name).click();
  await page.getByRole('dialog').waitFor();
};

/** What is chosen from the menu of a button, and the dialog that it opens. */
const opens = (menu: string, item: string, dialog: string) => async (page: Page) => {
  await button(page, menu).click();
  await page.getByRole('menuitem', { name: item }).click();
  await page.getByRole('dialog', { name: dialog }).waitFor();
};

/** The newest act of a log beside the list. */
const newestAct = (page: Page) => new LedgerPage(page).open(/./);

/** The console, with a key pressed on a person. */
const onKey = (key: string, shown: (page: Page) => Locator, identity = 'vera') => ({
  path: CONSOLE,
  open: async (page: Page) => {
    await new ConsolePage(page, ROOM).focusOn(identity);
    await page.keyboard.press(key);
    await shown(page).waitFor();
  },
});

const dialog = (name: string | RegExp) => (page: Page) => page.getByRole('dialog', { name });

export const NOTHING_YET: Screen[] = [
  { name: 'home', path: '/' },
  { name: 'rooms', path: '/rooms' },
  { name: 'users', path: '/users' },
  { name: 'assignments', path: '/assignments' },
  { name: 'issuances', path: '/issuances' },
  { name: 'alarms', path: '/alarms', shows: 'No alarms' },
  { name: 'API keys', path: '/api-keys' },
  { name: 'an address that is none', path: '/nowhere' },
];

export const FORMS: Screen[] = [
  { name: 'a new room', path: '/rooms/create' },
  { name: 'a new user', path: '/users/create' },
  { name: 'a new assignment', path: '/assignments/create' },
  { name: 'the gallery of role templates', path: '/role-templates/create' },
  { name: 'a new role template', path: '/role-templates/create?from=preset%3Aspeaker' },
  { name: 'a new operator', path: '/operators/create' },
  { name: 'a new API key', path: '/api-keys/create' },
  {
    name: 'a form with mistakes in it',
    path: '/rooms/create',
    open: async (page) => {
      await button(page, 'New room').click();
      await page.getByText('Required').first().waitFor();
    },
  },
];

export const FILLED: Screen[] = [
  { name: 'home', path: '/', shows: 'Live now' },
  { name: 'rooms', path: '/rooms', shows: ROOM },
  {
    name: 'a filter that finds nothing',
    path: `/rooms?filter=${encodeURIComponent('{"q":"zzz"}')}`,
    open: (page) => page.getByText('Nothing matches').waitFor(),
  },
  {
    name: 'the settings of a room',
    path: `/rooms/${encodeURIComponent(ROOM)}`,
    shows: /people are in the room/,
  },
  {
    name: 'the question before a room is closed',
    path: `/rooms/${encodeURIComponent(ROOM)}`,
    open: asks('Close room'),
  },
  { name: 'users', path: '/users', shows: 'vera' },
  { name: 'role templates', path: '/role-templates', shows: 'Stage hand' },
  {
    name: 'a role template',
    path: '/role-templates/stage-hand',
    shows: /Version 1 is published/,
  },
  {
    name: 'publishing a role template',
    path: '/role-templates/stage-hand',
    open: asks('Publish…'),
  },
  {
    name: 'the versions of a role template',
    path: '/role-templates/stage-hand',
    open: async (page) => {
      await page.getByRole('tab', { name: 'Versions' }).click();
      await page.getByText('For the stage').waitFor();
    },
  },
  { name: 'assignments', path: '/assignments', shows: 'Stage hand' },
  { name: 'issuances', path: '/issuances', shows: /issued Viewer v1 to vera/ },
  {
    name: 'activity',
    path: '/activity',
    open: (page) => new LedgerPage(page).entries.first().waitFor(),
  },
  { name: 'the integrity of the ledger', path: '/integrity', shows: 'Public keys of the log' },
  { name: 'alarms', path: '/alarms', shows: /LiveKit runs speakeasy/ },
  {
    name: 'the question before an alarm is acknowledged',
    path: '/alarms',
    open: asks('Acknowledge: room.unexplained'),
  },
  { name: 'exposure', path: '/exposure', shows: /Holds a token/ },
  { name: 'a person over time', path: '/people/vera', shows: 'Where and as what' },
  {
    name: 'a room over time',
    path: `/rooms/${encodeURIComponent(ROOM)}/history`,
    shows: 'Who was there and as what',
  },
  {
    name: 'what was found in the log',
    path: '/activity?found=tokens-never-used',
    shows: /Tokens that have expired without a connect/,
  },
  { name: 'operators', path: '/operators', shows: 'Audrey' },
  { name: 'access roles', path: '/access-roles', shows: 'ledger.read' },
  { name: 'API keys', path: '/api-keys', shows: 'back end' },
  { name: 'the account', path: '/account' },
  { name: 'LiveKit', path: '/status' },
  {
    name: 'the question before all tokens are voided',
    path: '/status',
    open: asks('Revoke all tokens…'),
  },
];

export const LIVE: Screen[] = [
  { name: 'the room', path: CONSOLE, shows: 'vera' },
  {
    name: 'a person in the room',
    ...onKey('Space', (page) =>
      page.getByRole('complementary', { name: 'vera' }).getByText('Last actions'),
    ),
  },
  {
    name: 'the choice of a role',
    ...onKey('Shift+P', dialog('Promote vera to')),
  },
  {
    name: 'the question before somebody is removed',
    ...onKey('Delete', dialog('Remove vera?')),
  },
  {
    name: 'several people chosen',
    ...onKey('x', (page) =>
      page.getByRole('region', { name: 'Actions for the selected' }).getByText('1 selected'),
    ),
  },
  {
    name: 'everybody who matches chosen, and the question before it happens to hosts',
    path: CONSOLE,
    open: async (page) => {
      await new ConsolePage(page, ROOM).focusOn('vera');
      await page.keyboard.press('Control+A');
      await press(button(page, 'Include'));
      await press(button(page, 'Hold silent'));
      await dialog(/^Hold \d+ people silent/)(page).waitFor();
    },
  },
  {
    name: 'what can be done to a person, and what each would do',
    ...onKey('Enter', (page) => page.getByText('Leaves the room; can come back with a token')),
  },
  {
    name: 'the answer to a raised hand',
    path: CONSOLE,
    open: async (page) => {
      const consolePage = new ConsolePage(page, ROOM);
      await consolePage.focusOn('wil');
      await press(consolePage.row('wil').getByRole('button', { name: 'Decline' }));
      await dialog('Decline the hand of wil?')(page).waitFor();
    },
  },
  {
    name: 'the places on the stage',
    path: CONSOLE,
    open: opens('More', 'Places on the stage…', 'Places on the stage'),
  },
  {
    name: 'the scenes',
    path: CONSOLE,
    open: async (page) => {
      await button(page, 'Scenes').click();
      await page.getByRole('menuitem', { name: /Lock/ }).waitFor();
    },
  },
  {
    name: 'a new scene',
    path: CONSOLE,
    open: opens('Scenes', 'New scene…', 'New scene'),
  },
  {
    name: 'the keyboard shortcuts',
    path: CONSOLE,
    open: opens('More', 'Keyboard shortcuts', 'Keyboard shortcuts'),
  },
  { name: 'a room with nobody in it', path: '/rooms/empty/console' },
  {
    name: 'issuing a token',
    path: `/tokens/new?${new URLSearchParams({ room: ROOM, identity: 'vera' })}`,
    open: (page) => page.getByText('Decides:').first().waitFor(),
  },
  {
    name: 'an issued token',
    path: `/tokens/new?${new URLSearchParams({ room: ROOM, identity: 'vera' })}`,
    open: async (page) => {
      await button(page, 'Issue the token').click();
      await page.getByRole('group', { name: 'Token' }).waitFor();
    },
  },
  {
    name: 'an issuance',
    path: '/issuances',
    open: newestAct,
  },
  {
    name: 'an entry of the ledger',
    path: '/activity?kind=seat.*',
    open: newestAct,
  },
  {
    name: 'the search, with what it found',
    path: '/access-roles',
    open: async (page) => {
      await page.keyboard.press('Control+K');
      await page.getByRole('combobox', { name: 'Find anything' }).fill('vera');
      await page.getByRole('option', { name: /Acts about vera/ }).waitFor();
    },
  },
  {
    name: 'a new API key that is shown once',
    path: '/api-keys/create',
    open: async (page) => {
      await new Dashboard(page).field('Name').fill(`backend ${Date.now()}`);
      await button(page, 'Issues tokens').click();
      await button(page, 'New API key').click();
      await page.getByRole('dialog').waitFor();
    },
  },
];

#!/usr/bin/env node
/*
 * npm run screenshots: takes the README's pictures from the running product. It starts Rolecall
 * with --demo in a folder that is thrown away, lets a few things happen there through the
 * dashboard and the API, and writes docs/images.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { PlainError } from './lib/errors.mjs';
import { findLiveKitServer, findOnPath } from './lib/livekit.mjs';
import { homeFolder, ROOT } from './lib/paths.mjs';
import { freeTcpPort } from './lib/ports.mjs';
import { createSteps } from './lib/steps.mjs';

const IMAGES = join(ROOT, 'docs/images');
const ADMIN = { email: 'kim@example.com', password: 'a password for pictures' };
const ROOM = 'demo-town-hall';
const SIZE = { width: 1366, height: 900 };
const LARGEST_BYTES = 300 * 1024;
const START_LIMIT_MS = 10 * 60_000;
const WAIT_LIMIT_MS = 60_000;

const steps = createSteps();
const home = mkdtempSync(join(tmpdir(), 'rolecall-screenshots-'));
let rolecall = null;
let browser = null;

try {
  await main();
} catch (error) {
  steps.fail(error);
  process.exitCode = 1;
} finally {
  await browser?.close();
  await stop();
  rmSync(home, { recursive: true, force: true });
}

async function main() {
  const executablePath =
    process.env.CHROMIUM ||
    ['chromium', 'chromium-browser', 'google-chrome'].map((name) => findOnPath(name)).find(Boolean);
  if (!executablePath) {
    throw new PlainError('There is no Chromium to take pictures with.', 'Name one in CHROMIUM.');
  }
  const url = `http://127.0.0.1:${await freeTcpPort()}`;
  await steps.run('Rolecall', async (tell) => {
    await start(url, tell);
    return `with sample data at ${url}`;
  });
  const api = await signIn(url);
  await steps.run('sample room', () => setScene(api));
  browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--use-fake-device-for-media-stream=fps=5',
      '--use-fake-ui-for-media-stream',
      '--autoplay-policy=no-user-gesture-required',
    ],
  });
  mkdirSync(IMAGES, { recursive: true });
  for (const [name, colorScheme, take] of [
    ['join', 'dark', joinPage],
    ['room-console', 'dark', roomConsole],
    ['log', 'light', log],
    ['role-template', 'light', roleTemplate],
  ]) {
    await steps.run(name, () => picture({ url, api, name, colorScheme, take }));
  }
}

async function start(url, tell) {
  const liveKit = await findLiveKitServer({ home: homeFolder() });
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(LIVEKIT_|ROLECALL_|DATABASE_|PG|PUBLIC_URL$|HOST$|PORT$|npm_)/.test(name),
  );
  const port = new URL(url).port;
  rolecall = spawn(process.execPath, [join(ROOT, 'tools/start.mjs'), '--demo', '--port', port], {
    cwd: ROOT,
    env: {
      ...Object.fromEntries(kept),
      PATH: [...(liveKit ? [dirname(liveKit)] : []), process.env.PATH].join(delimiter),
      ROLECALL_HOME: home,
      ROLECALL_ADMIN_EMAIL: ADMIN.email,
      ROLECALL_ADMIN_PASSWORD: ADMIN.password,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [rolecall.stdout, rolecall.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => {
      output += chunk;
      tell(chunk.trim().split('\n').at(-1) ?? '');
    });
  }
  await until(
    'Rolecall is ready',
    () => {
      if (rolecall.exitCode !== null) throw new PlainError(`Rolecall did not start:\n${output}`);
      return output.includes('Rolecall is ready at');
    },
    START_LIMIT_MS,
  );
}

async function stop() {
  if (!rolecall || rolecall.exitCode !== null) return;
  const ended = new Promise((resolve) => rolecall.once('exit', resolve));
  rolecall.kill('SIGTERM');
  await ended;
}

async function signIn(url) {
  const headers = { origin: url, 'content-type': 'application/json' };
  const send = async (method, path, body) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = text ? JSON.parse(text) : null;
    return { status: response.status, answer, headers: response.headers };
  };
  const session = await send('POST', '/session', ADMIN);
  headers.cookie = session.headers.get('set-cookie').split(';', 1)[0];
  return {
    cookie: headers.cookie,
    get: async (path) => (await send('GET', path)).answer,
    async post(path, body = {}, expected = [200, 201]) {
      const { status, answer } = await send('POST', path, body);
      if (!expected.includes(status)) {
        throw new Error(`POST ${path}: ${status} ${JSON.stringify(answer)}`);
      }
      return answer;
    },
  };
}

function seatsOf(api) {
  return api.get(`/rooms/${ROOM}/seats`);
}

function seatPath(identity) {
  return `/rooms/${ROOM}/seats/${encodeURIComponent(identity)}`;
}

async function identityOf(api, name) {
  const seats = await seatsOf(api);
  return seats.find((seat) => seat.name?.startsWith(name))?.identity;
}

/** A room as it looks in the middle of an evening, and a log that tells of it. */
async function setScene(api) {
  await until('the sample people are in their room', async () => {
    const seats = await seatsOf(api);
    return seats.filter((seat) => seat.isPresent && seat.state === 'active').length >= 6;
  });
  await until('some of them are seen', async () =>
    (await seatsOf(api)).some((seat) => seat.tracks.length > 0),
  );
  const lease = { template: 'presenter', for: '15m', reason: 'Shows the budget' };
  await api.post(`${seatPath(await identityOf(api, 'Eli'))}/promote`, lease);
  const guest = { room: ROOM, createRoom: true, createUser: true };
  await api.post('/tokens', { ...guest, identity: 'gatecrasher' });
  await api.post(`${seatPath('gatecrasher')}/block`, { reason: 'Shouted' });
  await api.post('/tokens', { ...guest, identity: 'gatecrasher' }, [403]);
  await api.post('/tokens', {
    ...guest,
    identity: 'guest-17',
    name: 'Noor Aziz',
    template: 'presenter',
    ttl: '15m',
    reason: 'Invited to the panel',
  });
  return `${(await seatsOf(api)).length} people`;
}

async function picture({ url, api, name, colorScheme, take }) {
  const context = await browser.newContext({
    baseURL: url,
    viewport: SIZE,
    colorScheme,
    reducedMotion: 'reduce',
    locale: 'en-GB',
  });
  const [cookie, value] = api.cookie.split('=', 2);
  await context.addCookies([{ name: cookie, value, url }]);
  const page = await context.newPage();
  const file = join(IMAGES, `${name}.png`);
  await take(page, api);
  await page.screenshot({ path: file, animations: 'disabled', caret: 'hide' });
  await context.close();
  const bytes = statSync(file).size;
  if (bytes > LARGEST_BYTES) throw new PlainError(`${file} is larger than 300 KB: ${bytes} bytes.`);
  return `${relative(ROOT, file)}, ${Math.round(bytes / 1024)} KB`;
}

/** By keyboard, as moderators work: the row is the active one, and no panel covers the columns. */
async function roomConsole(page, api) {
  const dee = await identityOf(api, 'Dee');
  await page.goto(`/rooms/${ROOM}/console`);
  const grid = page.getByRole('grid');
  const row = grid.getByRole('row').filter({ has: page.getByText(dee, { exact: true }) });
  await row.waitFor();
  await grid.focus();
  await page.keyboard.press('Home');
  await until('the row is the active one', async () => {
    const id = await row.getAttribute('id');
    if ((await grid.getAttribute('aria-activedescendant')) === id) return true;
    await page.keyboard.press('ArrowDown');
    return false;
  });
  await page.keyboard.press('p');
  await row.filter({ hasText: /Promoted · \d/ }).waitFor();
  await row.getByRole('gridcell', { name: /^May: microphone, camera/ }).waitFor();
}

async function log(page) {
  await page.goto('/activity');
  await page
    .getByRole('list', { name: 'Acts, newest first' })
    .locator('> li', { has: page.getByRole('link') })
    .filter({ hasText: /Noor/ })
    .first()
    .getByRole('link')
    .click();
  await page.getByRole('heading', { name: 'Act', exact: true }).waitFor();
  await page.mouse.move(0, 0);
}

async function roleTemplate(page) {
  await page.goto('/role-templates/speaker');
  await page.getByRole('checkbox', { name: /^Screen\b(?! audio)/ }).check();
  await page
    .getByRole('region', { name: 'What it gives' })
    .getByText(/screen/i)
    .first()
    .waitFor();
  await page.keyboard.press('Control+Home');
}

async function joinPage(page, api) {
  await page.goto(`/join/${ROOM}`);
  await page.getByLabel('Identity').fill('vera');
  await page.getByRole('button', { name: 'Get a token and join' }).click();
  await page.getByText('In the room', { exact: true }).waitFor();
  await until('a picture is seen', () =>
    page.locator('video').evaluateAll((videos) => videos.some(({ videoWidth }) => videoWidth > 0)),
  );
  await api.post(`${seatPath('vera')}/promote`);
  await page.getByText('You may now speak and show your camera').waitFor();
}

async function until(what, check, limit = WAIT_LIMIT_MS) {
  const deadline = Date.now() + limit;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`not within ${limit} ms: ${what}`);
    await delay(50);
  }
}

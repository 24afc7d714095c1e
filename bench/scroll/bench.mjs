/* global document, PerformanceObserver, requestAnimationFrame, performance */
// Scrolls the log page by page until a hundred thousand rows are there, in Chromium with the built
// dashboard, and then through all of them. `npm run bench -- scroll`; with a number, so many rows.
import { mkdtempSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { chromium } from 'playwright-core';
import { findOnPath } from '../../tools/lib/livekit.mjs';
import { startPostgres } from '../../tools/lib/postgres.mjs';
import { fillLedger } from '../ledger/generate.mjs';
import { describeMachine, median, percentile, startRolecall } from '../lib.mjs';

const rows = Number(process.argv[3] ?? 100_000);
const executablePath =
  process.env.CHROMIUM ||
  ['chromium', 'chromium-browser', 'google-chrome'].map((name) => findOnPath(name)).find(Boolean);
const folder = mkdtempSync(join(tmpdir(), 'rolecall-bench-scroll-'));
const passwords = { superuser: 'bench', owner: 'bench-owner', app: 'bench-app' };
const postgres = await startPostgres({ dataDir: join(folder, 'pg'), passwords });
const owner = new pg.Client({
  connectionString: postgres.url('rolecall_owner', passwords.owner),
});

/** Scrolls by `step` a frame until `last` is in view or nothing more comes; how long each frame took. */
async function scroll({ step, last, most }) {
  const list = document.querySelector('ol[aria-label="Acts, newest first"]');
  const view = list.parentElement;
  const tasks = [];
  const observer = new PerformanceObserver((seen) => {
    for (const { duration } of seen.getEntries()) tasks.push(duration);
  });
  observer.observe({ type: 'longtask' });
  const frames = [];
  const began = performance.now();
  const place = () =>
    Number(list.querySelector('li:last-child')?.getAttribute('aria-posinset') ?? 0);
  await new Promise((resolve) => {
    let before = null;
    const frame = (now) => {
      if (before !== null) frames.push(now - before);
      before = now;
      if (place() >= last || now - began > most) return resolve();
      view.scrollTop += step;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  observer.disconnect();
  return { frames, tasks, place: place(), nodes: document.querySelectorAll('*').length };
}

function print(what, { frames, tasks, place, nodes }) {
  const over = frames.filter((ms) => ms > 50);
  console.log(
    `${what}: ${place} rows, ${frames.length} frames: median ${median(frames).toFixed(1)} ms, ` +
      `p95 ${percentile(frames, 0.95).toFixed(1)}, longest ${Math.max(...frames).toFixed(1)}; ` +
      `over 50 ms: ${over.length}; tasks over 50 ms: ${tasks.length}` +
      `${tasks.length > 0 ? `, longest ${Math.max(...tasks).toFixed(0)} ms` : ''}; ${nodes} nodes`,
  );
}

let browser;
let rolecall;
try {
  rolecall = await startRolecall(
    {
      postgres,
      home: join(folder, 'home'),
      ownerUrl: postgres.url('rolecall_owner', passwords.owner),
      appUrl: postgres.url('rolecall_app', passwords.app),
    },
    {
      LIVEKIT_API_KEY: 'bench',
      LIVEKIT_API_SECRET: randomBytes(32).toString('hex'),
      ROLECALL_ADMIN_PASSWORD: 'bench-admin-password-that-is-long',
      ROLECALL_RATE_OPERATOR: '100000/1s',
    },
  );
  await owner.connect();
  const email = 'operator@example.com';
  const { id } = await rolecall.post('/operators', { email, name: email, access: [] });
  await fillLedger(owner, { count: Math.ceil(rows * 1.15), operators: [id] });
  console.log(describeMachine());
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  const context = await browser.newContext({
    baseURL: rolecall.url,
    viewport: { width: 1366, height: 900 },
    locale: 'en-GB',
  });
  context.setDefaultTimeout(90_000);
  const [name, value] = rolecall.cookie.split('=', 2);
  await context.addCookies([{ name, value, url: rolecall.url }]);
  const page = await context.newPage();
  await page.goto('/activity?query=');
  await page.getByRole('list', { name: 'Acts, newest first' }).locator('li').first().waitFor();
  const most = 10 * 60_000;
  print('loading', await page.evaluate(scroll, { step: 2_400, last: rows, most }));
  await page.evaluate(() => {
    document.querySelector('ol[aria-label="Acts, newest first"]').parentElement.scrollTop = 0;
  });
  print('through all', await page.evaluate(scroll, { step: 4_800, last: rows, most }));
  console.log(describeMachine());
} finally {
  await browser?.close();
  await rolecall?.stop();
  await owner.end();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);

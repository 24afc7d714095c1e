import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from '@jest/globals';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';
import { findOnPath } from '../../../tools/lib/livekit.mjs';
import { describeLive } from '../../../server/test/support/livekit-server.js';

const executablePath =
  process.env.CHROMIUM ||
  ['chromium', 'chromium-browser', 'google-chrome'].map((name) => findOnPath(name)).find(Boolean);

if (!executablePath && (process.env.REQUIRE_CHROMIUM || process.env.REQUIRE_LIVEKIT)) {
  throw new Error('a browser is required here, and there is no Chromium to test with');
}

/** A suite that needs Chromium and LiveKit; skipped by name on a machine without one of them. */
export const describeBrowser: typeof describeLive = executablePath
  ? describeLive
  : (name, suite) => describe.skip(`${name} (skipped: there is no Chromium)`, suite);

/** A name of this machine that is no secure context over http, as on a LAN. */
export const LAN_HOST = 'rolecall.test';

/**
 * The suggestions under the address bar are web pages of their own, which Chromium loads for each
 * window: nobody types there, and they cost more than a page of ours.
 */
const UNUSED_FEATURES = ['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup'];

/** What Playwright 1.65 switches off (`chromiumSwitches`): only the last such list counts. */
const PLAYWRIGHTS_FEATURES = [
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsUpgrades',
  'HttpsFirstBalancedModeAutoEnable',
  'LensOverlay',
  'MediaRouter',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'OptimizationHints',
  'NetworkTimeServiceQuerying',
  'AimEnabled',
  'PreconnectToSearch',
];

const ARGS = [
  `--disable-features=${[...PLAYWRIGHTS_FEATURES, ...UNUSED_FEATURES].join(',')}`,
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--no-first-run',
  `--host-resolver-rules=MAP ${LAN_HOST} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`,
  '--use-fake-device-for-media-stream=fps=5',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  // Lets media reach a LiveKit server on a machine whose only interface is loopback.
  '--allow-loopback-in-peer-connection',
];

/**
 * The Chromium of this machine, without a window. Its camera and microphone are synthetic and
 * always allowed; five small frames a second leave the two cores of a test machine free. No name
 * but this machine's address leads anywhere, for what the browser itself might ask as well.
 */
export async function launchChromium(): Promise<Browser> {
  if (!executablePath) throw new Error('there is no Chromium');
  return chromium.launch({ executablePath, args: ARGS });
}

/** A browser whose settings block all data of sites: cookies, and every kind of storage. */
export async function launchWithoutSiteData(baseURL: string): Promise<BrowserContext> {
  if (!executablePath) throw new Error('there is no Chromium');
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-chromium-'));
  mkdirSync(join(folder, 'Default'));
  writeFileSync(
    join(folder, 'Default/Preferences'),
    JSON.stringify({ profile: { default_content_setting_values: { cookies: 2 } } }),
  );
  const context = await chromium.launchPersistentContext(folder, {
    executablePath,
    args: ARGS,
    baseURL,
  });
  context.on('close', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return context;
}

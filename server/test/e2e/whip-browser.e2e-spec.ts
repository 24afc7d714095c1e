import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { describeBrowser, launchChromium } from '../../../admin-ui/e2e/support/chromium.js';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { type LiveApp, startLiveApp } from '../support/live-app.js';
import { LiveScene } from '../support/live-scene.js';
import { type ProxyKind, type ReverseProxy, startReverseProxy } from '../support/reverse-proxy.js';
import { until } from '../support/until.js';

const CLIENT = fileURLToPath(
  new URL('../../../node_modules/livekit-client/dist/livekit-client.umd.js', import.meta.url),
);
const SECRET = 'a-secret-of-the-proxy';

/** Publishes the camera by WHIP, and asks for what others send as well. */
const PUBLISH = `async ([base, token]) => {
  const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const pc = window.pc = new RTCPeerConnection();
  for (const track of media.getTracks()) pc.addTransceiver(track, { direction: 'sendonly' });
  pc.addTransceiver('video', { direction: 'recvonly' });
  await pc.setLocalDescription(await pc.createOffer());
  await new Promise((done) => {
    if (pc.iceGatheringState === 'complete') return done();
    pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && done();
  });
  const headers = { authorization: 'Bearer ' + token, 'content-type': 'application/sdp' };
  const body = pc.localDescription.sdp;
  const answer = await fetch(base + '/whip/v1', { method: 'POST', headers, body });
  if (answer.status !== 201) return [answer.status, await answer.text()];
  await pc.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
  return [answer.status, answer.headers.get('location')];
}`;
const RECEIVED = `async () => {
  const stats = [...(await window.pc.getStats()).values()];
  return stats.filter(({ type }) => type === 'inbound-rtp').length;
}`;
const WATCH = `async ([base, token]) => {
  window.seen = [];
  const room = window.room = new LivekitClient.Room();
  room.on('trackSubscribed', (track, _, { identity }) => window.seen.push(identity + ' ' + track.kind));
  await room.connect(base.replace('http', 'ws'), token);
  return room.name;
}`;

describeBrowser('Chromium publishes by WHIP', () => {
  let world: LiveWorld;
  let livekit: LiveWorld['livekit'];
  let builtIn: LiveWorld['app'];
  let browser: Browser;
  let asked: LiveApp;
  let proxies: Record<ProxyKind, ReverseProxy>;

  beforeAll(async () => {
    const common = { ROLECALL_SWEEP: '1s', ROLECALL_WHIP: 'on' };
    world = await startLiveWorld({ ...common, ROLECALL_GATE: 'on' });
    ({ livekit, app: builtIn } = world);
    const forward = { ROLECALL_GATE_SECRET: SECRET, ROLECALL_TRUST_PROXY: '1' };
    asked = await startLiveApp({
      livekit,
      database: builtIn.database,
      env: { ...common, ...forward },
    });
    const upstreams = {
      rolecall: Number(new URL(asked.url).port),
      livekit: Number(new URL(livekit.httpUrl).port),
      secret: SECRET,
    };
    proxies = {
      nginx: await startReverseProxy('nginx', upstreams),
      caddy: await startReverseProxy('caddy', upstreams),
    };
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await proxies?.nginx.stop();
    await proxies?.caddy.stop();
    await asked?.stop();
    await world?.stop();
  });

  const run = <T>(page: Page, script: string, argument?: unknown) =>
    page.evaluate<T>(`(${script})(${JSON.stringify(argument)})`);
  const open = async () => {
    const page = await browser.newPage();
    await page.goto(`${builtIn.url}/healthz`);
    await page.addScriptTag({ path: CLIENT });
    return page;
  };

  it.each(['gate', 'nginx', 'caddy'] as const)(
    'through %s: others see it, and it sees nobody',
    async (way) => {
      const scene = new LiveScene(builtIn, livekit);
      const base = way === 'gate' ? builtIn.url : proxies[way].url;
      const room = await scene.room(`by-${way}`);
      const viewer = await open();
      const viewing = await run(viewer, WATCH, [base, await scene.issued(room, 'viewer')]);
      expect(viewing).toBe(room);
      const token = await scene.issued(room, 'cam');
      await scene.act(room, 'cam', 'promote');
      const publisher = await open();
      const [status, location] = await run<[number, string]>(publisher, PUBLISH, [base, token]);
      expect([status, location]).toEqual([201, expect.stringMatching(/^\/whip\/v1\/PA_/)]);
      await until(
        'the viewer has both tracks',
        async () => (await run<string[]>(viewer, '() => window.seen')).length === 2,
        30_000,
      );
      await scene.untilSeat(
        room,
        'cam',
        'publishes by WHIP',
        ({ kind, tracks, inSync }) => kind === 'whip' && tracks.length === 2 && inSync,
        30_000,
      );
      const { permission } = (await scene.participant(room, 'cam')) ?? {};
      expect(permission?.can_subscribe ?? false).toBe(false);
      expect(await run(publisher, RECEIVED)).toBe(0);
      await viewer.close();
      await publisher.close();
    },
  );
});

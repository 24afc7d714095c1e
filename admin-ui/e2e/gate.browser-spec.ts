import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import type * as livekit from 'livekit-client';
import type { Page } from 'playwright-core';
import { signalJoin } from '../../server/test/support/livekit-signal.js';
import { until } from '../../server/test/support/until.js';
import type { Json } from './support/api.js';
import { describeBrowser } from './support/chromium.js';
import { useInstallation } from './support/installation.js';

const CLIENT = fileURLToPath(
  new URL('../../node_modules/livekit-client/dist/livekit-client.umd.js', import.meta.url),
);
interface Window {
  LivekitClient: typeof livekit;
  room: livekit.Room;
  log: string[];
  isCut: boolean;
  cut: () => void;
  WebSocket: typeof WebSocket;
}
declare const window: Window;

/** From then on, and while it is cut, the page's network is as good as gone for signalling. */
function makeNetworkCuttable(): void {
  const open = new Set<WebSocket>();
  const Real = window.WebSocket;
  window.isCut = false;
  window.WebSocket = class extends Real {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(window.isCut ? 'ws://127.0.0.1:9/' : url, protocols);
      open.add(this);
    }
  };
  window.cut = () => {
    window.isCut = true;
    for (const socket of open) socket.close();
    open.clear();
  };
}

describeBrowser('livekit-client behind the gate', () => {
  const installation = useInstallation({ ROLECALL_WHIP: 'on' });

  const seat = async (room: string, identity: string): Promise<Json> =>
    (await installation.admin.get(`/rooms/${room}/seats`)).find(
      (one: Json) => one.identity === identity,
    );
  const admissions = async (room: string): Promise<number> => {
    return (await installation.entries({ kind: 'gate.admitted', room })).length;
  };

  /** A page of some app that uses LiveKit's own client, at the address that tokens come with. */
  async function page(): Promise<Page> {
    const visitor = await installation.visitor();
    visitor.allow(/127\.0\.0\.1:9\b/, 'the test cuts the network');
    visitor.allow(/\/rtc\b/, 'the browser writes down connects that are refused');
    visitor.allow(/^(warning|error): /, 'LiveKit’s client writes down that it reconnects');
    const client = await visitor.newPage();
    await client.addInitScript(makeNetworkCuttable);
    // A page without any script of ours.
    await client.goto('/healthz');
    await client.addScriptTag({ path: CLIENT });
    return client;
  }

  async function join(room: string, identity: string): Promise<Page> {
    const { token, serverUrl } = await installation.token(room, identity);
    expect(serverUrl).toBe(installation.url.replace('http', 'ws'));
    const client = await page();
    await client.evaluate(
      async ([url, proof]) => {
        const { Room, RoomEvent } = window.LivekitClient;
        window.room = new Room();
        window.log = [];
        const happenings = [
          RoomEvent.SignalReconnecting,
          RoomEvent.Reconnecting,
          RoomEvent.Reconnected,
          RoomEvent.Disconnected,
        ] as const;
        for (const event of happenings) window.room.on(event, () => window.log.push(event));
        await window.room.connect(url, proof);
      },
      [serverUrl, token] as const,
    );
    return client;
  }
  const speak = (client: Page) =>
    client.evaluate(() => window.room.localParticipant.setMicrophoneEnabled(true).then(() => 0));
  const scenario = (client: Page, name: 'signal-reconnect' | 'full-reconnect') =>
    client.evaluate((of) => window.room.simulateScenario(of), name);
  const happened = (client: Page) => client.evaluate(() => window.log);
  const mayPublish = (client: Page) =>
    client.evaluate(() => window.room.localParticipant.permissions?.canPublish);

  it('resumes and reconnects with the rights of that moment', async () => {
    const room = await installation.room('again');
    const watcher = await installation.join(room, 'wil');
    const ana = await join(room, 'ana');
    await installation.act(room, 'ana', 'promote');
    await until('she may speak', () => mayPublish(ana));
    await speak(ana);
    const heard = async () =>
      (await watcher.status()).subscribed.some((of) => of.startsWith('ana/'));
    await until('she is heard', heard);

    let before = await admissions(room);
    for (const [name, first] of [
      ['signal-reconnect', 'signalReconnecting'],
      ['full-reconnect', 'reconnecting'],
    ] as const) {
      await ana.evaluate(() => (window.log = []));
      await scenario(ana, name);
      await until(`${name} is over`, async () => (await happened(ana)).includes('reconnected'));
      expect((await happened(ana))[0]).toBe(first);
      expect(await mayPublish(ana)).toBe(true);
      await until('she is heard again', heard);
      await until('the gate was asked', async () => (await admissions(room)) > before);
      before = await admissions(room);
    }
  });

  it('who is demoted while their network is away comes back demoted', async () => {
    const room = await installation.room('meanwhile');
    const watcher = await installation.join(room, 'wil');
    const ana = await join(room, 'ana');
    await installation.act(room, 'ana', 'promote');
    await until('she may speak', () => mayPublish(ana));
    await speak(ana);
    await until('she is there', async () => (await seat(room, 'ana')).tracks.length === 1);
    await ana.evaluate(() => window.cut());
    await installation.act(room, 'ana', 'demote');
    expect(await mayPublish(ana)).toBe(true);
    await ana.evaluate(() => (window.isCut = false));
    await until('she knows', async () => (await mayPublish(ana)) === false, 20_000);
    await until('she is not heard', async () =>
      (await watcher.status()).subscribed.every((of) => !of.startsWith('ana/')),
    );
    // A connection that has just come up is compared a moment later.
    const back = await until('she is shown again', async () => {
      const found = await seat(room, 'ana');
      return found?.inSync && found;
    });
    expect(back.observed?.canPublish ?? false).toBe(false);
  });

  it('who may not resume is back by a new connection within seconds, with today’s role', async () => {
    const room = await installation.room('resume');
    const watcher = await installation.join(room, 'wil');
    const ana = await join(room, 'ana');
    const sid = await ana.evaluate(() => window.room.localParticipant.sid);
    await ana.evaluate(() => window.cut());
    // Another connection of hers, by a narrower token, takes the seat and leaves it.
    const grants = { canPublishData: false };
    const { token } = await installation.admin.post('/tokens', { room, identity: 'ana', grants });
    const other = await signalJoin(installation.url.replace('http', 'ws'), token);
    other.close();
    await installation.act(room, 'ana', 'promote');
    await ana.evaluate(() => {
      window.log = [];
      window.isCut = false;
    });
    await until('she is back', async () => (await happened(ana)).includes('reconnected'), 30_000);
    expect((await happened(ana)).slice(-2)).toEqual(['reconnecting', 'reconnected']);
    expect(await ana.evaluate(() => window.room.localParticipant.sid)).not.toBe(sid);
    expect(await mayPublish(ana)).toBe(true);
    await speak(ana);
    await until('she is heard', async () =>
      (await watcher.status()).subscribed.some((of) => of.startsWith('ana/')),
    );
    const refusals = await installation.entries({ kind: 'gate.refused', room });
    expect(refusals.map(({ payload }: Json) => payload.refusal)).toEqual(['gate.no_such_session']);
  });

  it('whose tokens are voided while their network is away does not come back by them', async () => {
    const room = await installation.room('voided');
    const ana = await join(room, 'ana');
    await ana.evaluate(() => window.cut());
    await installation.act(room, 'ana', 'void-tokens');
    await ana.evaluate(() => (window.isCut = false));
    await until('she is out', async () => (await happened(ana)).includes('disconnected'), 30_000);

    const again = await join(room, 'ana');
    await scenario(again, 'signal-reconnect');
    await until('she is back', async () => (await happened(again)).includes('reconnected'));
    await again.evaluate(() => (window.log = []));
    await scenario(again, 'full-reconnect');
    await until('and once more', async () => (await happened(again)).includes('reconnected'));
  });

  it('WHIP publishes with what the role allows, whatever the token says', async () => {
    const room = await installation.room('whip');
    const publish = async (token: string) => {
      const client = await page();
      return client.evaluate(async (proof) => {
        const connection = new RTCPeerConnection();
        const media = await navigator.mediaDevices.getUserMedia({ audio: true });
        const [track] = media.getTracks();
        if (track) connection.addTransceiver(track, { direction: 'sendonly' });
        await connection.setLocalDescription(await connection.createOffer());
        await new Promise<void>((resolve) => {
          if (connection.iceGatheringState === 'complete') resolve();
          connection.onicegatheringstatechange = () =>
            connection.iceGatheringState === 'complete' && resolve();
        });
        const answer = await fetch('/whip/v1', {
          method: 'POST',
          headers: { authorization: `Bearer ${proof}`, 'content-type': 'application/sdp' },
          body: connection.localDescription?.sdp ?? '',
        });
        const sdp = await answer.text();
        if (answer.status === 201) await connection.setRemoteDescription({ type: 'answer', sdp });
        return answer.status;
      }, token);
    };
    const { token: speaker } = await installation.token(room, 'cam', { template: 'speaker' });
    expect(await publish(speaker)).toBe(201);
    await until('it is heard', async () => (await seat(room, 'cam'))?.tracks.length === 1);
    await installation.act(room, 'cam', 'demote');
    await installation.act(room, 'cam', 'remove');
    // A viewer has nothing to publish, and WHIP does nothing else.
    expect(await publish(speaker)).toBe(403);
    await until('they are out', async () => (await seat(room, 'cam'))?.isPresent !== true);
    await installation.act(room, 'cam', 'block');
    expect(await publish(speaker)).toBe(403);
  });
});

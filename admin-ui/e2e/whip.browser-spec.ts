import { beforeAll, expect, it } from '@jest/globals';
import type { Participant } from '../../server/test/support/participants.js';
import { until } from '../../server/test/support/until.js';
import type { Json } from './support/api.js';
import { describeBrowser } from './support/chromium.js';
import { useInstallation } from './support/installation.js';

const BUSY_MS = 40_000;

/** Runs in the browser: publishes a picture and a tone by WHIP, as an encoder does. */
async function publishByWhip({ url, token }: { url: string; token: string }): Promise<void> {
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d')!;
  let shade = 0;
  setInterval(() => {
    context.fillStyle = `rgb(${(shade += 5) % 255} 0 0)`;
    context.fillRect(0, 0, canvas.width, canvas.height);
  }, 100);
  const sound = new AudioContext();
  const tone = sound.createOscillator();
  const microphone = sound.createMediaStreamDestination();
  tone.connect(microphone);
  tone.start();
  const connection = new RTCPeerConnection();
  for (const track of [
    ...canvas.captureStream(10).getTracks(),
    ...microphone.stream.getAudioTracks(),
  ]) {
    connection.addTransceiver(track, { direction: 'sendonly' });
  }
  await connection.setLocalDescription();
  if (connection.iceGatheringState !== 'complete') {
    await new Promise<void>((resolve) => {
      connection.addEventListener('icegatheringstatechange', () => {
        if (connection.iceGatheringState === 'complete') resolve();
      });
    });
  }
  const answer = await fetch(`${url}/whip/v1`, {
    method: 'POST',
    headers: { 'content-type': 'application/sdp', authorization: `Bearer ${token}` },
    body: connection.localDescription!.sdp,
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  await connection.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
}

describeBrowser('a WHIP publisher, past the gate', () => {
  const installation = useInstallation({ ROLECALL_GATE: 'off' });
  let room: string;
  let viewer: Participant;

  beforeAll(async () => {
    room = await installation.room('studio', { defaultTemplate: 'viewer' });
    viewer = await installation.join(room, 'viewer');
  });

  const seat = async (identity: string): Promise<Json> =>
    ((await installation.admin.get(`/rooms/${room}/seats`)) as Json[]).find(
      (each) => each.identity === identity,
    );
  const untilSeat = (
    identity: string,
    what: string,
    check: (seat: Json) => boolean,
    deadlineMs?: number,
  ) =>
    until(
      `${identity} ${what}`,
      async () => {
        const found = await seat(identity);
        return found && check(found) ? found : null;
      },
      deadlineMs,
    );
  /** Media begins when a busy machine comes to it; nothing is promised of that. */
  const untilPublishes = (identity: string) =>
    untilSeat(identity, 'publishes', ({ tracks }) => tracks.length === 2, BUSY_MS);
  const publish = async (identity: string, token: string) => {
    const page = await installation.browser.newPage();
    await page.evaluate(publishByWhip, { url: installation.server.livekit.httpUrl, token });
  };
  const framesOf = async (identity: string) => (await viewer.status()).frames[identity] ?? 0;
  const untilSeen = async (identity: string) => {
    const before = await framesOf(identity);
    await until(`${identity} is seen`, async () => (await framesOf(identity)) > before + 3);
  };
  /** What was on its way may still come: only when three looks agree there is nothing. */
  const untilDark = async (identity: string) => {
    let last = -1;
    let same = 0;
    await until(`${identity} is dark`, async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      const now = await framesOf(identity);
      same = now === last ? same + 1 : 0;
      last = now;
      return same >= 3;
    });
  };
  const sids = ({ tracks }: Json) => tracks.map(({ sid }: Json) => sid).sort();
  const areMuted = ({ tracks }: Json, isMuted: boolean) =>
    tracks.length === 2 && tracks.every((track: Json) => track.isMuted === isMuted);

  it('is muted while the stage is locked, and back after it with the tracks that it had', async () => {
    const early = await installation.token(room, 'encoder', { template: 'speaker' });
    const late = await installation.token(room, 'latecomer', { template: 'speaker' });
    await publish('encoder', early.token);
    await untilSeen('encoder');
    const before = await untilPublishes('encoder');
    expect(before).toMatchObject({ kind: 'standard', silencing: 'mute', inSync: true });
    expect((await installation.admin.get('/status')).livekit.remoteUnmute).toBe('on');

    await installation.admin.post(`/rooms/${room}/scene`, { lock: {} });
    await untilDark('encoder');
    const locked = await untilSeat('encoder', 'is in sync', ({ inSync }) => inSync);
    expect(areMuted(locked, true)).toBe(true);
    expect(locked.observed).toMatchObject({ canPublish: true, canPublishData: false });

    await publish('latecomer', late.token);
    await untilPublishes('latecomer');
    await untilSeat('latecomer', 'is muted', (one) => areMuted(one, true) && one.inSync);

    await installation.admin.delete(`/rooms/${room}/scene`);
    await untilSeen('encoder');
    await untilSeen('latecomer');
    const after = await untilSeat('encoder', 'is unmuted', (one) => areMuted(one, false));
    expect(sids(after)).toEqual(sids(before));
  });

  it('is muted by a hold, and loses its tracks by a demotion', async () => {
    const act = (action: string, body: object = {}) =>
      installation.act(room, 'encoder', action, body);
    const held = await act('hold', { sources: ['camera'] });
    expect(held).toMatchObject({ outcome: 'applied' });
    expect(held.effects).toContain('mutes their camera');
    await untilDark('encoder');
    await act('release');
    await untilSeen('encoder');
    await act('demote', { template: 'viewer' });
    await untilSeat('encoder', 'publishes nothing', ({ tracks }) => tracks.length === 0);
  });
});

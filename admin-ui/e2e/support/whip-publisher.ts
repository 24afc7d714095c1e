import type { Browser, JSHandle, Page } from 'playwright-core';

interface Session {
  readonly connection: RTCPeerConnection;
  readonly answer: string;
}

/** Runs in the browser: offers a picture and a tone by WHIP, as an encoder does. */
async function post({ url, token }: { url: string; token: string }): Promise<Session> {
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
  return { connection, answer: await answer.text() };
}

/** A page that publishes by WHIP: LiveKit has its offer, and its media starts with `start`. */
export class WhipPublisher {
  private constructor(
    private readonly page: Page,
    private readonly session: JSHandle<Session>,
  ) {}

  static async post(browser: Browser, url: string, token: string): Promise<WhipPublisher> {
    const page = await browser.newPage();
    return new WhipPublisher(page, await page.evaluateHandle(post, { url, token }));
  }

  /** Takes LiveKit’s answer: connects, and sends media. */
  start(): Promise<void> {
    return this.session.evaluate(({ connection, answer }) => {
      return connection.setRemoteDescription({ type: 'answer', sdp: answer });
    });
  }

  /** What the browser says of its connection, for the message of a test that fails. */
  state(): Promise<unknown> {
    return this.session.evaluate(async ({ connection }) => {
      const sent: Record<string, number> = {};
      for (const report of (await connection.getStats()).values()) {
        if (report.type === 'outbound-rtp') sent[report.kind] = report.packetsSent;
      }
      const { connectionState, iceConnectionState } = connection;
      const tracks = connection
        .getSenders()
        .map(({ track }) => track && [track.kind, track.readyState, track.muted]);
      return { connectionState, iceConnectionState, tracks, packetsSent: sent };
    });
  }

  close(): Promise<void> {
    return this.page.close();
  }
}

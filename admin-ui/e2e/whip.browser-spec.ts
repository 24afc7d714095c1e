import { afterEach, expect, it } from '@jest/globals';
import type { Participant } from '../../server/test/support/participants.js';
import { until } from '../../server/test/support/until.js';
import type { Json } from './support/api.js';
import { describeBrowser } from './support/chromium.js';
import { useInstallation } from './support/installation.js';
import { WhipPublisher } from './support/whip-publisher.js';

const BUSY_MS = 40_000;

describeBrowser('a WHIP publisher, past the gate', () => {
  const installation = useInstallation({ ROLECALL_GATE: 'off', ROLECALL_SWEEP: '1s' });
  const publishers = new Map<string, WhipPublisher>();

  afterEach(async () => {
    await Promise.all([...publishers.values()].map((publisher) => publisher.close()));
    publishers.clear();
  });

  /** A room of its own, with somebody who watches it. */
  const open = async (name: string) => {
    const room = await installation.room(name, { defaultTemplate: 'viewer' });
    return new Studio(room, await installation.join(room, 'viewer'));
  };

  class Studio {
    constructor(
      readonly room: string,
      private readonly viewer: Participant,
    ) {}

    async post(identity: string): Promise<WhipPublisher> {
      const { token } = await installation.token(this.room, identity, { template: 'speaker' });
      return this.postWith(identity, token);
    }

    async postWith(identity: string, token: string): Promise<WhipPublisher> {
      const { httpUrl } = installation.server.livekit;
      const publisher = await WhipPublisher.post(installation.browser, httpUrl, token);
      publishers.set(identity, publisher);
      return publisher;
    }

    act(identity: string, action: string, body: object = {}): Promise<Json> {
      return installation.act(this.room, identity, action, body);
    }

    lock = () => installation.admin.post(`/rooms/${this.room}/scene`, { lock: {} });
    unlock = () => installation.admin.delete(`/rooms/${this.room}/scene`);

    async untilSeat(
      identity: string,
      what: string,
      check: (seat: Json) => boolean,
      deadlineMs?: number,
    ): Promise<Json> {
      const seat = async () => {
        const found = await installation.seat(this.room, identity);
        return check(found) ? found : null;
      };
      return this.explained(identity, () => until(`${identity} ${what}`, seat, deadlineMs));
    }

    /** Media begins when a busy machine comes to it; nothing is promised of that. */
    untilPublishes(identity: string): Promise<Json> {
      const isWhole = ({ tracks, inSync }: Json) => tracks.length === 2 && inSync;
      return this.untilSeat(identity, 'publishes', isWhole, BUSY_MS);
    }

    async untilSeen(identity: string): Promise<void> {
      const before = await this.framesOf(identity);
      await this.explained(identity, () =>
        until(`${identity} is seen`, async () => (await this.framesOf(identity)) > before + 3),
      );
    }

    /** What was on its way may still come: only when three looks agree there is nothing. */
    async untilDark(identity: string): Promise<void> {
      let last = -1;
      let same = 0;
      await this.explained(identity, () =>
        until(`${identity} is dark`, async () => {
          await new Promise((resolve) => setTimeout(resolve, 300));
          const now = await this.framesOf(identity);
          same = now === last ? same + 1 : 0;
          last = now;
          return same >= 3;
        }),
      );
    }

    private async framesOf(identity: string): Promise<number> {
      return (await this.viewer.status()).frames[identity] ?? 0;
    }

    /** A failure says what Rolecall and the publisher's browser knew. */
    private async explained<T>(identity: string, wait: () => Promise<T>): Promise<T> {
      try {
        return await wait();
      } catch (error) {
        const [seat, browser] = await Promise.all([
          installation.seat(this.room, identity),
          publishers.get(identity)?.state(),
        ]);
        const known = JSON.stringify({ seat, browser }, null, 2);
        throw new Error(`${(error as Error).message}\n${known}`, { cause: error });
      }
    }
  }

  const sids = ({ tracks }: Json) => tracks.map(({ sid }: Json) => sid).sort();
  const areMuted = ({ tracks, inSync }: Json, isMuted: boolean) =>
    inSync && tracks.length === 2 && tracks.every((track: Json) => track.isMuted === isMuted);

  it('is muted while the stage is locked, and back after it with the tracks that it had', async () => {
    const studio = await open('studio');
    await (await studio.post('encoder')).start();
    // Made before the lock: one of later carries no right to publish.
    const late = await installation.token(studio.room, 'latecomer', { template: 'speaker' });
    await studio.untilSeen('encoder');
    const before = await studio.untilPublishes('encoder');
    expect(before).toMatchObject({ kind: 'standard', silencing: 'mute' });
    expect((await installation.admin.get('/status')).livekit.remoteUnmute).toBe('on');

    await studio.lock();
    await studio.untilDark('encoder');
    const locked = await studio.untilSeat('encoder', 'is muted', (one) => areMuted(one, true));
    expect(locked.observed).toMatchObject({ canPublish: true, canPublishData: false });

    await (await studio.postWith('latecomer', late.token)).start();
    await studio.untilSeat('latecomer', 'is muted', (one) => areMuted(one, true), BUSY_MS);

    await studio.unlock();
    await studio.untilSeen('encoder');
    await studio.untilSeen('latecomer');
    const after = await studio.untilSeat('encoder', 'is unmuted', (one) => areMuted(one, false));
    expect(sids(after)).toEqual(sids(before));
  });

  it('keeps its tracks when its media comes after the lock has been compared with it', async () => {
    const studio = await open('slow');
    const encoder = await studio.post('encoder');
    await studio.untilSeat('encoder', 'is known', ({ state }) => state === 'joined');
    await studio.lock();
    const isCompared = ({ observed, inSync }: Json) => inSync && !observed.canPublishData;
    const waiting = await studio.untilSeat('encoder', 'is compared', isCompared);
    expect(waiting).toMatchObject({ state: 'joined', tracks: [] });
    await encoder.start();
    await studio.untilSeat('encoder', 'is muted', (one) => areMuted(one, true), BUSY_MS);
    await studio.unlock();
    await studio.untilSeen('encoder');
  });

  it('is muted by a hold, and loses its tracks by a demotion', async () => {
    const studio = await open('held');
    await (await studio.post('encoder')).start();
    await studio.untilPublishes('encoder');
    await studio.untilSeen('encoder');
    const held = await studio.act('encoder', 'hold', { sources: ['camera'] });
    expect(held).toMatchObject({ outcome: 'applied' });
    expect(held.effects).toContain('mutes their camera');
    await studio.untilDark('encoder');
    await studio.act('encoder', 'release');
    await studio.untilSeen('encoder');
    await studio.act('encoder', 'demote', { template: 'viewer' });
    await studio.untilSeat('encoder', 'publishes nothing', ({ tracks }) => tracks.length === 0);
  });
});

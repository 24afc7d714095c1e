import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { toVideoGrant } from '../../src/grants/compile-grant.js';
import { PRESETS } from '../../src/grants/presets.js';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { describeLive } from '../support/livekit-server.js';
import { type Participant } from '../support/participants.js';
import { until } from '../support/until.js';

describeLive('who publishes only once, on a real server', () => {
  let world: LiveWorld;
  let livekit: LiveWorld['livekit'];
  let app: LiveWorld['app'];
  let scene: LiveWorld['scene'];
  let people: LiveWorld['people'];

  const start = async (isRemoteUnmuteOn: boolean) => {
    world = await startLiveWorld({ ROLECALL_SWEEP: '1s' }, { isRemoteUnmuteOn });
    ({ livekit, app, scene, people } = world);
  };

  beforeAll(() => start(true));
  afterAll(() => world?.stop());

  /** As LiveKit's own services sign it; nobody issued it. */
  const tokenOf = (room: string, identity: string, kind: string) => {
    const grants = PRESETS.find(({ key }) => key === 'speaker')?.grants;
    if (!grants) throw new Error('no preset speaker');
    return scene.sign({ sub: identity, kind, video: toVideoGrant(grants, room) });
  };
  const framesOf = async (viewer: Participant, identity: string) =>
    (await viewer.status()).frames[identity] ?? 0;
  const untilSeen = async (viewer: Participant, identity: string) => {
    const before = await framesOf(viewer, identity);
    await until(`${identity} is seen`, async () => {
      return (await framesOf(viewer, identity)) > before + 3;
    });
  };
  /** What was on its way may still come: only when three looks agree there is nothing. */
  const untilDark = async (viewer: Participant, identity: string) => {
    let last = -1;
    let same = 0;
    await until(`${identity} is dark`, async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      const now = await framesOf(viewer, identity);
      same = now === last ? same + 1 : 0;
      last = now;
      return same >= 3;
    });
  };
  const setScene = async (room: string, isLocked: boolean) => {
    const path = `/api/v1/rooms/${room}/scene`;
    const answer = isLocked ? await app.post(path, { lock: {} }) : await app.send('DELETE', path);
    expect(answer.status).toBe(202);
  };

  it.each(['sip', 'ingress', 'agent'])(
    'a participant of the kind %s is dark while locked or held, and seen again after it',
    async (kind) => {
      const room = await scene.room(`once-${kind}`, { default_template: 'viewer' });
      const viewer = await people.join('viewer', livekit.url, await scene.issued(room, 'viewer'));
      const guest = await people.join('guest', livekit.url, tokenOf(room, 'guest', kind));
      const sid = await guest.publishVideo();
      await untilSeen(viewer, 'guest');
      const seat = await scene.untilSeat(room, 'guest', 'shows it', ({ tracks }) => {
        return tracks.length === 1;
      });
      expect(seat).toMatchObject({ kind, silencing: 'mute', isUnlisted: true });
      expect((await app.get('/api/v1/status')).body.livekit.remoteUnmute).toBe('on');

      await setScene(room, true);
      await untilDark(viewer, 'guest');
      await scene.untilSeat(room, 'guest', 'is in sync', ({ inSync }) => inSync);
      expect((await scene.participant(room, 'guest'))?.tracks).toMatchObject([
        { sid, muted: true },
      ]);
      expect((await scene.participant(room, 'guest'))?.permission?.can_publish).toBe(true);
      const audio = await guest.publishAudio();
      await until('what is new is muted as well', async () => {
        const tracks = (await scene.participant(room, 'guest'))?.tracks ?? [];
        return tracks.length === 2 && tracks.every(({ muted }) => muted);
      });
      await setScene(room, false);
      await untilSeen(viewer, 'guest');
      const { tracks = [] } = (await scene.participant(room, 'guest'))!;
      expect(tracks.map((track) => track.sid).sort()).toEqual([sid, audio].sort());

      const held = await scene.act(room, 'guest', 'hold', { sources: ['camera'] });
      expect(held.body).toMatchObject({ outcome: 'applied' });
      expect(held.body.effects).toContain('mutes their camera');
      await untilDark(viewer, 'guest');
      await scene.act(room, 'guest', 'release');
      await untilSeen(viewer, 'guest');
      // Only what was published in a locked room; the lock and the hold themselves are no drift.
      const drifted = await scene.ledger(room, 'drift.detected');
      expect(drifted.filter(({ identity }) => identity === 'guest')).toMatchObject([
        { payload: { by: 'track', unmuted: [{ sid: audio, source: 'microphone' }] } },
      ]);
      const repairs = (await scene.ledger(room, 'drift.repaired')).filter(
        ({ identity }) => identity === 'guest',
      );
      expect(repairs.map(({ outcome }) => outcome)).toEqual(['intent', 'applied']);
      await guest.leave();
      await viewer.leave();
    },
  );

  it('is told to be without remote unmute before anybody clicks, and nobody hears of the question', async () => {
    await world.stop();
    await start(false);
    const room = await scene.room('no-unmute', { default_template: 'viewer' });
    expect((await app.get('/api/v1/status')).body.livekit.remoteUnmute).toBe('unknown');
    const phone = await people.join('phone', livekit.url, tokenOf(room, 'phone', 'sip'));
    const sid = await phone.publishAudio();
    await scene.untilSeat(room, 'phone', 'is heard', ({ tracks }) => tracks.length === 1);

    const { body } = await scene.act(room, 'phone', 'preview', { action: 'hold' });
    expect(body.effects.join()).toContain('room.enable_remote_unmute is off');
    expect((await app.get('/api/v1/status')).body.livekit.remoteUnmute).toBe('off');
    expect((await scene.participant(room, 'phone'))?.tracks).toMatchObject([{ sid }]);
    expect((await phone.status()).isConnected).toBe(true);

    expect((await scene.act(room, 'phone', 'hold')).body.outcome).toBe('applied');
    const released = (await scene.act(room, 'phone', 'release')).body;
    expect(released).toMatchObject({ outcome: 'failed' });
    expect(released.detail).toContain('room.enable_remote_unmute is off');
    await phone.leave();
  });
});

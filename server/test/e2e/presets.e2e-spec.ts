import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { PRESETS } from '../../src/grants/presets.js';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { describeLive } from '../support/livekit-server.js';
import { type Participant } from '../support/participants.js';
import { until } from '../support/until.js';

const MAY_SHOW = ['speaker', 'presenter', 'host', 'camera-only', 'agent'];
const MAY_SPEAK = ['speaker', 'presenter', 'host', 'agent'];

describeLive('the role templates that are there from the start', () => {
  let world: LiveWorld;
  let app: LiveWorld['app'];
  let scene: LiveWorld['scene'];
  let people: LiveWorld['people'];
  const inRoom = new Map<string, Participant>();

  beforeAll(async () => {
    world = await startLiveWorld();
    ({ app, scene, people } = world);
    await app.post('/api/v1/rooms', { name: 'fair' });
    // One at a time: the native client does not like to be hurried.
    for (const { key } of PRESETS) {
      const { status, body } = await app.post('/api/v1/tokens', {
        room: 'fair',
        identity: key,
        template: key,
        createUser: true,
        createRoom: true,
      });
      expect([key, status]).toEqual([key, 201]);
      inRoom.set(key, await people.join(key, body.serverUrl as string, body.token as string));
    }
  });

  afterAll(() => world?.stop());

  it('all let their holder join, and LiveKit has exactly their permission', async () => {
    const seats = await until('everyone is there', async () => {
      const all = (await scene.seats('fair')).filter(({ isPresent }) => isPresent);
      return all.length === PRESETS.length && all.every(({ observed }) => observed) ? all : null;
    });
    for (const { key, grants } of PRESETS) {
      const seat = seats.find(({ identity }) => identity === key);
      expect({ key, inSync: seat?.inSync, role: seat?.role?.template }).toEqual({
        key,
        inSync: true,
        role: key,
      });
      expect({ key, ...seat?.observed }).toMatchObject({
        key,
        canSubscribe: grants.canSubscribe,
        canPublish: grants.canPublish,
        canPublishData: grants.canPublishData,
        hidden: grants.hidden,
        recorder: grants.recorder,
      });
    }
  });

  it('let publish what they name, and nothing else', async () => {
    const tries = [...inRoom].flatMap(([key, participant]) => [
      { key, source: 'camera', isMeant: MAY_SHOW.includes(key), go: participant.publishVideo() },
      {
        key,
        source: 'microphone',
        isMeant: MAY_SPEAK.includes(key),
        go: participant.publishAudio(),
      },
    ]);
    const results = await Promise.allSettled(tries.map(({ go }) => go));
    const published = tries.filter((_, i) => results[i]?.status === 'fulfilled');
    const names = (list: typeof tries) => list.map(({ key, source }) => `${key} ${source}`).sort();
    expect(names(published)).toEqual(names(tries.filter(({ isMeant }) => isMeant)));
    const tracks = async () =>
      (await scene.participants('fair')).flatMap(({ identity, tracks: own = [] }) =>
        own.map(({ source }) => `${identity} ${source === 'CAMERA' ? 'camera' : 'microphone'}`),
      );
    // LiveKit lists a track once its first packets are there.
    await until('all tracks are listed', async () => (await tracks()).length >= published.length);
    expect((await tracks()).sort()).toEqual(names(published));
  });

  it('keep who is hidden out of sight of the others, but not of moderators', async () => {
    const viewer = await until('the viewer sees the others', async () => {
      const status = await inRoom.get('viewer')?.status();
      const isThere = (identity: string) => status?.peers.includes(identity);
      return ['speaker', 'host', 'agent'].every(isThere) ? status : null;
    });
    expect(viewer.peers).not.toContain('hidden-observer');
    expect(viewer.peers).not.toContain('recorder');
    const seen = (await scene.seats('fair')).filter(({ isSilent }) => isSilent);
    expect(seen.map(({ identity }) => identity)).toEqual(
      expect.arrayContaining(['hidden-observer', 'recorder']),
    );
  });
});

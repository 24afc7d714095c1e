import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { LiveKitRooms } from '../../src/livekit/livekit-rooms.js';
import { LiveKitHealth } from '../../src/livekit/livekit.health.js';
import { TokenSigner } from '../../src/livekit/signer.js';
import { completeGrants } from '../../src/grants/role-grants.js';
import {
  samePermission,
  toParticipantPermission,
  toVideoGrant,
} from '../../src/grants/compile-grant.js';
import { describeLive, type LiveKitServer, startLiveKitServer } from '../support/livekit-server.js';
import { signalJoin } from '../support/livekit-signal.js';
import { type ParticipantProcess, startParticipants } from '../support/participants.js';
import { until } from '../support/until.js';

const viewer = completeGrants({ roomJoin: true, canSubscribe: true, canPublishData: true });
const speaker = {
  ...viewer,
  canPublish: true,
  canPublishSources: ['camera', 'microphone'] as const,
};

describeLive('the rooms port on a real LiveKit server', () => {
  let livekit: LiveKitServer;
  let rooms: LiveKitRooms;
  let people: ParticipantProcess;

  const tokenFor = (room: string, identity: string, grants = viewer) => {
    const now = Math.floor(Date.now() / 1000);
    const video = toVideoGrant(grants, room);
    return new TokenSigner(livekit).sign({ sub: identity, nbf: now, exp: now + 600, video });
  };

  beforeAll(async () => {
    livekit = await startLiveKitServer();
    rooms = new LiveKitRooms(livekit, () => new Date());
    people = startParticipants();
  });

  afterAll(async () => {
    await people?.stop();
    await livekit?.stop();
  });

  it('creates a room with its options, and answers with it unchanged the second time', async () => {
    const created = await rooms.createRoom({ name: 'a/b %:❤', emptyTimeout: 77, metadata: 'm' });
    expect(created).toMatchObject({ name: 'a/b %:❤', emptyTimeout: 77, metadata: 'm' });
    expect(JSON.stringify(created)).not.toMatch(/turn/i);
    const again = await rooms.createRoom({ name: 'a/b %:❤', emptyTimeout: 5 });
    expect(again).toMatchObject({ sid: created.sid, emptyTimeout: 77 });
    expect((await rooms.listRooms(['a/b %:❤'])).map(({ sid }) => sid)).toEqual([created.sid]);
    await rooms.deleteRoom('a/b %:❤');
    await rooms.deleteRoom('a/b %:❤');
    expect(await rooms.listRooms(['a/b %:❤'])).toEqual([]);
  });

  it('replaces the whole permission and answers with what LiveKit has then', async () => {
    await rooms.createRoom({ name: 'whole' });
    const lurker = await signalJoin(livekit.url, tokenFor('whole', 'ana'));
    const wanted = toParticipantPermission(speaker);
    const after = await rooms.setPermission('whole', 'ana', wanted);
    expect(samePermission(after.permission, wanted)).toBe(true);
    expect(after.permission.canSubscribe).toBe(true);
    await until('LiveKit told the participant', () => lurker.permission?.['canPublish'] === true);
    const [listed] = await rooms.listParticipants('whole');
    expect(listed).toMatchObject({ identity: 'ana', state: 'joined', kind: 'standard' });
    expect(listed?.permission).toEqual(wanted);
    expect(await rooms.removeParticipant('whole', 'ana')).toBe(true);
    await until('the participant is out', () => lurker.isClosed);
    expect(await rooms.removeParticipant('whole', 'ana')).toBe(false);
    expect(await rooms.findParticipant('whole', 'ana')).toBeNull();
    await expect(rooms.setPermission('whole', 'ana', wanted)).rejects.toMatchObject({
      kind: 'not_found',
    });
  });

  it('mutes a track that a real participant publishes', async () => {
    await rooms.createRoom({ name: 'studio' });
    const bob = await people.join('bob', livekit.url, tokenFor('studio', 'bob', { ...speaker }));
    const eve = await people.join('eve', livekit.url, tokenFor('studio', 'eve'));
    const sid = await bob.publishVideo();
    await until('eve sees bob', async () => ((await eve.status()).frames['bob'] ?? 0) > 3);
    const seen = await rooms.findParticipant('studio', 'bob');
    expect(seen).toMatchObject({ state: 'active', tracks: [{ sid, source: 'camera' }] });
    expect(await rooms.muteTrack('studio', 'bob', sid)).toMatchObject({ sid, isMuted: true });
    expect(await rooms.muteTrack('studio', 'bob', 'TR_unknown')).toBeNull();
  });

  it('says that our key is refused without repeating the token', async () => {
    const stranger = new LiveKitRooms({ ...livekit, apiSecret: 'x'.repeat(40) }, () => new Date());
    const error = await stranger.listRooms().catch((e: Error) => e);
    expect(error).toMatchObject({ kind: 'bad_gateway', code: 'livekit.refused' });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toMatch(/eyJ/);
  });

  it('is unavailable at once when LiveKit is down, in time when it hangs, and back by itself', async () => {
    const health = new LiveKitHealth(livekit);
    let returns = 0;
    health.onReturn(() => (returns += 1));
    await health.onModuleInit();
    expect(health.status.state).toBe('up');

    livekit.freeze();
    const hung = performance.now();
    await expect(rooms.listRooms()).rejects.toMatchObject({ kind: 'unavailable' });
    const hungMs = performance.now() - hung;
    expect(hungMs).toBeLessThan(15_000);
    livekit.thaw();

    await livekit.crash();
    const refused = performance.now();
    await expect(rooms.listRooms()).rejects.toMatchObject({ code: 'livekit.unavailable' });
    expect(performance.now() - refused).toBeLessThan(hungMs);
    await until('its death is noticed', () => health.status.state === 'down');

    await livekit.restart();
    await until('its return is noticed', () => health.status.state === 'up');
    expect(await rooms.listRooms()).toEqual([]);
    expect(returns).toBeGreaterThan(0);
    health.onModuleDestroy();
  });

  it('notices a restart that is over before the next poll', async () => {
    const health = new LiveKitHealth(livekit);
    let returns = 0;
    health.onReturn(() => (returns += 1));
    await health.onModuleInit();
    await livekit.restart();
    // The polls before and after it find the same.
    await until('the return is told', () => returns > 0);
    health.onModuleDestroy();
  });
});

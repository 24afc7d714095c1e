import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { samePermission, toParticipantPermission } from '../../src/grants/compile-grant.js';
import { toVideoGrant } from '../../src/grants/compile-grant.js';
import { completeGrants } from '../../src/grants/role-grants.js';
import { LiveKitRooms } from '../../src/livekit/livekit-rooms.js';
import { TokenSigner } from '../../src/livekit/signer.js';
import type { LiveKitEvent } from '../../src/livekit/webhook-event.js';
import { WebhookVerifier } from '../../src/livekit/webhook-verifier.js';
import { LiveKitDouble } from '../support/livekit-double/livekit-double.js';
import { ALL_RIGHTS, VIEWER_RIGHTS } from '../support/livekit-double/model.js';
import { describeLive, type LiveKitServer, startLiveKitServer } from '../support/livekit-server.js';
import { signalJoin } from '../support/livekit-signal.js';
import { until } from '../support/until.js';

const viewer = completeGrants({ roomJoin: true, canSubscribe: true, canPublishData: true });
const speaker = {
  ...viewer,
  canPublish: true,
  canPublishSources: ['camera', 'microphone'] as const,
};

const speakerGrants: typeof viewer = { ...viewer, canPublish: true, canPublishSources: ['camera'] };

/** What the double claims of LiveKit is asked of LiveKit as well. */
function behavesAsLiveKit(start: () => Promise<LiveKitServer>): void {
  let livekit: LiveKitServer;
  let rooms: LiveKitRooms;

  beforeAll(async () => {
    livekit = await start();
    rooms = new LiveKitRooms(livekit, () => new Date());
  });

  afterAll(() => livekit?.stop());

  const sign = (claims: Record<string, unknown>, exp = 600) => {
    const now = Math.floor(Date.now() / 1000);
    return new TokenSigner(livekit).sign({ nbf: now, exp: now + exp, ...claims });
  };
  const tokenFor = (room: string, identity: string, grants: typeof viewer = viewer) =>
    sign({ sub: identity, video: toVideoGrant(grants, room) });
  const videoOf = (token: string) =>
    (
      JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString()) as {
        video: Record<string, unknown>;
      }
    ).video;

  it('has one room of a name, and forgets it when it is deleted', async () => {
    const created = await rooms.createRoom({ name: 'a/b', emptyTimeout: 77, metadata: 'm' });
    expect(created).toMatchObject({ name: 'a/b', emptyTimeout: 77, metadata: 'm' });
    const again = await rooms.createRoom({ name: 'a/b', emptyTimeout: 5 });
    expect(again).toMatchObject({ sid: created.sid, emptyTimeout: 77 });
    expect(await rooms.updateRoomMetadata('a/b', 'n')).toMatchObject({ metadata: 'n' });
    expect((await rooms.listRooms(['a/b'])).map(({ sid }) => sid)).toEqual([created.sid]);
    await rooms.deleteRoom('a/b');
    await rooms.deleteRoom('a/b');
    expect(await rooms.listRooms(['a/b'])).toEqual([]);
    expect(await rooms.listParticipants('a/b')).toEqual([]);
  });

  it('replaces a permission whole, tells the participant and refreshes the token', async () => {
    await rooms.createRoom({ name: 'whole' });
    const ana = await signalJoin(livekit.url, tokenFor('whole', 'ana'), {}, { lurk: '1' });
    const wanted = toParticipantPermission({ ...speaker, canSubscribe: false });
    const after = await rooms.setPermission('whole', 'ana', wanted);
    expect(samePermission(after.permission, wanted)).toBe(true);
    await until('it was told', () => ana.permission?.['canPublish'] === true);
    expect(ana.permission?.['canSubscribe']).toBeUndefined();
    const token = await until('a token with the right', () => {
      return ana.token && videoOf(ana.token)['canPublish'] ? ana.token : null;
    });
    expect(videoOf(token)).toMatchObject({ roomJoin: true, room: 'whole' });
    const [listed] = await rooms.listParticipants('whole');
    expect(listed).toMatchObject({ identity: 'ana', state: 'joined', permission: wanted });
    ana.close();
  });

  it('knows nobody who is not there, and removes for this once only', async () => {
    await rooms.createRoom({ name: 'out' });
    const wanted = toParticipantPermission(speaker);
    expect(await rooms.findParticipant('out', 'bob')).toBeNull();
    await expect(rooms.setPermission('out', 'bob', wanted)).rejects.toMatchObject({
      code: 'livekit.not_found',
    });
    await expect(rooms.setPermission('nowhere', 'bob', wanted)).rejects.toMatchObject({
      code: 'livekit.not_found',
    });
    const token = tokenFor('out', 'bob');
    const bob = await signalJoin(livekit.url, token);
    expect(await rooms.removeParticipant('out', 'bob')).toBe(true);
    await until('bob is out', () => bob.isClosed);
    expect(await rooms.removeParticipant('out', 'bob')).toBe(false);
    expect((await signalJoin(livekit.url, token)).join.participant?.identity).toBe('bob');
  });

  it('gives what a token leaves out, and takes nothing for granted in a change', async () => {
    await rooms.createRoom({ name: 'defaults' });
    const video = { roomJoin: true, room: 'defaults' };
    const eve = await signalJoin(livekit.url, sign({ sub: 'eve', video }));
    expect(eve.join.participant?.permission?.toJson()).toMatchObject({
      canSubscribe: true,
      canPublish: true,
      canPublishData: true,
    });
    await rooms.setPermission('defaults', 'eve', toParticipantPermission(completeGrants({})));
    await until('all is taken', () => JSON.stringify(eve.permission) === '{}');
  });

  it('lets the newer of two connections of one identity have it', async () => {
    await rooms.createRoom({ name: 'twice' });
    const first = await signalJoin(livekit.url, tokenFor('twice', 'kim'));
    const second = await signalJoin(livekit.url, tokenFor('twice', 'kim', speakerGrants));
    await until('the first is out', () => first.isClosed);
    expect(second.isClosed).toBe(false);
    const [kim] = await rooms.listParticipants('twice');
    expect(kim?.permission.canPublish).toBe(true);
  });

  it('refuses unknown tokens and rooms that do not exist', async () => {
    const token = tokenFor('no such room', 'ana');
    await expect(signalJoin(livekit.url, token)).rejects.toMatchObject({ status: 404 });
    await expect(signalJoin(livekit.url, `${token}x`)).rejects.toMatchObject({ status: 401 });
    const old = sign({ sub: 'ana', video: { roomJoin: true, room: 'x' } }, -70);
    await expect(signalJoin(livekit.url, old)).rejects.toMatchObject({ status: 401 });
    const stranger = new LiveKitRooms({ ...livekit, apiSecret: 'x'.repeat(40) }, () => new Date());
    await expect(stranger.listRooms()).rejects.toMatchObject({ code: 'livekit.refused' });
  });

  it('knows nothing of before once it was restarted', async () => {
    await rooms.createRoom({ name: 'lost' });
    const max = await signalJoin(livekit.url, tokenFor('lost', 'max'));
    await livekit.crash();
    await expect(rooms.listRooms()).rejects.toMatchObject({ code: 'livekit.unavailable' });
    await livekit.restart();
    await until('the connection is gone', () => max.isClosed);
    expect(await rooms.listRooms()).toEqual([]);
  });
}

describe('the double of LiveKit', () => {
  behavesAsLiveKit(() => LiveKitDouble.start());
});

describeLive('LiveKit itself', () => behavesAsLiveKit(() => startLiveKitServer()));

describe('the double of LiveKit, as it is told', () => {
  let livekit: LiveKitDouble;
  let rooms: LiveKitRooms;
  let receiver: Server;
  const heard: LiveKitEvent[] = [];
  let answer = 200;

  beforeAll(async () => {
    receiver = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        response.statusCode = answer;
        response.end();
        if (answer !== 200) return;
        const verifier = new WebhookVerifier(livekit, () => new Date());
        heard.push(verifier.verify(Buffer.concat(chunks), request.headers.authorization));
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const { port } = receiver.address() as AddressInfo;
    livekit = await LiveKitDouble.start({ webhookUrl: `http://127.0.0.1:${port}/` });
    rooms = new LiveKitRooms(livekit, () => new Date());
  });

  afterAll(async () => {
    await livekit?.stop();
    receiver?.close();
  });

  const here = (room: string, identity: string, permission = ALL_RIGHTS) => {
    livekit.openRoom(room);
    return livekit.join({ room, identity, permission });
  };

  it('removes tracks that lost their permission, and counts real changes only', async () => {
    const ana = here('tracks', 'ana');
    ana.publish('CAMERA');
    ana.publish('SCREEN_SHARE');
    const wanted = toParticipantPermission(speaker);
    await rooms.setPermission('tracks', 'ana', wanted);
    await rooms.setPermission('tracks', 'ana', wanted);
    expect(ana.tracks.map(({ source }) => source)).toEqual(['CAMERA']);
    expect(livekit.changes('tracks', 'ana')).toHaveLength(1);
    expect(() => ana.publish('SCREEN_SHARE')).toThrow('may not publish');
  });

  it('fails, hangs and cuts off as often as it is told, with and without the effect', async () => {
    const bob = here('faults', 'bob');
    const wanted = toParticipantPermission(viewer);
    const set = () => rooms.setPermission('faults', 'bob', wanted);
    const unavailable = { code: 'livekit.unavailable' };
    let end = livekit.inject({ on: 'UpdateParticipant', then: 'fail', status: 503 });
    await expect(set()).rejects.toMatchObject(unavailable);
    end();
    end = livekit.inject({ identity: 'bob', then: 'drop' });
    await expect(set()).rejects.toMatchObject(unavailable);
    end();
    expect(bob.permission.canPublish).toBe(true);
    end = livekit.inject({ room: 'faults', then: 'half-hang' });
    await expect(set()).rejects.toMatchObject(unavailable);
    end();
    expect(bob.permission.canPublish).toBe(false);
    livekit.inject({ times: 1, then: 'fail' });
    await set();
    expect(livekit.changes('faults', 'bob')).toHaveLength(1);
  });

  it('tells in order, again, late, backwards or not at all', async () => {
    const scene = async (mode: typeof livekit.webhooks.mode, count: number) => {
      livekit.webhooks.mode = 'lost';
      const room = `hooks ${mode}`;
      livekit.openRoom(room);
      livekit.webhooks.mode = mode;
      here(room, 'eve').leave();
      livekit.webhooks.mode = 'normal';
      const ofRoom = () => heard.filter((event) => event.participant && event.room?.name === room);
      await until(`${count} are heard`, () => ofRoom().length >= count);
      await livekit.webhooks.idle();
      return ofRoom();
    };
    const names = (events: LiveKitEvent[]) => events.map(({ event }) => event);
    const both = ['participant_joined', 'participant_left'];
    expect(names(await scene('normal', 2))).toEqual(both);
    expect(names(await scene('reordered', 2)).sort()).toEqual(both);
    expect(names(await scene('late', 2)).sort()).toEqual(both);
    const repeated = await scene('duplicated', 6);
    expect(repeated).toHaveLength(6);
    expect(new Set(repeated.map(({ id }) => id)).size).toBe(2);
    expect(await scene('lost', 0)).toEqual([]);
  });

  it('tries a webhook again that was not taken, and gives its people no webhook when they lurk', async () => {
    await livekit.webhooks.idle();
    heard.splice(0);
    answer = 500;
    livekit.openRoom('again');
    livekit.join({ room: 'again', identity: 'lou', permission: VIEWER_RIGHTS }, { isLurker: true });
    answer = 200;
    await until('it is heard', () => heard.length > 0);
    expect(heard.map(({ event }) => event)).toEqual(['room_started']);
  });
});

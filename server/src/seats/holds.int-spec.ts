import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type DoubleWorld, startDoubleWorld } from '../../test/support/double-world.js';
import type { LiveApp } from '../../test/support/live-app.js';
import type { LiveScene } from '../../test/support/live-scene.js';
import { LiveKitDouble } from '../../test/support/livekit-double/livekit-double.js';
import { ALL_RIGHTS } from '../../test/support/livekit-double/model.js';
import { until } from '../../test/support/until.js';

const MIC = ['microphone'];

describe('a hold', () => {
  let world: DoubleWorld;
  let livekit: LiveKitDouble;
  let app: LiveApp;
  let scene: LiveScene;
  let room: string;
  let count = 0;

  beforeAll(async () => {
    world = await startDoubleWorld({ ROLECALL_SWEEP: '1s' }, { servers: 2 });
    ({ livekit, app, scene } = world);
  });

  afterAll(() => world?.stop());

  beforeEach(async () => {
    room = await scene.room(`hold-${count++}`, { default_template: 'speaker' });
  });

  /** Somebody with camera and microphone on. */
  const speaker = async (identity = 'ana') => {
    const token = await scene.issued(room, identity, 'speaker');
    const person = livekit.join(token);
    const camera = person.publish('CAMERA');
    const microphone = person.publish('MICROPHONE');
    await scene.untilSeat(room, identity, 'publishes both', ({ tracks }) => tracks.length === 2);
    return { token, person, camera, microphone };
  };
  const sourcesOf = (identity = 'ana') =>
    livekit.find(room, identity)?.permission.canPublishSources;
  const entries = async (kind: string) =>
    (await scene.ledger(room, kind)).map(({ outcome }) => outcome);

  it('takes the source out of the permission and leaves the rest, as its preview said', async () => {
    const { person, camera } = await speaker();
    const preview = await scene.act(room, 'ana', 'preview', { action: 'hold', sources: MIC });
    expect(preview).toMatchObject({ status: 200, body: { problem: null } });
    expect(preview.body.effects).toEqual([
      'unpublishes their microphone',
      'keeps their camera, chat and listening',
      'cannot turn on microphone until somebody releases them',
    ]);
    expect(sourcesOf()).toEqual(['CAMERA', 'MICROPHONE']);

    const held = await scene.act(room, 'ana', 'hold', { sources: MIC, reason: 'noise' });
    expect(held.body).toMatchObject({
      outcome: 'applied',
      epoch: 1,
      effects: preview.body.effects,
      after: { template: 'speaker', permission: { canPublishSources: ['camera'] } },
    });
    expect(sourcesOf()).toEqual(['CAMERA']);
    expect(person.tracks.map(({ sid }) => sid)).toEqual([camera.sid]);
    expect(() => person.publish('MICROPHONE')).toThrow('may not publish');
    expect(await scene.seat(room, 'ana')).toMatchObject({
      inSync: true,
      role: { template: 'speaker' },
      hold: { sources: MIC, until: null, by: 'admin@localhost', reason: 'noise' },
      withheld: { sources: MIC, data: false },
    });
    expect(await entries('seat.held')).toEqual(['intent', 'applied']);
  });

  it.each(['the original token', 'the refreshed token'])(
    'holds against who comes back with %s',
    async (which) => {
      const { token, person } = await speaker();
      await scene.act(room, 'ana', 'hold', { sources: MIC });
      const ticket = which === 'the original token' ? token : person.token;
      person.leave();
      livekit.join(ticket);
      await until('the microphone is withheld again', () => !sourcesOf()?.includes('MICROPHONE'));
      expect(sourcesOf()).toEqual(['CAMERA']);
    },
  );

  it('is in every token that is issued meanwhile, and binds whatever role is given', async () => {
    await scene.user('ana');
    await scene.act(room, 'ana', 'hold', { sources: MIC });
    const { body } = await app.post('/api/v1/tokens/preview', { room, identity: 'ana' });
    expect(body.claims.video.canPublishSources).toEqual(['camera']);
    livekit.join(await scene.issued(room, 'ana', 'speaker'));
    await scene.untilSeat(room, 'ana', 'is here', ({ isPresent, inSync }) => isPresent && inSync);
    const promoted = await scene.act(room, 'ana', 'promote', { template: 'presenter' });
    expect(promoted.body.after.permission.canPublishSources).toEqual([
      'camera',
      'screen_share',
      'screen_share_audio',
    ]);
  });

  it('is ended by a release, which gives back exactly what the role has', async () => {
    await speaker();
    await scene.act(room, 'ana', 'hold', {});
    expect(livekit.find(room, 'ana')?.permission.canPublish).toBe(false);
    const released = await scene.act(room, 'ana', 'release');
    expect(released.body).toMatchObject({
      outcome: 'applied',
      effects: [
        'may publish camera and microphone when they choose to: LiveKit turns nothing on by itself',
      ],
    });
    expect(sourcesOf()).toEqual(['CAMERA', 'MICROPHONE']);
    expect(await scene.seat(room, 'ana')).toMatchObject({ hold: null, inSync: true });
    expect(await entries('seat.released')).toEqual(['intent', 'applied']);
  });

  it('can be undone, and so can a release', async () => {
    await speaker();
    const held = (await scene.act(room, 'ana', 'hold', { sources: MIC, reason: 'noise' })).body;
    const undone = (await app.post(`/api/v1/operations/${held.operationId}/undo`)).body;
    expect(undone).toMatchObject({ outcome: 'applied', epoch: 2 });
    expect(sourcesOf()).toEqual(['CAMERA', 'MICROPHONE']);
    await app.post(`/api/v1/operations/${undone.operationId}/undo`);
    expect(sourcesOf()).toEqual(['CAMERA']);
    expect(await scene.seat(room, 'ana')).toMatchObject({ hold: { reason: 'noise' } });
  });

  it('adds to the one that is there and never shortens it', async () => {
    await speaker();
    await scene.act(room, 'ana', 'hold', { sources: MIC });
    const more = { sources: ['camera'], for: '5m' };
    await scene.act(room, 'ana', 'hold', more);
    expect(await scene.seat(room, 'ana')).toMatchObject({
      hold: { sources: ['camera', 'microphone'], until: null },
    });
  });

  it('holds who publishes nothing, who may publish nothing, and who is away', async () => {
    await scene.user('vic');
    await scene.act(room, 'vic', 'demote', { template: 'viewer' });
    const away = await scene.act(room, 'vic', 'hold');
    expect(away.body).toMatchObject({ outcome: 'pending' });
    expect(away.body.effects[0]).toBe('takes effect when they join');
    const vic = livekit.join(await scene.issued(room, 'vic'));
    await scene.untilSeat(room, 'vic', 'is settled', ({ lastChange }) => {
      return lastChange?.outcome === 'applied';
    });
    await scene.act(room, 'vic', 'promote', { template: 'host' });
    expect(vic.permission.canPublish).toBe(false);
    expect(await scene.seat(room, 'vic')).toMatchObject({
      hold: { sources: ['camera', 'microphone', 'screen_share', 'screen_share_audio'] },
    });
  });

  it('stops a screen share as a hold of both its sources', async () => {
    await scene.issued(room, 'pia', 'presenter');
    await scene.act(room, 'pia', 'promote', { template: 'presenter' });
    const pia = livekit.join(scene.token(room, 'pia', 'presenter'));
    pia.publish('SCREEN_SHARE');
    await scene.untilSeat(room, 'pia', 'shares', ({ tracks }) => tracks.length === 1);
    const sources = ['screen_share', 'screen_share_audio'];
    const held = await scene.act(room, 'pia', 'hold', { sources });
    expect(held.body.effects[0]).toBe('unpublishes their screen share');
    expect(pia.tracks).toEqual([]);
    expect(sourcesOf('pia')).toEqual(['CAMERA', 'MICROPHONE']);
  });

  it('of a participant without a rule is given back too', async () => {
    await app.sql('UPDATE room SET default_template = NULL WHERE name = $1', [room]);
    const guest = livekit.join({ room, identity: 'guest', permission: ALL_RIGHTS });
    await scene.untilSeat(room, 'guest', 'is seen', ({ isUnlisted }) => isUnlisted);
    const held = await scene.act(room, 'guest', 'hold', { sources: MIC });
    expect(held.body).toMatchObject({ outcome: 'applied' });
    expect(guest.permission.canPublishSources).not.toContain('MICROPHONE');
    expect(guest.permission.canPublishSources).toContain('CAMERA');
    expect((await scene.act(room, 'guest', 'release')).body.outcome).toBe('applied');
    expect(guest.permission.canPublishSources).toContain('MICROPHONE');
  });

  it('for a time ends by itself, exactly once, with two servers watching', async () => {
    await speaker();
    const held = await scene.act(room, 'ana', 'hold', { sources: MIC, for: '1s' });
    expect(held.body.effects.at(-1)).toMatch(/^cannot turn on microphone until 20/);
    await scene.untilSeat(room, 'ana', 'is free again', ({ hold }) => hold === null);
    await until('LiveKit has it back', () => sourcesOf()?.length === 2);
    await until('it is settled', async () => (await entries('seat.hold_ended')).length === 2);
    expect(await entries('seat.hold_ended')).toEqual(['intent', 'applied']);
    const rows = await scene.ledger(room, 'seat.hold_ended');
    expect(rows.map(({ actor_label }) => actor_label)).toEqual(['Rolecall', 'Rolecall']);
  });

  it('is not evaded by sound that is called a camera, which nobody without a microphone has', async () => {
    await speaker();
    await scene.act(room, 'ana', 'hold', { sources: MIC });
    const person = livekit.find(room, 'ana')!;
    const isGone = () => until('it is gone', () => person.tracks.length === 0);
    person.publish('CAMERA', '', Date.now(), 'AUDIO');
    await isGone();
    await until('the camera is theirs again', () => sourcesOf()?.join() === 'CAMERA');
    expect(person.publish('CAMERA').source).toBe('CAMERA');
    await scene.act(room, 'ana', 'release');
    // Who may speak may call it what they like.
    person.publish('CAMERA', '', Date.now(), 'AUDIO');
    await scene.untilSeat(room, 'ana', 'is heard', ({ tracks, inSync }) => {
      return tracks.length === 2 && inSync;
    });
    await scene.act(room, 'ana', 'demote', { template: 'camera-only' });
    await isGone();
  });

  it('ends with the session of the room', async () => {
    await speaker();
    await scene.act(room, 'ana', 'hold', { sources: MIC });
    await scene.end(room);
    await until('the session has ended', async () => {
      const rows = await scene.ledger(room, 'seat.session_ended');
      return rows.length === 1 && rows[0]?.payload.before.hold;
    });
    await scene.start(room);
    livekit.join(scene.token(room, 'ana', 'speaker'));
    await scene.untilSeat(room, 'ana', 'is back', ({ isPresent, hold }) => isPresent && !hold);
    expect(sourcesOf()).toEqual(['CAMERA', 'MICROPHONE']);
  });

  it('is held by the ceiling as a demotion is', async () => {
    const { body } = await app.post('/api/v1/api-keys', {
      name: 'small',
      permissions: ['seat.read', 'seat.mute'],
    });
    await app.sql(
      `UPDATE api_key SET ceiling = (SELECT grants FROM role_template_version WHERE template = 'viewer' LIMIT 1)
       WHERE id = $1`,
      [body.id],
    );
    await speaker();
    const path = `/api/v1/rooms/${room}/seats/ana`;
    const headers = { authorization: `Bearer ${body.key}`, cookie: '' };
    for (const action of ['hold', 'release']) {
      expect(await app.post(`${path}/${action}`, {}, headers)).toMatchObject({
        status: 403,
        body: { code: 'seat.above_ceiling' },
      });
    }
    const preview = await app.post(`${path}/preview`, { action: 'hold' }, headers);
    expect(preview.body.problem).toMatch('goes beyond what you may handle');
  });

  it.each([
    [{ sources: [] }, 'sources'],
    [{ sources: ['nose'] }, 'sources.0'],
    [{ for: 'soon' }, 'for'],
    [{ source: 'microphone' }, 'source'],
  ])('%j is refused by name', async (body, field) => {
    const answer = await scene.act(room, 'ana', 'hold', body);
    expect(answer.status).toBe(400);
    expect(Object.keys(answer.body.errors)).toContain(field);
  });
});

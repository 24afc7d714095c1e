import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type DoubleWorld, startDoubleWorld } from '../../test/support/double-world.js';
import type { LiveApp } from '../../test/support/live-app.js';
import type { LiveScene } from '../../test/support/live-scene.js';
import { LiveKitDouble } from '../../test/support/livekit-double/livekit-double.js';
import { ALL_RIGHTS, type Kind } from '../../test/support/livekit-double/model.js';
import { type DoubleParticipant } from '../../test/support/livekit-double/participant.js';
import { until } from '../../test/support/until.js';

const WHIP = 'synthesized-microphone';
const WHIP_CAMERA = 'synthesized-camera';

describe('who publishes only once is muted by holds and scenes', () => {
  let world: DoubleWorld;
  let livekit: LiveKitDouble;
  let app: LiveApp;
  let scene: LiveScene;
  let room: string;
  let count = 0;

  beforeAll(async () => {
    world = await startDoubleWorld({ ROLECALL_SWEEP: '1s' });
    ({ livekit, app, scene } = world);
  });

  afterAll(() => world?.stop());

  beforeEach(async () => {
    livekit.heal();
    livekit.isRemoteUnmuteOn = true;
    livekit.webhooks.mode = 'normal';
    room = await scene.room(`muted-${count++}`, { default_template: 'speaker' });
  });

  /** As LiveKit's own services come: with a token that Rolecall never issued. */
  const comes = async (identity: string, kind: Kind): Promise<DoubleParticipant> => {
    const person = livekit.join({ room, identity, permission: ALL_RIGHTS }, { kind });
    person.publish('MICROPHONE');
    await scene.untilSeat(room, identity, 'is heard', ({ tracks }) => tracks.length === 1);
    return person;
  };
  const whip = async (identity: string): Promise<DoubleParticipant> => {
    const person = livekit.join(await scene.issued(room, identity, 'speaker'));
    person.publish('MICROPHONE', WHIP);
    await scene.untilSeat(room, identity, 'is heard', ({ tracks }) => tracks.length === 1);
    return person;
  };
  const lock = async () => {
    const answer = await app.post(`/api/v1/rooms/${room}/scene`, { lock: {} });
    expect(answer.status).toBe(202);
    await isDone(answer.body.operationId);
  };
  const unlock = async () => {
    const answer = await app.send('DELETE', `/api/v1/rooms/${room}/scene`);
    expect(answer.status).toBe(202);
    await isDone(answer.body.operationId);
  };
  const isDone = (id: string) =>
    until('the operation is done', async () => {
      return (await app.get(`/api/v1/operations/${id}`)).body.status === 'done';
    });
  const mutes = (person: DoubleParticipant) => person.tracks.map(({ isMuted }) => isMuted);
  const inSync = (identity: string) =>
    scene.untilSeat(room, identity, 'is in sync', (seat) => seat.inSync);

  it.each<[string, Kind]>([
    ['a phone', 'SIP'],
    ['an ingress', 'INGRESS'],
    ['an agent', 'AGENT'],
  ])(
    '%s keeps its track and its rights, through a hold and through a lock',
    async (_what, kind) => {
      const guest = await comes('guest', kind);
      const [track] = guest.tracks;

      const preview = (await scene.act(room, 'guest', 'preview', { action: 'hold' })).body;
      const held = (await scene.act(room, 'guest', 'hold')).body;
      expect(held).toMatchObject({ outcome: 'applied', effects: preview.effects });
      expect(held.effects).toContain('mutes their microphone');
      expect(held.effects.join()).not.toMatch(/unpublishes|no longer publish|cannot turn on/);
      expect(guest.tracks).toEqual([{ ...track, isMuted: true }]);
      expect(guest.permission).toEqual(ALL_RIGHTS);
      expect(await inSync('guest')).toMatchObject({ silencing: 'mute', hold: { until: null } });
      const [silenced] = await until('its silence is noted', async () => {
        const rows = await scene.ledger(room, 'seat.silenced');
        return rows.length > 0 ? rows : null;
      });
      expect(silenced?.payload).toMatchObject({ action: 'hold', tracks: [{ sid: track?.sid }] });

      const released = (await scene.act(room, 'guest', 'release')).body;
      expect(released).toMatchObject({ outcome: 'applied', effects: ['unmutes their microphone'] });
      expect(mutes(guest)).toEqual([false]);

      await lock();
      expect(mutes(guest)).toEqual([true]);
      expect(guest.permission).toEqual({ ...ALL_RIGHTS, canPublishData: false });
      await inSync('guest');
      await until('the lock is noted as well', async () => {
        return (await scene.ledger(room, 'seat.silenced')).length === 2;
      });
      await unlock();
      expect(guest.tracks).toEqual([{ ...track, isMuted: false }]);
      expect(guest.permission).toEqual(ALL_RIGHTS);
      await inSync('guest');
      expect(await scene.ledger(room, 'drift.detected')).toEqual([]);
    },
  );

  it('a WHIP publisher is known by its tracks; a person is revoked, as is who is demoted', async () => {
    const encoder = await whip('encoder');
    const ana = livekit.join(await scene.issued(room, 'ana', 'speaker'));
    ana.publish('MICROPHONE');
    await scene.untilSeat(room, 'ana', 'is heard', ({ tracks }) => tracks.length === 1);

    await lock();
    expect(mutes(encoder)).toEqual([true]);
    expect(encoder.permission).toMatchObject({ canPublish: true, canPublishData: false });
    expect(ana.tracks).toEqual([]);
    expect(ana.permission.canPublish).toBe(false);
    await unlock();
    expect(mutes(encoder)).toEqual([false]);
    expect(await inSync('ana')).toMatchObject({ silencing: 'revoke' });
    const mutings = livekit.history.filter((change) => {
      return change.room === room && change.kind === 'muted';
    });
    expect(mutings.map(({ identity }) => identity)).toEqual(['encoder', 'encoder']);

    await scene.act(room, 'encoder', 'demote', { template: 'viewer' });
    expect(encoder.tracks).toEqual([]);
  });

  it.each(['normal', 'lost'] as const)(
    'what is published while held is muted as well, with %s webhooks',
    async (mode) => {
      const agent = await comes('agent', 'AGENT');
      await scene.act(room, 'agent', 'hold', { sources: ['camera', 'microphone'] });
      livekit.webhooks.mode = mode;
      agent.publish('CAMERA');
      agent.publish('SCREEN_SHARE');
      await until('the camera is muted', () => agent.tracks[1]?.isMuted);
      await inSync('agent');
      expect(mutes(agent)).toEqual([true, true, false]);
      await scene.act(room, 'agent', 'release');
      expect(mutes(agent)).toEqual([false, false, false]);
    },
  );

  it('who unmutes itself is muted again, which is a drift that was repaired', async () => {
    const agent = await comes('agent', 'AGENT');
    await scene.act(room, 'agent', 'hold');
    agent.setMuted('MICROPHONE', false);
    await until('it is muted again', () => mutes(agent)[0]);
    const rows = await until('it is repaired', async () => {
      const drifts = await scene.ledger(room, 'drift.repaired');
      return drifts.some(({ outcome }) => outcome === 'applied') ? drifts : null;
    });
    expect(rows).toHaveLength(2);
    expect((await scene.ledger(room, 'drift.detected'))[0]?.payload).toMatchObject({
      unmuted: [{ sid: agent.tracks[0]?.sid, source: 'microphone' }],
    });
    expect(agent.permission).toEqual(ALL_RIGHTS);
  });

  it('a WHIP publisher keeps its tracks when Rolecall hears of them after it has joined', async () => {
    await lock();
    const late = livekit.join(await scene.issued(room, 'late', 'speaker'));
    livekit.webhooks.mode = 'lost';
    const tracks = [late.publish('MICROPHONE', WHIP), late.publish('CAMERA', WHIP_CAMERA)];
    await until('they are muted', () => mutes(late).every(Boolean));
    await inSync('late');
    expect(late.tracks).toEqual(tracks.map((track) => ({ ...track, isMuted: true })));
    expect(late.permission).toMatchObject({ canPublish: true, canPublishData: false });
    livekit.webhooks.mode = 'normal';
    await unlock();
    expect(mutes(late)).toEqual([false, false]);
  });

  it('who is still connecting keeps the right, until media tells whether it is WHIP', async () => {
    await lock();
    const [encoder, ana, early] = await Promise.all(
      ['encoder', 'ana', 'early'].map(async (identity) => {
        return livekit.join(await scene.issued(room, identity, 'speaker'), { isLurker: true });
      }),
    );
    for (const person of [encoder!, ana!, early!]) {
      await until('data is taken', () => !person.permission.canPublishData);
      expect(person.permission.canPublishSources).toEqual(['CAMERA', 'MICROPHONE']);
    }
    livekit.activate(encoder!);
    const track = encoder!.publish('MICROPHONE', WHIP);
    await until('it is muted', () => mutes(encoder!)[0]);
    expect(encoder!.tracks).toEqual([{ ...track, isMuted: true }]);
    livekit.activate(ana!);
    await until('ana may not publish', () => !ana!.permission.canPublish);
    early!.publish('MICROPHONE');
    await until('it is gone at once', () => early!.tracks.length === 0);
    expect(early!.permission.canPublish).toBe(false);
  });

  it('a WHIP publisher who was seen before its mute is not taken for one who unmutes', async () => {
    const encoder = await whip('encoder');
    await scene.act(room, 'encoder', 'hold', { sources: ['microphone'] });
    expect(mutes(encoder)).toEqual([true]);
    // As an answer leaves it that LiveKit gave just before the mute, and that was written after it.
    await app.sql(
      `UPDATE seat SET tracks = jsonb_set(tracks, '{0,isMuted}', 'false') WHERE room = $1`,
      [room],
    );
    const held = await scene.act(room, 'encoder', 'hold', { sources: ['microphone', 'camera'] });
    expect(held.body).toMatchObject({ outcome: 'applied' });
    expect(mutes(encoder)).toEqual([true]);
    expect(await inSync('encoder')).toMatchObject({ silencing: 'mute' });
    expect(encoder.permission.canPublishSources).toEqual(['CAMERA', 'MICROPHONE']);
  });

  it('who unmutes though WHIP cannot is a person, and loses the right', async () => {
    const impostor = await whip('impostor');
    await scene.act(room, 'impostor', 'hold', { sources: ['microphone'] });
    expect(mutes(impostor)).toEqual([true]);
    impostor.setMuted('MICROPHONE', false);
    await until('its track is gone', () => impostor.tracks.length === 0);
    expect(impostor.permission.canPublishSources).toEqual(['CAMERA']);
    expect(() => impostor.publish('MICROPHONE', WHIP)).toThrow();
  });

  it('who publishes again though WHIP cannot is a person as well', async () => {
    const impostor = await whip('impostor');
    await scene.act(room, 'impostor', 'hold', { sources: ['microphone', 'camera'] });
    expect(mutes(impostor)).toEqual([true]);
    const later = Date.now() + 60_000;
    impostor.publish('MICROPHONE', WHIP, later);
    impostor.unpublish('MICROPHONE');
    await until('the right is gone', () => !impostor.permission.canPublish);

    const other = await whip('other');
    await scene.act(room, 'other', 'hold', { sources: ['microphone', 'camera'] });
    other.publish('CAMERA', WHIP_CAMERA, later);
    await until('its tracks are gone', () => other.tracks.length === 0);
    expect(other.permission.canPublish).toBe(false);
  });

  it('unmutes neither what they muted themselves nor what a moderator muted', async () => {
    const agent = await comes('agent', 'AGENT');
    agent.publish('CAMERA');
    await scene.untilSeat(room, 'agent', 'is seen', ({ tracks }) => tracks.length === 2);
    agent.setMuted('CAMERA', true);
    await scene.act(room, 'agent', 'hold');
    expect(mutes(agent)).toEqual([true, true]);
    await scene.act(room, 'agent', 'release');
    expect(mutes(agent)).toEqual([false, true]);

    await scene.act(room, 'agent', 'hold');
    await scene.act(room, 'agent', 'mute');
    await scene.act(room, 'agent', 'release');
    expect(mutes(agent)).toEqual([true, true]);
    await inSync('agent');
  });

  it('a scene that gives another role mutes what that role takes', async () => {
    const agent = livekit.join(await scene.issued(room, 'agent', 'speaker'), { kind: 'AGENT' });
    agent.publish('MICROPHONE');
    await scene.untilSeat(room, 'agent', 'is heard', ({ tracks }) => tracks.length === 1);
    const { body: scenes } = await app.get('/api/v1/scenes');
    const keynote = scenes.find(({ name }: { name: string }) => name === 'Keynote');
    const { body } = await app.post(`/api/v1/rooms/${room}/scene`, { scene: keynote.id });
    await isDone(body.operationId);
    expect(mutes(agent)).toEqual([true]);
    expect(agent.permission.canPublishSources).toEqual(['CAMERA', 'MICROPHONE']);
    expect(await inSync('agent')).toMatchObject({ role: { template: 'viewer' } });
    await unlock();
    expect(mutes(agent)).toEqual([false]);
  });

  it('a mute that LiveKit did not answer is undone by the release all the same', async () => {
    const agent = await comes('agent', 'AGENT');
    livekit.inject({ on: 'MutePublishedTrack', then: 'half-fail' });
    expect((await scene.act(room, 'agent', 'hold')).body.outcome).toBe('pending');
    livekit.heal();
    await until('it is muted', () => mutes(agent)[0]);
    await inSync('agent');
    await scene.act(room, 'agent', 'release');
    expect(mutes(agent)).toEqual([false]);
  });

  it('where a gate marks WHIP, names of tracks make nobody a WHIP publisher', async () => {
    const other = await startDoubleWorld({ ROLECALL_SWEEP: '1s', ROLECALL_GATE: 'on' });
    try {
      const hall = await other.scene.room('hall', { default_template: 'speaker' });
      const impostor = other.livekit.join(await other.scene.issued(hall, 'impostor', 'speaker'));
      impostor.publish('MICROPHONE', WHIP);
      await other.scene.untilSeat(
        hall,
        'impostor',
        'is heard',
        ({ tracks }) => tracks.length === 1,
      );
      // Muted, it could unmute between two sweeps, and nobody would know.
      await other.scene.act(hall, 'impostor', 'hold', { sources: ['microphone'] });
      await until('the track is gone', () => impostor.tracks.length === 0);
      expect(impostor.permission.canPublishSources).toEqual(['CAMERA']);
      // LiveKit publishes what WHIP offered with a connect, also after the right was taken.
      impostor.permission = ALL_RIGHTS;
      impostor.publish('MICROPHONE', WHIP);
      impostor.permission = { ...ALL_RIGHTS, canPublishSources: ['CAMERA'] };
      await until('it is silent', () => mutes(impostor).every(Boolean));
    } finally {
      await other.stop();
    }
  });

  it('says before the click that nothing will unmute them, and once that nothing has', async () => {
    const other = await startDoubleWorld({ ROLECALL_SWEEP: '1s' });
    try {
      const double = other.livekit;
      double.isRemoteUnmuteOn = false;
      const hall = await other.scene.room('hall', { default_template: 'speaker' });
      expect((await other.app.get('/api/v1/status')).body.livekit.remoteUnmute).toBe('unknown');
      const phone = double.join(
        { room: hall, identity: 'phone', permission: ALL_RIGHTS },
        { kind: 'SIP' },
      );
      phone.publish('MICROPHONE');
      await other.scene.untilSeat(hall, 'phone', 'is heard', ({ tracks }) => tracks.length === 1);
      const { body } = await other.scene.act(hall, 'phone', 'preview', { action: 'hold' });
      expect(body.effects.join()).toContain('room.enable_remote_unmute is off');
      expect(phone.tracks[0]?.isMuted).toBe(false);
      expect((await other.app.get('/api/v1/status')).body.livekit.remoteUnmute).toBe('off');

      await other.scene.act(hall, 'phone', 'hold');
      expect(phone.tracks[0]?.isMuted).toBe(true);
      const released = (await other.scene.act(hall, 'phone', 'release')).body;
      expect(released).toMatchObject({ outcome: 'failed' });
      expect(released.detail).toContain('room.enable_remote_unmute is off');
      await other.scene.untilSeat(hall, 'phone', 'is let be', ({ inSync: is }) => is);
      phone.setMuted('MICROPHONE', false);
      await other.scene.untilSeat(hall, 'phone', 'is in sync', (seat) => seat.inSync);
      expect(phone.tracks[0]?.isMuted).toBe(false);
    } finally {
      await other.stop();
    }
  });
});

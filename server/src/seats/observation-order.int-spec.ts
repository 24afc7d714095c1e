import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type DoubleWorld, startDoubleWorld } from '../../test/support/double-world.js';
import type { LiveApp } from '../../test/support/live-app.js';
import type { LiveScene } from '../../test/support/live-scene.js';
import { LiveKitDouble } from '../../test/support/livekit-double/livekit-double.js';
import type { Fault } from '../../test/support/livekit-double/model.js';
import { until } from '../../test/support/until.js';
import { PresenceService } from '../presence/presence.service.js';
import { Observations } from './observation/observations.js';
import { SeatReader } from './store/seat-reader.js';

describe('what LiveKit says counts in the order in which it was asked', () => {
  let world: DoubleWorld;
  let livekit: LiveKitDouble;
  let app: LiveApp;
  let scene: LiveScene;
  let room: string;
  let count = 0;

  beforeAll(async () => {
    // No sweep puts right meanwhile what is written wrongly here.
    world = await startDoubleWorld({ ROLECALL_SWEEP: '1h' });
    ({ livekit, app, scene } = world);
  });

  afterAll(() => world?.stop());

  beforeEach(async () => {
    livekit.heal();
    livekit.webhooks.mode = 'normal';
    room = await scene.room(`order-${count++}`, { default_template: 'speaker' });
  });

  /** Holds the next such call, or its answer; resolves when it has come to LiveKit. */
  const hold = (on: string, what: 'effectAfter' | 'answerAfter') => {
    const { promise, resolve: release } = Promise.withResolvers<void>();
    let hasCome = false;
    const fault: Fault = { on, room, times: 1, onStrike: () => void (hasCome = true) };
    livekit.inject({ ...fault, [what]: promise });
    return { release, come: () => until(`${on} has come`, () => hasCome) };
  };
  const speaker = async (identity: string) => {
    const person = livekit.join(await scene.issued(room, identity, 'speaker'));
    await scene.untilSeat(room, identity, 'is here', ({ isPresent }) => isPresent);
    return person;
  };
  const seat = async (identity: string) => (await app.app.get(SeatReader).find(room, identity))!;
  const list = async () => {
    const known = await app.app.get(Observations).readRooms([room]);
    return app.app.get(PresenceService).observeRoom(room, known);
  };
  const demote = (identity: string) => scene.act(room, identity, 'demote', { template: 'viewer' });

  it('an answer of before a change does not keep the answer to the change out', async () => {
    const ana = await speaker('ana');
    const call = hold('UpdateParticipant', 'effectAfter');
    const acting = demote('ana');
    await call.come();
    ana.publish('CAMERA');
    await scene.untilSeat(room, 'ana', 'is seen to publish', ({ tracks }) => tracks.length === 1);
    livekit.webhooks.mode = 'lost';
    call.release();
    expect((await acting).body).toMatchObject({ outcome: 'applied' });
    expect(await seat('ana')).toMatchObject({ permission: { canPublish: false }, tracks: [] });
  });

  it('an answer of before a change, written after it, changes nothing', async () => {
    const ana = await speaker('ana');
    livekit.webhooks.mode = 'lost';
    const call = hold('UpdateParticipant', 'effectAfter');
    const acting = demote('ana');
    await call.come();
    ana.publish('CAMERA');
    const answer = hold('ListParticipants', 'answerAfter');
    const listing = list();
    await answer.come();
    call.release();
    expect((await acting).body).toMatchObject({ outcome: 'applied' });
    answer.release();
    await listing;
    expect(await seat('ana')).toMatchObject({ permission: { canPublish: false }, tracks: [] });
    await list();
    expect(await seat('ana')).toMatchObject({ permission: { canPublish: false }, tracks: [] });
  });

  it('a list of before a mute does not show who is held as heard', async () => {
    const ticket = await scene.issued(room, 'agent', 'speaker');
    const agent = livekit.join(ticket, { kind: 'AGENT' });
    agent.publish('MICROPHONE');
    await scene.untilSeat(room, 'agent', 'is heard', ({ tracks }) => tracks.length === 1);
    livekit.webhooks.mode = 'lost';
    const call = hold('UpdateParticipant', 'effectAfter');
    const acting = scene.act(room, 'agent', 'hold', { sources: ['microphone'] });
    await call.come();
    agent.publish('CAMERA');
    const answer = hold('ListParticipants', 'answerAfter');
    const listing = list();
    await answer.come();
    call.release();
    expect((await acting).body).toMatchObject({ outcome: 'applied' });
    answer.release();
    await listing;
    expect((await seat('agent')).tracks[0]).toMatchObject({ source: 'microphone', isMuted: true });
    await list();
    expect((await seat('agent')).tracks.map(({ isMuted }) => isMuted)).toEqual([true, false]);
  });

  it('who leaves while a call is under way does not come back by its answer', async () => {
    const ana = await speaker('ana');
    const call = hold('UpdateParticipant', 'answerAfter');
    const acting = demote('ana');
    await until('she is demoted', () => !ana.permission.canPublish);
    ana.leave();
    await scene.untilSeat(room, 'ana', 'has left', ({ isPresent }) => !isPresent);
    call.release();
    await acting;
    expect(await seat('ana')).toMatchObject({ isPresent: false, permission: null });
  });

  it('the webhook of a join does not let in what was asked for before', async () => {
    const ana = livekit.join(await scene.issued(room, 'ana', 'speaker'), { isLurker: true });
    const answer = hold('ListParticipants', 'answerAfter');
    const listing = list();
    await answer.come();
    expect((await demote('ana')).body).toMatchObject({ outcome: 'applied' });
    livekit.activate(ana);
    await until('the join is known', async () => (await seat('ana')).state === 'active');
    answer.release();
    await listing;
    expect(await seat('ana')).toMatchObject({ state: 'active', permission: { canPublish: false } });
  });
});

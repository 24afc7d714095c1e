import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type DoubleWorld, startDoubleWorld } from '../../test/support/double-world.js';
import type { LiveApp } from '../../test/support/live-app.js';
import type { LiveScene } from '../../test/support/live-scene.js';
import { LiveKitDouble } from '../../test/support/livekit-double/livekit-double.js';
import { ALL_RIGHTS, VIEWER_RIGHTS } from '../../test/support/livekit-double/model.js';
import { until } from '../../test/support/until.js';

describe('who is in a room unseen', () => {
  let world: DoubleWorld;
  let livekit: LiveKitDouble;
  let app: LiveApp;
  let scene: LiveScene;
  let room: string;
  let count = 0;

  beforeAll(async () => {
    world = await startDoubleWorld(
      { ROLECALL_SWEEP: '1s', ROLECALL_LURKERS: '3s' },
      { servers: 2 },
    );
    ({ livekit, app, scene } = world);
  });

  afterAll(() => world?.stop());

  beforeEach(async () => {
    room = await scene.room(`unseen-${count++}`);
  });

  const removals = () => scene.ledger(room, 'seat.removed');
  const lurk = async (identity: string) =>
    livekit.join(await scene.issued(room, identity), { isLurker: true });

  it.each([
    ['hidden', { ...VIEWER_RIGHTS, hidden: true }, 'hidden'],
    ['a recorder', { ...VIEWER_RIGHTS, hidden: true, recorder: true }, 'recorder'],
    ['an agent that only listens', { ...VIEWER_RIGHTS, agent: true }, 'agent'],
    ['neither', VIEWER_RIGHTS, null],
  ])('moderators see who is %s, and since when', async (_what, permission, why) => {
    await app.sql('UPDATE room SET default_template = NULL WHERE name = $1', [room]);
    const someone = livekit.join({ room, identity: 'x', permission });
    const seat = await scene.untilSeat(room, 'x', 'is shown', ({ isPresent }) => isPresent);
    expect(seat).toMatchObject({ isSilent: why !== null, silentWhy: why });
    const since = why === null ? null : new Date(someone.joinedAt).toISOString();
    expect(seat.silentSince).toBe(since);
  });

  it('an agent that is heard is not silent', async () => {
    await app.sql('UPDATE room SET default_template = NULL WHERE name = $1', [room]);
    const permission = { ...ALL_RIGHTS, agent: true };
    livekit.join({ room, identity: 'bot', permission }).publish('MICROPHONE');
    await scene.untilSeat(room, 'bot', 'is heard', ({ tracks }) => tracks.length === 1);
    expect(await scene.seat(room, 'bot')).toMatchObject({ isSilent: false, silentWhy: null });
  });

  it('who opens only a WebSocket is shown, and removed when their time is up, once', async () => {
    const spy = await lurk('spy');
    const seat = await scene.untilSeat(room, 'spy', 'is shown', ({ isPresent }) => isPresent);
    expect(seat).toMatchObject({ isSilent: true, silentWhy: 'no_media', state: 'joined' });
    await until('the spy is out', () => !spy.isHere);
    const stayed = Date.now() - spy.joinedAt;
    expect(stayed).toBeGreaterThanOrEqual(2_900);
    await until('it is written down', async () => (await removals()).length >= 2);
    const rows = await removals();
    expect(rows.map(({ outcome, actor_label }) => [outcome, actor_label])).toEqual([
      ['intent', 'Rolecall'],
      ['applied', 'Rolecall'],
    ]);
    const [entry] = await app.sql<{ reason: string }>(
      `SELECT reason FROM ledger_entry WHERE room = $1 AND kind = 'seat.removed'`,
      [room],
    );
    expect(entry?.reason).toBe('connected without media for 3 seconds');
  });

  it('who comes back is another connection, with its own time and its own entry', async () => {
    const first = await lurk('spy');
    await until('the spy is out', () => !first.isHere);
    const second = await lurk('spy');
    await until('and out again', () => !second.isHere);
    expect(Date.now() - second.joinedAt).toBeGreaterThanOrEqual(2_900);
    await until('both are written down', async () => (await removals()).length === 4);
  });

  it('who gets media meanwhile stays', async () => {
    const slow = await lurk('slow');
    const spy = await lurk('spy');
    await scene.untilSeat(room, 'slow', 'is seen without media', ({ silentWhy }) => {
      return silentWhy === 'no_media';
    });
    livekit.activate(slow);
    await until('the spy is out', () => !spy.isHere);
    await scene.untilSeat(room, 'slow', 'is a participant', ({ isSilent }) => !isSilent);
    expect(slow.isHere).toBe(true);
    expect((await removals()).every(({ identity }) => identity === 'spy')).toBe(true);
  });

  it('a lurker who gets media between the last check and the call stays as well', async () => {
    const slow = await lurk('slow');
    let looks = 0;
    const end = livekit.inject({
      on: 'GetParticipant',
      identity: 'slow',
      // The look before the removal is begun still shows a lurker; the one before the call does not.
      onStrike: () => {
        if (++looks === 2) livekit.activate(slow);
      },
    });
    await until('it was looked at twice', () => looks >= 2);
    await until('the removal is over', async () => {
      return (await removals()).some(({ outcome }) => outcome === 'superseded');
    });
    end();
    expect(slow.isHere).toBe(true);
  });

  it('an unlisted participant is shown, and noted once', async () => {
    await app.sql('UPDATE room SET default_template = NULL WHERE name = $1', [room]);
    const stranger = livekit.join({ room, identity: 'stranger', permission: VIEWER_RIGHTS });
    await scene.untilSeat(room, 'stranger', 'is shown', ({ isUnlisted }) => isUnlisted);
    await until('it is noted', async () => {
      return (await scene.ledger(room, 'participant.unlisted')).length === 1;
    });
    expect(stranger.isHere).toBe(true);
  });

  it('an unlisted participant is removed at every join where the room says so', async () => {
    await app.sql(`UPDATE room SET unlisted_participants = 'remove' WHERE name = $1`, [room]);
    for (let visit = 0; visit < 3; visit++) {
      const stranger = livekit.join({ room, identity: 'stranger', permission: VIEWER_RIGHTS });
      await until('the stranger is out', () => !stranger.isHere, 1_000);
    }
    const guest = livekit.join(await scene.issued(room, 'guest'));
    await scene.untilSeat(room, 'guest', 'is here', ({ isPresent }) => isPresent);
    expect(guest.isHere).toBe(true);
  });
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type DoubleWorld, startDoubleWorld } from '../../test/support/double-world.js';
import type { LiveApp } from '../../test/support/live-app.js';
import type { LiveScene } from '../../test/support/live-scene.js';
import { LiveKitDouble } from '../../test/support/livekit-double/livekit-double.js';
import { type JoinOptions, VIEWER_RIGHTS } from '../../test/support/livekit-double/model.js';
import { until } from '../../test/support/until.js';
import { SYSTEM_ACTOR } from '../actor/actor.js';
import { AppError } from '../common/errors/app-error.js';
import { SeatRules } from './model/extensions.js';
import { SeatsService } from './commands/seats.service.js';

const OWN = 'admin@localhost';

describe('what moderators do has a defined answer', () => {
  let world: DoubleWorld;
  let livekit: LiveKitDouble;
  let app: LiveApp;
  let scene: LiveScene;
  let room: string;
  let count = 0;

  beforeAll(async () => {
    world = await startDoubleWorld({ ROLECALL_SWEEP: '2s', ROLECALL_RATE_OPERATOR: '100000/1s' });
    ({ livekit, app, scene } = world);
  });

  afterAll(() => world?.stop());

  beforeEach(async () => {
    livekit.heal();
    room = await scene.room(`answers-${count++}`);
  });

  const come = async (identity: string, options: JoinOptions = {}) => {
    const person = livekit.join(await scene.issued(room, identity), options);
    await scene.untilSeat(room, identity, 'is here', ({ isPresent }) => isPresent);
    return person;
  };
  const outcomes = async (kind: string) =>
    (await scene.ledger(room, kind)).map(({ outcome }) => outcome);
  const timed = async <T>(work: Promise<T>) => {
    const started = performance.now();
    return { answer: await work, ms: performance.now() - started };
  };

  describe('to acting on oneself', () => {
    it.each(['demote', 'block', 'remove', 'hold'])('%s wants a yes', async (action) => {
      await scene.user(OWN).catch(() => undefined);
      await come(OWN);
      const asked = await scene.act(room, OWN, action);
      expect(asked).toMatchObject({ status: 409, body: { code: 'seat.self' } });
      expect(await scene.seat(room, OWN)).toMatchObject({ isPresent: true, epoch: 0 });
      const meant = await scene.act(room, OWN, action, { confirm: true });
      expect(meant).toMatchObject({ status: 200, body: { outcome: 'applied' } });
    });

    it('a promotion and a mute do not', async () => {
      await come(OWN);
      expect((await scene.act(room, OWN, 'promote')).status).toBe(200);
      expect((await scene.act(room, OWN, 'mute')).status).toBe(200);
    });

    it('somebody else with a key of their own is not meant', async () => {
      await come('ana');
      expect((await scene.act(room, 'ana', 'demote', { template: 'viewer' })).status).toBe(200);
    });
  });

  describe('to acting on what is no person', () => {
    it.each(['AGENT', 'EGRESS', 'INGRESS', 'SIP'] as const)('%s has no role', async (kind) => {
      await come('it', { kind });
      const isMutable = kind !== 'EGRESS';
      for (const action of ['promote', 'demote', ...(isMutable ? [] : ['hold'])]) {
        expect(await scene.act(room, 'it', action)).toMatchObject({
          status: 409,
          body: { code: 'seat.not_a_person', participantKind: kind.toLowerCase() },
        });
      }
      if (isMutable) expect((await scene.act(room, 'it', 'hold')).body.outcome).toBe('applied');
      expect((await scene.act(room, 'it', 'mute')).body.outcome).toBe('applied');
      expect((await scene.act(room, 'it', 'remove')).body.outcome).toBe('applied');
    });

    it('also while it is away', async () => {
      await app.sql(
        `INSERT INTO app_user (identity, name, kind) VALUES ('bot', 'bot', 'agent') ON CONFLICT DO NOTHING`,
      );
      expect(await scene.act(room, 'bot', 'promote')).toMatchObject({
        status: 409,
        body: { code: 'seat.not_a_person' },
      });
    });
  });

  describe('before the click', () => {
    it.each<[string, Record<string, unknown>]>([
      ['promote', { template: 'presenter' }],
      ['demote', { template: 'viewer' }],
      ['block', {}],
      ['hold', { sources: ['camera'] }],
      ['release', {}],
      ['remove', {}],
      ['mute', {}],
    ])(
      '%s: what is said is what is said after it, and nothing is changed',
      async (action, body) => {
        await scene.issued(room, 'ana', 'speaker');
        await scene.act(room, 'ana', 'promote', { template: 'speaker' });
        const ana = livekit.join(scene.token(room, 'ana', 'speaker'));
        ana.publish('CAMERA');
        ana.publish('MICROPHONE');
        await scene.untilSeat(room, 'ana', 'publishes', ({ tracks, lastChange }) => {
          return tracks.length === 2 && lastChange?.outcome === 'applied';
        });
        const before = await scene.seat(room, 'ana');
        const entries = (await scene.ledger(room)).length;
        const preview = await scene.act(room, 'ana', 'preview', { action, ...body });
        expect(preview).toMatchObject({ status: 200, body: { problem: null } });
        expect(await scene.seat(room, 'ana')).toEqual(before);
        expect(await scene.ledger(room)).toHaveLength(entries);
        const done = await scene.act(room, 'ana', action, body);
        expect(done.body).toMatchObject({ outcome: 'applied', effects: preview.body.effects });
        expect(done.body.after).toEqual(preview.body.after);
      },
    );

    it('names what would be refused, as the refusal would', async () => {
      await scene.user('pia');
      await scene.act(room, 'pia', 'promote', { template: 'presenter' });
      const preview = await scene.act(room, 'pia', 'preview', { action: 'promote' });
      expect(preview.body).toMatchObject({
        problem: 'They are presenter, which is more than speaker. Say which template you mean.',
        effects: [],
      });
    });
  });

  describe('to who acts for others', () => {
    it('an operation with an id of its own is begun once', async () => {
      const ana = await come('ana');
      const operationId = randomUUID();
      const seats = app.app.get(SeatsService);
      const ask = () =>
        seats.act(SYSTEM_ACTOR, 'promote', { room, identity: 'ana' }, {}, { operationId });
      const answers = [await ask(), ...(await Promise.all([ask(), ask()]))];
      expect(answers.map((answer) => [answer.operationId, answer.outcome, answer.epoch])).toEqual(
        Array(3).fill([operationId, 'applied', 1]),
      );
      expect(await outcomes('seat.promoted')).toEqual(['intent', 'applied']);
      expect(ana.permission.canPublish).toBe(true);
    });

    it('a rule of another feature refuses before anything is written', async () => {
      await come('ana');
      const here = room;
      const full = new AppError('conflict', 'stage.full', 'There is no place left.');
      let isFull = true;
      app.app.get(SeatRules).add({
        assertMayHave: async (_tx, claim) => {
          if (isFull && claim.room === here) throw full;
        },
      });
      expect(await scene.act(room, 'ana', 'promote')).toMatchObject({
        status: 409,
        body: { code: 'stage.full' },
      });
      expect(await scene.seat(room, 'ana')).toMatchObject({ epoch: 0, override: null });
      expect(await outcomes('seat.promoted')).toEqual([]);
      isFull = false;
      const given = (await scene.act(room, 'ana', 'promote')).body;
      const taken = (await scene.act(room, 'ana', 'demote')).body;
      isFull = true;
      expect(await app.post(`/api/v1/operations/${taken.operationId}/undo`)).toMatchObject({
        status: 409,
        body: { code: 'stage.full' },
      });
      expect(given.outcome).toBe('applied');
    });
  });

  it('to acting on who has left', async () => {
    const ana = await come('ana');
    ana.leave();
    await until('she is gone', async () => !(await scene.seat(room, 'ana'))?.isPresent);
    const answers = [];
    for (const action of ['promote', 'hold', 'remove', 'mute', 'block']) {
      const { body } = await scene.act(room, 'ana', action);
      answers.push([action, body.outcome, body.effects[0]]);
    }
    expect(answers).toEqual([
      ['promote', 'pending', 'takes effect when they join'],
      ['hold', 'pending', 'takes effect when they join'],
      ['remove', 'applied', 'is not in the room'],
      ['mute', 'failed', 'has nothing on that could be muted'],
      ['block', 'applied', 'no token lets them in until they are unblocked'],
    ]);
  });

  it('to acting in a closed room', async () => {
    await come('ana');
    await app.sql('UPDATE room SET is_closed = true WHERE name = $1', [room]);
    expect(await scene.act(room, 'ana', 'promote')).toMatchObject({
      status: 409,
      body: { code: 'room.closed' },
    });
    expect((await scene.act(room, 'ana', 'preview', { action: 'promote' })).body).toMatchObject({
      problem: 'The room is closed.',
      effects: [],
    });
    expect((await scene.act(room, 'ana', 'remove')).status).toBe(200);
  });

  it('to blocking somebody who has never been heard of, ahead of their coming', async () => {
    expect((await scene.act(room, 'troll', 'promote')).status).toBe(404);
    const blocked = await scene.act(room, 'troll', 'block', { reason: 'known' });
    expect(blocked).toMatchObject({ status: 200, body: { outcome: 'applied', epoch: 1 } });
    expect(await scene.seat(room, 'troll')).toMatchObject({ block: { reason: 'known' } });
    const troll = livekit.join({ room, identity: 'troll', permission: VIEWER_RIGHTS });
    await until('the troll is out', () => !troll.isHere);
    expect((await scene.act(room, 'troll', 'unblock')).status).toBe(200);
  });

  describe('to a key that is held down', () => {
    it('a thousand promotions at once are one, or one for each five seconds that they take', async () => {
      await come('ana');
      // A browser sends them through a few connections; the rest of them wait in it.
      const press = async () => {
        const answers = [];
        for (let i = 0; i < 20; i++) {
          const { answer, ms } = await timed(scene.act(room, 'ana', 'promote'));
          answers.push({ ...answer, ms });
        }
        return answers;
      };
      const { answer, ms } = await timed(Promise.all(Array.from({ length: 50 }, press)));
      const answers = answer.flat();
      expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
      const operations = new Set(answers.map(({ body }) => body.operationId)).size;
      expect(operations).toBeLessThanOrEqual(1 + Math.floor(ms / 5_000));
      // Who had to wait for three seconds is told that it goes on; nobody else is.
      const early = answers.filter(({ body, ms }) => body.outcome !== 'applied' && ms < 3_000);
      expect(early).toEqual([]);
      expect(new Set(answers.map(({ body }) => body.outcome))).toContain('applied');
      expect(await outcomes('seat.promoted')).toHaveLength(2 * operations);
      expect(livekit.calls('UpdateParticipant', room)).toBeLessThanOrEqual(operations);
      expect(await scene.seat(room, 'ana')).toMatchObject({ epoch: operations });
    });

    it.each([
      ['block', 'seat.blocked', {}],
      ['hold', 'seat.held', { for: '5m' }],
      ['remove', 'seat.removed', {}],
      ['mute', 'seat.muted', { source: 'microphone' }],
    ])('so is any number of %s', async (action, kind, body) => {
      await come('ana');
      const answers = await Promise.all(
        Array.from({ length: 60 }, () => scene.act(room, 'ana', action, body)),
      );
      expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
      expect(new Set(answers.map(({ body: { operationId } }) => operationId)).size).toBe(1);
      await until('it is settled', async () => (await outcomes(kind)).length === 2);
    });

    it('with the epoch of the screen it was pressed on too', async () => {
      await come('ana');
      const body = { expectEpoch: 0 };
      const first = await scene.act(room, 'ana', 'promote', body);
      const again = await scene.act(room, 'ana', 'promote', body);
      expect(again).toMatchObject({
        status: 200,
        body: { operationId: first.body.operationId, epoch: 1 },
      });
      const other = await scene.act(room, 'ana', 'promote', { ...body, template: 'presenter' });
      expect(other).toMatchObject({ status: 409, body: { code: 'seat.changed' } });
    });

    it('who came back meanwhile is removed again', async () => {
      const ana = await come('ana');
      const first = (await scene.act(room, 'ana', 'remove')).body;
      await until('she is out', async () => !(await scene.seat(room, 'ana'))?.isPresent);
      const back = ana.reconnect();
      await scene.untilSeat(room, 'ana', 'is back', ({ isPresent }) => isPresent);
      const second = (await scene.act(room, 'ana', 'remove')).body;
      expect(second.operationId).not.toBe(first.operationId);
      expect(back.isHere).toBe(false);
    });

    it('beyond the limit of requests the answer is 429', async () => {
      const { body } = await app.post('/api/v1/api-keys', {
        name: 'slow',
        permissions: ['seat.read', 'seat.promote'],
      });
      await app.sql('UPDATE api_key SET rate_limit = 5 WHERE id = $1', [body.id]);
      await come('ana');
      const headers = { authorization: `Bearer ${body.key}`, cookie: '' };
      const path = `/api/v1/rooms/${room}/seats/ana/promote`;
      const answers = await Promise.all(
        Array.from({ length: 30 }, () => app.post(path, {}, headers)),
      );
      const statuses = new Set(answers.map(({ status }) => status));
      expect(statuses).toEqual(new Set([200, 429]));
      expect(await outcomes('seat.promoted')).toEqual(['intent', 'applied']);
    });
  });

  describe('while LiveKit is in trouble', () => {
    it('slow by five seconds: pending long before, and done once it answers', async () => {
      await come('ana');
      const end = livekit.inject({ on: 'UpdateParticipant', latencyMs: 5_000 });
      const { answer, ms } = await timed(scene.act(room, 'ana', 'promote'));
      expect(answer).toMatchObject({ status: 200, body: { outcome: 'pending' } });
      expect(ms).toBeLessThan(5_000);
      // Nor does anybody wait in line behind it: the desired state is written at once.
      const second = await timed(scene.act(room, 'ana', 'promote', { template: 'presenter' }));
      expect(second.answer.body).toMatchObject({ outcome: 'pending', epoch: 2 });
      expect(second.ms).toBeLessThan(5_000);
      end();
      await scene.untilSeat(room, 'ana', 'is presenter', ({ inSync, lastChange }) => {
        return inSync && lastChange?.outcome === 'applied';
      });
      expect(livekit.find(room, 'ana')?.permission.canPublishSources).toContain('SCREEN_SHARE');
      await until('every operation has its end', async () => {
        const rows = await scene.ledger(room, 'seat.promoted');
        const ids = new Set(rows.map(({ payload }) => payload.operationId));
        const done = rows.filter(({ outcome }) => /applied|superseded/.test(outcome));
        return ids.size === 2 && done.length === 2;
      });
    });

    it.each(['fail', 'drop', 'half-fail', 'half-drop'] as const)(
      'one that does %s: nothing lost, nothing doubled',
      async (then) => {
        await come('ana');
        livekit.inject({ on: 'UpdateParticipant', then, times: 3 });
        const answer = await scene.act(room, 'ana', 'promote');
        expect(answer.status).toBe(200);
        expect(['pending', 'applied']).toContain(answer.body.outcome);
        await scene.untilSeat(room, 'ana', 'is speaker', ({ inSync, lastChange }) => {
          return inSync && lastChange?.outcome === 'applied';
        });
        const ends = (await outcomes('seat.promoted')).filter((one) => one === 'applied');
        expect(ends).toEqual(['applied']);
        expect(livekit.find(room, 'ana')?.permission.canPublish).toBe(true);
      },
    );

    it('a removal waits for it, and removes only the participant it was for', async () => {
      const ana = await come('ana');
      const end = livekit.inject({ on: 'RemoveParticipant', then: 'fail' });
      const answer = await scene.act(room, 'ana', 'remove');
      expect(answer.body).toMatchObject({ outcome: 'pending' });
      end();
      await until('she is out', () => !ana.isHere);
      await until('it is settled', async () => (await outcomes('seat.removed')).length === 3);
      expect(await outcomes('seat.removed')).toEqual(['intent', 'pending', 'applied']);
    });
  });
});

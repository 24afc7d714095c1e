import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Credential, Json, TestApp } from '../../test/support/test-app.js';
import { stagePath, stageTools, startStageApp } from '../../test/support/stage.js';
import { until } from '../../test/support/until.js';
import { completeGrants } from '../grants/role-grants.js';

let app: TestApp;
let moderator: Credential;

beforeAll(async () => {
  ({ app, moderator } = await startStageApp());
});
afterAll(() => app?.stop());

const { inRoom, me, raised, newRoom, stage, act, limit, speakers } = stageTools(() => ({
  app,
  moderator,
}));

describe('the queue', () => {
  it('is in the order in which hands went up, and says how long each waits', async () => {
    const room = await newRoom();
    await raised(room, 'cy', 'ana', 'bo');
    const { hands, next } = await stage(room);
    expect(hands.map((hand: Json) => [hand.identity, hand.position])).toEqual([
      ['cy', 1],
      ['ana', 2],
      ['bo', 3],
    ]);
    expect(next).toBe('cy');
    expect(Date.now() - Date.parse(hands[0].since)).toBeLessThan(10_000);
    expect((await me(room, 'bo')).body.hand).toMatchObject({ position: 3 });
    const seats = await app.inject('GET', `/api/v1/rooms/${room}/seats`, { as: moderator });
    const shown = seats.body.find(({ identity }: Json) => identity === 'cy');
    expect(shown).toMatchObject({ hand: { id: hands[0].id, since: hands[0].since }, invite: null });
  });

  it('keeps the place of who raises twice, and sends who lowers and raises to the end', async () => {
    const room = await newRoom();
    await raised(room, 'ana', 'bo');
    const twice = await me(room, 'ana', 'raise', { note: 'about the budget' });
    expect(twice.body.hand).toMatchObject({ position: 1, note: 'about the budget' });
    await me(room, 'ana', 'raise', {});
    expect((await stage(room)).hands[0]).toMatchObject({ note: 'about the budget' });

    expect((await me(room, 'ana', 'lower')).body.hand).toBeNull();
    expect((await me(room, 'ana', 'lower')).status).toBe(200);
    expect((await me(room, 'ana', 'raise')).body.hand).toMatchObject({ position: 2 });
    const entries = (await app.ledger()).filter((entry) => entry.room === room);
    expect(entries.filter(({ identity }) => identity === 'ana').map(({ kind }) => kind)).toEqual([
      'stage.hand_raised',
      'stage.hand_lowered',
      'stage.hand_raised',
    ]);
    expect(entries[0]).toMatchObject({ actor_kind: 'participant', actor_id: 'ana' });
  });

  it('keeps a hand for 30 s after its participant left, and takes it down then', async () => {
    const room = await newRoom();
    await raised(room, 'ana', 'bo');
    const leave = (identity: string, seconds: number) =>
      app.sql(
        `UPDATE seat SET is_present = false, left_at = now() - make_interval(secs => $3)
         WHERE room = $1 AND identity = $2`,
        [room, identity, seconds],
      );
    await leave('ana', 25);
    await leave('bo', 31);
    await app.sql(
      `UPDATE stage_request SET created_at = created_at - interval '1 minute' WHERE room = $1`,
      [room],
    );
    await until('the hand of Bo is down', async () => (await stage(room)).hands.length === 1);
    const { hands, next } = await stage(room);
    expect(hands[0]).toMatchObject({ identity: 'ana', isPresent: false, position: 1 });
    expect(next).toBeNull();
    const [expired] = await app.ledger('stage.hand_expired');
    expect(expired).toMatchObject({ identity: 'bo', actor_kind: 'system' });
    await inRoom(room, 'ana');
    expect((await me(room, 'ana')).body.hand).toMatchObject({ position: 1 });
  });

  it('takes the hand down of who is blocked', async () => {
    const room = await newRoom();
    await raised(room, 'ana');
    await act(room, 'seats/ana/block');
    await until('the hand is down', async () => (await stage(room)).hands.length === 0);
  });
});

describe('approving a hand', () => {
  it('promotes to what the room promotes to, and takes the hand down with it', async () => {
    const room = await newRoom({ promote_template: 'presenter' });
    await raised(room, 'ana');
    const [hand] = (await stage(room)).hands;
    const approved = await act(room, `stage/${hand.id}/approve`);
    expect(approved.status).toBe(200);
    expect(approved.body).toMatchObject({
      requestId: hand.id,
      identity: 'ana',
      after: { template: 'presenter' },
      epoch: 1,
    });
    expect((await stage(room)).hands).toEqual([]);
    expect((await me(room, 'ana')).body).toMatchObject({
      hand: null,
      lastDecision: { state: 'approved' },
      canRaise: false,
      canStepDown: true,
    });
    const entries = (await app.ledger()).filter((entry) => entry.room === room);
    const decision = entries.find(({ kind }) => kind === 'stage.hand_approved');
    expect(decision).toMatchObject({ actor_id: moderator.id, identity: 'ana' });
    expect(decision?.payload.operationId).toBe(approved.body.operationId);
    expect(entries.some(({ kind }) => kind === 'seat.promoted')).toBe(true);
    const undone = await app.inject(
      'POST',
      `/api/v1/operations/${approved.body.operationId}/undo`,
      {
        as: moderator,
      },
    );
    expect(undone.body.after.template).toBe('viewer');
  });

  it('happens once, however many moderators press at the same moment', async () => {
    const room = await newRoom();
    await raised(room, 'ana');
    const [hand] = (await stage(room)).hands;
    const others = await Promise.all(
      Array.from({ length: 4 }, () => app.newOperator([{ role: 'moderator' }])),
    );
    const answers = await Promise.all(
      others.map((as) => act(room, `stage/${hand.id}/approve`, {}, as)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    const refused = answers.find(({ status }) => status === 409);
    expect(refused?.body).toMatchObject({ code: 'stage.request_decided', state: 'approved' });
    const promotions = (await app.ledger('seat.promoted')).filter((e) => e.room === room);
    expect(promotions.filter(({ outcome }) => outcome === 'intent')).toHaveLength(1);
  });

  it('that fails leaves the hand up', async () => {
    const room = await newRoom({ promote_template: 'host' });
    await raised(room, 'ana');
    const [hand] = (await stage(room)).hands;
    const refused = await act(room, `stage/${hand.id}/approve`);
    expect(refused).toMatchObject({ status: 403, body: { code: 'seat.above_ceiling' } });
    expect((await stage(room)).hands).toHaveLength(1);
    expect((await act(room, `stage/${hand.id}/approve`, { template: 'speaker' })).status).toBe(200);
  });

  it('by promoting the person takes the hand down as well', async () => {
    const room = await newRoom();
    await raised(room, 'ana');
    expect((await act(room, 'seats/ana/promote')).status).toBe(200);
    expect((await stage(room)).hands).toEqual([]);
    expect((await me(room, 'ana')).body.lastDecision).toMatchObject({ state: 'approved' });
  });

  it('of the next one takes the first who is there', async () => {
    const room = await newRoom();
    await raised(room, 'ana', 'bo', 'cy');
    await app.sql(
      `UPDATE seat SET is_present = false, left_at = now() WHERE identity = 'ana' AND room = $1`,
      [room],
    );
    expect(await act(room, 'stage/approve-next', { expect: 'cy' })).toMatchObject({
      status: 409,
      body: { code: 'stage.next_changed' },
    });
    expect((await act(room, 'stage/approve-next', { expect: 'bo' })).body.identity).toBe('bo');
    expect((await act(room, 'stage/approve-next')).body.identity).toBe('cy');
    expect(await act(room, 'stage/approve-next')).toMatchObject({
      status: 409,
      body: { code: 'stage.queue_empty' },
    });
  });

  it('approves the next hand that it can, and names those it skipped and why', async () => {
    const room = await newRoom();
    const barred = await app.newUser();
    const risen = await app.newUser();
    const high = await app.newUser();
    const users = [barred.identity, risen.identity, high.identity] as const;
    await raised(room, 'left', 'blocked', ...users, 'ana', 'bo');
    const set = (identity: string, what: string) =>
      app.sql(`UPDATE seat SET ${what} WHERE room = $1 AND identity = $2`, [room, identity]);
    await set('left', 'is_present = false, left_at = now()');
    await set('blocked', `block_at = now(), block_by = 'test'`);
    await app.sql('UPDATE app_user SET is_suspended = true WHERE id = $1', [barred.id]);
    await app.newAssignment({ user_id: risen.id, room_name: room, template: 'presenter' });
    const guard = await app.newTemplate(completeGrants({ roomJoin: true, roomAdmin: true }));
    await app.newAssignment({ user_id: high.id, room_name: room, template: guard });

    const next = await act(room, 'stage/approve-next');
    expect(next).toMatchObject({ status: 200, body: { identity: 'ana' } });
    const why = (people: Json[]) => people.map(({ identity, code }) => [identity, code]);
    const passedOver = [
      ['left', 'seat.not_present'],
      ['blocked', 'seat.blocked'],
      [barred.identity, 'user.suspended'],
      [risen.identity, 'seat.holds_more'],
      [high.identity, 'seat.above_ceiling'],
    ];
    // A blocked participant loses their hand within two seconds, at any moment from now on.
    const exceptBlocked = (rows: unknown[][]) => rows.filter(([who]) => who !== 'blocked');
    expect(exceptBlocked(why(next.body.skipped))).toEqual(exceptBlocked(passedOver));
    for (const { detail } of next.body.skipped) expect(detail).toMatch(/\w/);
    expect((await act(room, 'stage/approve-next')).body.identity).toBe('bo');
    expect(await speakers(room)).toEqual(['ana', 'bo']);

    const nobody = await act(room, 'stage/approve-next');
    expect(nobody).toMatchObject({ status: 409, body: { code: 'stage.nobody_fits' } });
    expect(exceptBlocked(why(nobody.body.skipped))).toEqual(exceptBlocked(passedOver));
    const { hands } = await stage(room);
    expect(exceptBlocked(hands.map(({ identity }: Json) => [identity]))).toEqual(
      exceptBlocked(passedOver.map(([identity]) => [identity])),
    );
  });

  it('of the next one or of all goes no further than what holds for everybody', async () => {
    const room = await newRoom({ promote_template: 'host' });
    await raised(room, 'ana', 'bo');
    for (const path of ['stage/approve-next', 'stage/approve-all']) {
      expect(await act(room, path)).toMatchObject({
        status: 403,
        body: { code: 'seat.above_ceiling' },
      });
      expect((await act(room, path, { template: 'nothing-like-it' })).status).toBe(400);
    }
    const refusals = (await app.ledger('access.refused')).filter((entry) => entry.room === room);
    expect(refusals.map(({ identity }) => identity)).toEqual(['ana', 'ana']);
    await limit(room, 'speaker', 0);
    expect(await act(room, 'stage/approve-next', { template: 'speaker' })).toMatchObject({
      status: 409,
      body: { code: 'stage.full' },
    });
    expect((await stage(room)).hands).toHaveLength(2);
  });

  it('of the next one by many moderators at once lets up one for each', async () => {
    const room = await newRoom();
    await raised(room, 'a', 'b', 'c', 'd', 'e');
    const others = await Promise.all(
      Array.from({ length: 4 }, () => app.newOperator([{ role: 'moderator' }])),
    );
    const answers = await Promise.all(others.map((as) => act(room, 'stage/approve-next', {}, as)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(answers.map(({ body }) => body.identity).sort()).toEqual(['a', 'b', 'c', 'd']);
    expect(await speakers(room)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('of all lets up as many as there are places for, in order, and leaves the rest', async () => {
    const room = await newRoom();
    await limit(room, 'speaker', 3);
    await raised(room, 'e', 'd', 'c', 'b', 'a');
    const { status, body } = await act(room, 'stage/approve-all');
    expect(status).toBe(200);
    expect(body.approved.map(({ identity }: Json) => identity)).toEqual(['e', 'd', 'c']);
    expect(body).toMatchObject({
      failed: [],
      remaining: 2,
      full: { template: 'speaker', slots: 3, taken: 3 },
    });
    expect((await stage(room)).hands.map(({ identity }: Json) => identity)).toEqual(['b', 'a']);
  });

  it('answers the same to a repeated request with one Idempotency-Key', async () => {
    const room = await newRoom();
    await raised(room, 'ana', 'bo');
    const next = () =>
      app.inject('POST', `${stagePath(room)}/approve-next`, {
        as: moderator,
        body: {},
        headers: { 'idempotency-key': `next-${room}` },
      });
    const [first, second] = [await next(), await next()];
    expect(second.body).toEqual(first.body);
    expect((await stage(room)).hands.map(({ identity }: Json) => identity)).toEqual(['bo']);
  });
});

describe('declining a hand', () => {
  it('tells the participant, with the word that the moderator said', async () => {
    const room = await newRoom();
    await raised(room, 'ana');
    const [hand] = (await stage(room)).hands;
    const declined = await act(room, `stage/${hand.id}/decline`, { word: 'After the break' });
    expect(declined).toMatchObject({ status: 200, body: { state: 'declined' } });
    expect((await me(room, 'ana')).body).toMatchObject({
      hand: null,
      lastDecision: { state: 'declined', word: 'After the break' },
      canRaise: true,
    });
    expect(await act(room, `stage/${hand.id}/approve`)).toMatchObject({
      status: 409,
      body: { code: 'stage.request_decided', state: 'declined' },
    });
    await me(room, 'ana', 'raise');
    expect((await me(room, 'ana')).body.lastDecision).toBeNull();
  });
});

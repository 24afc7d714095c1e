import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type Credential,
  type Json,
  startTestApp,
  type TestApp,
} from '../../test/support/test-app.js';
import { asParticipant, participantToken, sitDown, stagePath } from '../../test/support/stage.js';
import { until } from '../../test/support/until.js';
import { completeGrants } from '../grants/role-grants.js';

/** Everybody here is in the room as far as Postgres knows: LiveKit is not there, nor needed. */
let app: TestApp;
let moderator: Credential;

beforeAll(async () => {
  app = await startTestApp();
  moderator = await app.newOperator([{ role: 'moderator' }]);
});
afterAll(() => app.stop());

async function newRoom(fields: Record<string, unknown> = {}): Promise<string> {
  return app.newRoom({ default_template: 'viewer', ...fields });
}

/** As the participant; answers with status and body. */
function me(room: string, identity: string, action?: string, body: unknown = {}) {
  return asParticipant(app, room, participantToken(app, room, identity), action, body);
}

const inRoom = (room: string, ...identities: string[]) => sitDown(app, room, ...identities);

async function raised(room: string, ...identities: string[]): Promise<void> {
  for (const identity of identities) {
    await inRoom(room, identity);
    expect((await me(room, identity, 'raise')).status).toBe(200);
  }
}

const stage = async (room: string) =>
  (await app.inject('GET', stagePath(room), { as: moderator })).body;

const act = (room: string, path: string, body: unknown = {}, as: Credential = moderator) =>
  app.inject('POST', `/api/v1/rooms/${encodeURIComponent(room)}/${path}`, { as, body });

const limit = (room: string, key: string, slots: number | null, as: Credential = app.admin) =>
  app.inject('PUT', `${stagePath(room)}/limits/${key}`, { as, body: { slots } });

async function speakers(room: string): Promise<string[]> {
  const rows = await app.sql<{ identity: string }>(
    `SELECT identity FROM seat WHERE room = $1 AND override_template = 'speaker' ORDER BY identity`,
    [room],
  );
  return rows.map(({ identity }) => identity);
}

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
    expect((await act(room, 'stage/approve-next')).body.identity).toBe('bo');
    expect((await act(room, 'stage/approve-next')).body.identity).toBe('cy');
    expect(await act(room, 'stage/approve-next')).toMatchObject({
      status: 409,
      body: { code: 'stage.queue_empty' },
    });
  });

  it('of the next one passes over who cannot be let up, and says whom and why', async () => {
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
    // Whoever is blocked loses their hand within two seconds, at any moment from now on.
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

describe('the places of a role', () => {
  it('are never more than the limit, however many moderators promote at once', async () => {
    const room = await newRoom();
    await limit(room, 'speaker', 6);
    const people = Array.from({ length: 20 }, (_, i) => `p${String(i).padStart(2, '0')}`);
    await inRoom(room, ...people);
    const answers = await Promise.all(
      people.map((identity) => act(room, `seats/${identity}/promote`, { template: 'speaker' })),
    );
    const refused = answers.filter(({ status }) => status !== 200);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(6);
    expect(new Set(refused.map(({ status, body }) => `${status} ${body.code}`))).toEqual(
      new Set(['409 stage.full']),
    );
    expect(refused[0]?.body).toMatchObject({ template: 'speaker', slots: 6, taken: 6 });
    expect(await speakers(room)).toHaveLength(6);
    expect((await stage(room)).limits).toEqual([
      { template: 'speaker', slots: 6, taken: 6, free: 0 },
    ]);
  });

  it('hold for hands, invitations, promotions and tokens that are asked for at once', async () => {
    const room = await newRoom();
    await limit(room, 'speaker', 2);
    await raised(room, 'h1', 'h2');
    await inRoom(room, 'i1', 'i2', 'p1', 'p2');
    for (const identity of ['i1', 'i2']) {
      expect((await act(room, `seats/${identity}/invite`)).status).toBe(200);
    }
    const { hands } = await stage(room);
    await Promise.all([
      ...hands.map(({ id }: Json) => act(room, `stage/${id}/approve`)),
      ...['i1', 'i2'].map((identity) => me(room, identity, 'accept')),
      ...['p1', 'p2'].map((identity) => act(room, `seats/${identity}/promote`)),
      ...['t1', 't2'].map((identity) =>
        app.inject('POST', '/api/v1/tokens', {
          as: app.admin,
          body: { room, identity, template: 'speaker', createUser: true, createRoom: false },
        }),
      ),
    ]);
    expect(await speakers(room)).toHaveLength(2);
  });

  it('bind a token for the role, with no entry of a token that was not issued', async () => {
    const room = await newRoom();
    await limit(room, 'speaker', 0);
    const refused = await app.inject('POST', '/api/v1/tokens', {
      as: app.admin,
      body: { room, identity: 'tok', template: 'speaker', createUser: true, createRoom: false },
    });
    expect(refused).toMatchObject({ status: 409, body: { code: 'stage.full', slots: 0 } });
    expect((await app.ledger('token.issued')).filter((entry) => entry.room === room)).toEqual([]);
  });

  it('bind undo, unblocking and a lease that has run out', async () => {
    const room = await newRoom();
    await limit(room, 'speaker', 1);
    await inRoom(room, 'ana', 'bo');
    await act(room, 'seats/ana/promote');
    const demoted = await act(room, 'seats/ana/demote');
    expect((await act(room, 'seats/bo/promote')).status).toBe(200);
    const undo = `/api/v1/operations/${demoted.body.operationId}/undo`;
    expect(await app.inject('POST', undo, { as: moderator })).toMatchObject({
      status: 409,
      body: { code: 'stage.full' },
    });

    await act(room, 'seats/bo/block');
    expect((await act(room, 'seats/ana/promote')).status).toBe(200);
    expect(await act(room, 'seats/bo/unblock')).toMatchObject({
      status: 409,
      body: { code: 'stage.full' },
    });
    await act(room, 'seats/bo/demote');
    expect((await act(room, 'seats/bo/unblock')).status).toBe(200);

    await act(room, 'seats/ana/demote');
    await act(room, 'seats/ana/promote', { for: 60 });
    expect((await act(room, 'seats/ana/extend', { for: 60 })).status).toBe(200);
    await limit(room, 'speaker', 0);
    expect(await act(room, 'seats/ana/extend', { for: 120 }, app.admin)).toMatchObject({
      status: 409,
      body: { code: 'stage.full' },
    });
    await limit(room, 'speaker', 1);
    await app.sql(
      `UPDATE seat SET override_until = now() - interval '1 second' WHERE room = $1 AND identity = 'ana'`,
      [room],
    );
    await app.sql(
      `UPDATE seat SET override_template = 'speaker', override_version = 1, override_scope = 'session',
         override_at = now(), override_by = 'test' WHERE room = $1 AND identity = 'bo'`,
      [room],
    );
    expect(await act(room, 'seats/ana/promote', { for: 120 })).toMatchObject({ status: 409 });
  });

  it('are taken by who has the role by a rule as well, while they are there', async () => {
    const room = await newRoom();
    const { id: user_id, identity } = await app.newUser();
    await app.newAssignment({ user_id, room_name: room, template: 'speaker' });
    await limit(room, 'speaker', 1);
    expect((await stage(room)).limits[0]).toMatchObject({ taken: 0, free: 1 });
    await inRoom(room, identity, 'ana');
    expect(await act(room, 'seats/ana/promote')).toMatchObject({ status: 409 });
    await app.sql(`UPDATE seat SET is_present = false WHERE room = $1 AND identity = $2`, [
      room,
      identity,
    ]);
    expect((await act(room, 'seats/ana/promote')).status).toBe(200);
  });

  it('bind many at once: as many as fit come up, and their hands go down', async () => {
    const room = await newRoom();
    await limit(room, 'speaker', 2);
    await raised(room, 'a', 'b', 'c', 'd');
    const { status, body } = await act(room, 'seats/bulk', {
      action: 'promote',
      template: 'speaker',
      identities: ['a', 'b', 'c', 'd'],
    });
    expect(status).toBe(202);
    await until('it has ended', async () => {
      const operation = await app.inject('GET', `/api/v1/operations/${body.operationId}`, {
        as: moderator,
      });
      return operation.body.finishedAt !== null;
    });
    expect(await speakers(room)).toHaveLength(2);
    const { hands } = await stage(room);
    const up = await speakers(room);
    expect(hands.map(({ identity }: Json) => identity).sort()).toEqual(
      ['a', 'b', 'c', 'd'].filter((identity) => !up.includes(identity)),
    );

    const free = await newRoom();
    await raised(free, 'a', 'b', 'c');
    await act(free, 'seats/bulk', { action: 'promote', identities: ['a', 'b', 'c'] });
    await until('all hands are down', async () => (await stage(free)).hands.length === 0);
    const entries = (await app.ledger('stage.hand_approved')).filter((e) => e.room === free);
    expect(new Set(entries.map(({ payload }) => payload.operationId)).size).toBe(3);
  });

  it('keep a scene from making more of them', async () => {
    const room = await newRoom();
    await limit(room, 'speaker', 2);
    await inRoom(room, 'ana', 'bo', 'cy');
    const saved = await app.inject('POST', '/api/v1/scenes', {
      as: app.admin,
      body: {
        room,
        name: 'Everybody speaks',
        description: '',
        rules: [{ from: 'viewer', to: 'speaker' }],
      },
    });
    expect(saved.status).toBe(201);
    const play = () => act(room, 'scene', { scene: saved.body.id }, app.admin);
    expect(await play()).toMatchObject({
      status: 409,
      body: { code: 'stage.full', slots: 2, taken: 3 },
    });
    const [row] = await app.sql('SELECT active_scene FROM room WHERE name = $1', [room]);
    expect(row).toEqual({ active_scene: null });
    await limit(room, 'speaker', 3);
    expect((await play()).status).toBe(202);
    expect((await stage(room)).limits[0]).toMatchObject({ taken: 3, free: 0 });
    await inRoom(room, 'dee');
    expect(await act(room, 'seats/dee/promote', { template: 'speaker' })).toMatchObject({
      status: 409,
      body: { code: 'stage.full' },
    });
  });

  it('hold with two servers on one database', async () => {
    const other = await startTestApp({ database: app.database });
    try {
      const room = await newRoom();
      await limit(room, 'speaker', 3);
      const people = Array.from({ length: 12 }, (_, i) => `p${i}`);
      await inRoom(room, ...people);
      const answers = await Promise.all(
        people.map((identity, i) =>
          (i % 2 ? other : app).inject('POST', `/api/v1/rooms/${room}/seats/${identity}/promote`, {
            as: moderator,
            body: {},
          }),
        ),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
      expect(await speakers(room)).toHaveLength(3);
    } finally {
      await other.stop();
    }
  });

  it('never keep anybody from being taken down, held or demoted', async () => {
    const room = await newRoom();
    await inRoom(room, 'ana', 'bo', 'cy');
    for (const identity of ['ana', 'bo', 'cy']) await act(room, `seats/${identity}/promote`);
    expect((await limit(room, 'speaker', 1)).body).toEqual({
      template: 'speaker',
      slots: 1,
      taken: 3,
      free: 0,
    });
    expect((await act(room, 'seats/ana/hold')).status).toBe(200);
    expect((await act(room, 'seats/bo/block', { for: 60 })).status).toBe(200);
    expect((await act(room, 'seats/cy/demote')).status).toBe(200);
  });

  it('say who is next in line when one becomes free', async () => {
    const room = await newRoom();
    await limit(room, 'speaker', 1);
    await inRoom(room, 'ana');
    await act(room, 'seats/ana/promote');
    await raised(room, 'bo');
    expect((await stage(room)).next).toBeNull();
    const told = () =>
      app.hints.filter(({ topic, type }) => topic === `room:${room}` && type === 'stage').length;
    await until('the full stage is known', () => told() > 1);
    const before = told();
    await me(room, 'ana', 'step-down');
    expect((await stage(room)).next).toBe('bo');
    await until('moderators are told', () => told() > before);
  });

  it('are set by who may change the room, and by nobody else', async () => {
    const room = await newRoom();
    expect((await limit(room, 'speaker', 4, moderator)).status).toBe(403);
    expect((await limit(room, 'nothing-like-it', 4)).status).toBe(400);
    expect((await limit(room, 'speaker', -1)).status).toBe(400);
    expect((await limit(room, 'speaker', 4)).status).toBe(200);
    expect((await limit(room, 'speaker', 4)).status).toBe(200);
    expect((await limit(room, 'speaker', null)).body).toMatchObject({ slots: null, free: null });
    const changes = (await app.ledger('stage.limit_changed')).filter((e) => e.room === room);
    expect(changes.map(({ payload }) => payload.after.slots)).toEqual([4, null]);
  });
});

describe('an invitation', () => {
  it('brings somebody up by the authority of who sent it, once they accept', async () => {
    const room = await newRoom();
    await inRoom(room, 'ana');
    const invited = await act(room, 'seats/ana/invite', { template: 'presenter', for: '5m' });
    expect(invited).toMatchObject({ status: 200, body: { state: 'waiting' } });
    expect((await stage(room)).invites[0]).toMatchObject({
      identity: 'ana',
      template: 'presenter',
    });
    const { invite } = (await me(room, 'ana')).body;
    expect(invite).toMatchObject({ template: 'presenter', by: 'Somebody' });
    expect(JSON.stringify(invite)).not.toContain('@');
    const accepted = await me(room, 'ana', 'accept');
    expect(accepted).toMatchObject({ status: 200, body: { invite: null, canStepDown: true } });
    const [seat] = await app.sql('SELECT * FROM seat WHERE room = $1', [room]);
    expect(seat).toMatchObject({
      override_template: 'presenter',
      override_by: moderator.label,
    });
    expect(await me(room, 'ana', 'accept')).toMatchObject({
      status: 409,
      body: { code: 'stage.no_invite' },
    });
    const [entry] = await app.ledger('stage.invite_accepted');
    expect(entry).toMatchObject({
      actor_kind: 'participant',
      payload: { invitedBy: moderator.label },
    });
  });

  it('may be declined, and ends by itself', async () => {
    const room = await newRoom();
    await inRoom(room, 'ana', 'bo');
    await act(room, 'seats/ana/invite');
    expect((await me(room, 'ana', 'decline')).body.invite).toBeNull();
    expect((await me(room, 'ana', 'accept')).status).toBe(409);
    await act(room, 'seats/bo/invite', { for: 1 });
    await app.sql(
      `UPDATE stage_request SET expires_at = now() WHERE room = $1 AND identity = 'bo'`,
      [room],
    );
    expect((await me(room, 'bo')).body.invite).toBeNull();
    expect((await me(room, 'bo', 'accept')).status).toBe(409);
    await until('it is over', async () => {
      const [row] = await app.sql(
        `SELECT state FROM stage_request WHERE room = $1 AND identity = 'bo'`,
        [room],
      );
      return row?.state === 'expired';
    });
    expect(await speakers(room)).toEqual([]);
  });

  it('gives nothing that its sender may not give', async () => {
    const room = await newRoom();
    await inRoom(room, 'ana');
    expect(await act(room, 'seats/ana/invite', { template: 'host' })).toMatchObject({
      status: 403,
      body: { code: 'seat.above_ceiling' },
    });
    expect((await act(room, 'seats/ana/invite', { template: 'nothing' })).status).toBe(400);
    expect((await act(room, 'seats/nobody/invite')).status).toBe(503); // LiveKit cannot be asked
    expect((await act(room, 'seats/ana/invite', { for: '2 days' })).status).toBe(400);
  });

  it('is void once its sender is disabled, or may not promote any more', async () => {
    const room = await newRoom();
    await inRoom(room, 'ana', 'bo');
    const one = await app.newOperator([{ role: 'moderator' }]);
    const other = await app.newOperator([{ role: 'moderator' }]);
    await act(room, 'seats/ana/invite', {}, one);
    await act(room, 'seats/bo/invite', {}, other);
    await app.sql('UPDATE operator SET is_disabled = true WHERE id = $1', [one.id]);
    await app.sql(`UPDATE operator_access SET role = 'auditor' WHERE operator_id = $1`, [other.id]);
    for (const identity of ['ana', 'bo']) {
      expect(await me(room, identity, 'accept')).toMatchObject({
        status: 409,
        body: { code: 'stage.invite_void' },
      });
      expect((await me(room, identity)).body.invite).toBeNull();
    }
    expect(await speakers(room)).toEqual([]);
  });

  it('waits while all places are taken', async () => {
    const room = await newRoom();
    await inRoom(room, 'ana');
    await limit(room, 'speaker', 0);
    await act(room, 'seats/ana/invite');
    expect(await me(room, 'ana', 'accept')).toMatchObject({
      status: 409,
      body: { code: 'stage.full' },
    });
    await limit(room, 'speaker', 1);
    expect((await me(room, 'ana', 'accept')).status).toBe(200);
  });
});

describe('stepping down', () => {
  it('gives back what a moderator gave, also for a time', async () => {
    const room = await newRoom();
    await inRoom(room, 'ana', 'bo');
    await act(room, 'seats/ana/promote');
    await act(room, 'seats/bo/promote', { for: '15m' });
    for (const identity of ['ana', 'bo']) {
      const down = await me(room, identity, 'step-down');
      expect(down).toMatchObject({ status: 200, body: { canStepDown: false, canRaise: true } });
    }
    expect(await speakers(room)).toEqual([]);
    const [entry] = (await app.ledger('seat.demoted')).filter((e) => e.room === room);
    expect(entry).toMatchObject({
      actor_kind: 'participant',
      actor_id: 'ana',
      reason: 'stepped down',
    });
  });

  it('is no way to shake off a demotion, a hold or a block', async () => {
    const room = await newRoom({ default_template: 'speaker' });
    await inRoom(room, 'ana', 'bo');
    await act(room, 'seats/ana/demote', { template: 'viewer' });
    expect(await me(room, 'ana', 'step-down')).toMatchObject({
      status: 409,
      body: { code: 'stage.not_on_stage' },
    });
    const [seat] = await app.sql(`SELECT * FROM seat WHERE room = $1 AND identity = 'ana'`, [room]);
    expect(seat).toMatchObject({ override_template: 'viewer' });
    await act(room, 'seats/bo/promote', { template: 'presenter' });
    await act(room, 'seats/bo/hold', { sources: ['microphone'] });
    expect((await me(room, 'bo')).body.hold).toMatchObject({ sources: ['microphone'] });
    expect((await me(room, 'bo', 'step-down')).status).toBe(200);
    expect((await me(room, 'bo')).body.hold).toMatchObject({ sources: ['microphone'] });
  });
});

describe('a question to unmute', () => {
  it('reaches the participant, and its answer the moderator', async () => {
    const room = await newRoom({ default_template: 'speaker' });
    await inRoom(room, 'ana');
    const ask = (source: string) =>
      act(room, 'seats/ana/ask-unmute', { source, reason: 'Your turn' });
    expect(await ask('microphone')).toMatchObject({ status: 200, body: { state: 'waiting' } });
    await ask('camera');
    await ask('microphone');
    expect((await me(room, 'ana')).body.asks).toMatchObject([
      { source: 'camera', by: 'Somebody', reason: 'Your turn' },
      { source: 'microphone' },
    ]);
    const answered = await me(room, 'ana', 'unmute-answer', { accepted: true, source: 'camera' });
    expect(answered.body.asks).toHaveLength(1);
    expect((await me(room, 'ana', 'unmute-answer', { accepted: false })).body.asks).toEqual([]);
    expect((await app.ledger('stage.unmute_accepted'))[0]).toMatchObject({
      payload: { source: 'camera' },
    });
    expect((await stage(room)).asks).toEqual([]);
  });

  it('is not asked of who may not, or whose source is on', async () => {
    const room = await newRoom();
    await inRoom(room, 'ana', 'bo');
    expect(await act(room, 'seats/ana/ask-unmute', { source: 'microphone' })).toMatchObject({
      status: 409,
      body: { code: 'seat.may_not_publish' },
    });
    await act(room, 'seats/bo/promote');
    await app.sql(
      `UPDATE seat SET tracks = '[{"sid":"TR","type":"audio","source":"microphone","name":"","isMuted":false}]'
       WHERE room = $1 AND identity = 'bo'`,
      [room],
    );
    expect(await act(room, 'seats/bo/ask-unmute', { source: 'microphone' })).toMatchObject({
      status: 409,
      body: { code: 'seat.not_muted' },
    });
  });
});

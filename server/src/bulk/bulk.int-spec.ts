import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type DoubleWorld, startDoubleWorld } from '../../test/support/double-world.js';
import { Crowd } from '../../test/support/crowd.js';
import { ALL_RIGHTS } from '../../test/support/livekit-double/model.js';
import { WHOLE_PAYLOAD } from '../../test/support/ledger-sql.js';
import { until } from '../../test/support/until.js';

const SPEAKER = { ...ALL_RIGHTS, canPublishSources: ['CAMERA' as const, 'MICROPHONE' as const] };

describe('operations on many seats', () => {
  let world: DoubleWorld;
  let livekit: DoubleWorld['livekit'];
  let app: DoubleWorld['app'];
  let crowd: Crowd;

  beforeAll(async () => {
    world = await startDoubleWorld({ ROLECALL_SWEEP: '2s' }, { latencyMs: 2, webhookUrl: null });
    ({ livekit, app } = world);
    crowd = new Crowd(app, livekit);
  });

  afterEach(() => livekit.heal());

  afterAll(() => world?.stop());

  const key = async (permissions: string[], ceiling: string | null = null, rooms?: string[]) => {
    const { body } = await app.post('/api/v1/api-keys', {
      name: 'key',
      permissions,
      ...(rooms ? { rooms } : {}),
    });
    if (ceiling) {
      await app.sql(
        `UPDATE api_key SET ceiling =
           (SELECT grants FROM role_template_version WHERE template = $2 LIMIT 1) WHERE id = $1`,
        [body.id, ceiling],
      );
    }
    return { id: body.id as string, headers: { authorization: `Bearer ${body.key}`, cookie: '' } };
  };

  const entries = (room: string, kind: string) =>
    app.sql<{ outcome: string; identity: string | null; actor_label: string; payload: never }>(
      `SELECT outcome, identity, actor_label, ${WHOLE_PAYLOAD} FROM ledger_entry
       WHERE room = $1 AND kind = $2 ORDER BY at, shard, seq`,
      [room, kind],
    );

  describe('who is meant', () => {
    it('promotes all who are selected, each once, and nobody else', async () => {
      const { name, identities } = await crowd.room(300);
      const chosen = identities.slice(0, 290);
      const started = await crowd.bulk(name, {
        action: 'promote',
        template: 'speaker',
        identities: [...chosen, ...chosen.slice(0, 5)],
      });
      expect(started).toMatchObject({ status: 202, body: { total: 290 } });
      const view = await crowd.end(started.body.operationId);
      const sums = { total: 290, done: 290, applied: 290, pending: 0, failed: 0, skipped: 0 };
      expect(view).toMatchObject({ status: 'done', ...sums, by: 'admin@localhost' });
      expect(crowd.publishers(name)).toEqual(chosen);
      expect(crowd.changes(name)).toHaveLength(290);
      expect(await entries(name, 'bulk.started')).toMatchObject([
        { outcome: 'ok', payload: { action: 'promote', template: 'speaker', total: 290 } },
      ]);
      expect(await entries(name, 'bulk.finished')).toMatchObject([
        { outcome: 'ok', payload: { status: 'done', total: 290, applied: 290 } },
      ]);
      const promoted = await entries(name, 'seat.promoted');
      expect(promoted.filter(({ outcome }) => outcome === 'intent')).toHaveLength(290);
      expect(promoted.filter(({ outcome }) => outcome === 'applied')).toHaveLength(290);
    });

    it('a filter means who matches and was there at the instant, and no hosts or programs', async () => {
      const { name, identities } = await crowd.room(12);
      await app.post(`/api/v1/rooms/${name}/seats/p-0003/promote`, { template: 'host' });
      livekit.join({ room: name, identity: 'admin@localhost', permission: ALL_RIGHTS });
      livekit.join({ room: name, identity: 'bot', permission: { ...ALL_RIGHTS, agent: true } });
      await crowd.look(name);
      const asOf = new Date().toISOString();
      await until('the clock moved on', () => Date.now() > Date.parse(asOf) + 5);
      livekit.join({ room: name, identity: 'late', permission: ALL_RIGHTS });
      await crowd.look(name);
      const started = await crowd.bulk(name, {
        action: 'hold',
        filter: { except: ['p-0000'] },
        asOf,
      });
      await crowd.end(started.body.operationId);
      const meant = identities.filter((one) => one !== 'p-0000' && one !== 'p-0003');
      expect(Object.keys(await crowd.outcomes(started.body.operationId)).sort()).toEqual(meant);
    });

    it('a filter matches name, template, state and whether somebody publishes', async () => {
      const { name } = await crowd.room(6);
      await app.post(`/api/v1/rooms/${name}/seats/p-0002/promote`, { template: 'speaker' });
      livekit.person(name, 'p-0002').publish('MICROPHONE');
      await crowd.look(name);
      const meant = async (filter: object) => {
        const { body } = await crowd.bulk(name, { action: 'release', filter });
        await crowd.end(body.operationId);
        return Object.keys(await crowd.outcomes(body.operationId));
      };
      expect(await meant({ isPublishing: true })).toEqual(['p-0002']);
      expect(await meant({ q: 'P-0004' })).toEqual(['p-0004']);
      expect(await meant({ template: 'viewer' })).toHaveLength(5);
      expect(await meant({ template: 'speaker' })).toEqual(['p-0002']);
      expect(await meant({ template: 'host' })).toEqual([]);
      expect(await meant({ state: 'absent' })).toEqual([]);
      expect((await meant({}))[0]).toBe('p-0002');
    });

    it('who is named and away gets what the same act on them alone gets', async () => {
      const { name, identities } = await crowd.room(3);
      livekit.person(name, 'p-0001').leave();
      await crowd.look(name);
      const view = await crowd.run(name, {
        action: 'promote',
        template: 'speaker',
        identities: [...identities, 'nobody'],
      });
      expect(view).toMatchObject({ status: 'done', applied: 2, pending: 1, skipped: 1 });
      expect(await crowd.outcomes(view.id)).toMatchObject({
        'p-0000': 'applied',
        'p-0002': 'applied',
        nobody: 'skipped: nobody has this identity',
      });
      livekit.join({ room: name, identity: 'p-0001', permission: ALL_RIGHTS });
      await crowd.look(name);
      await until('she has come up', () => crowd.publishers(name).includes('p-0001'));
      await until('and the operation says so', async () => {
        return (await crowd.outcomes(view.id))['p-0001'] === 'applied';
      });

      livekit.person(name, 'p-0001').leave();
      await crowd.look(name);
      const cases = ['hold', 'demote', 'block', 'unblock', 'remove', 'mute'];
      for (const action of cases) {
        const { id } = await crowd.run(name, { action, identities: ['p-0001'] });
        // The same again, from the same state, on this one alone.
        await app.sql('DELETE FROM seat_operation WHERE room = $1', [name]);
        const undone = { hold: 'release', demote: 'promote', block: 'unblock', unblock: 'block' };
        const back = undone[action as keyof typeof undone];
        if (back) await app.post(`/api/v1/rooms/${name}/seats/p-0001/${back}`);
        const alone = await app.post(`/api/v1/rooms/${name}/seats/p-0001/${action}`);
        const outcome = (await crowd.outcomes(id))['p-0001'];
        expect([action, outcome?.replace(/:.*/, '')]).toEqual([action, alone.body.outcome]);
      }
    });

    it('who was there when the filter was taken and left since is skipped', async () => {
      // They leave in the very moment in which the targets are written down.
      await app.database.asOwner(
        `CREATE FUNCTION leave_now() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           UPDATE seat SET is_present = false WHERE room = NEW.room; RETURN NEW; END $$`,
        `CREATE TRIGGER tr_leave_now AFTER INSERT ON bulk_operation FOR EACH ROW
           WHEN (NEW.room LIKE 'leavers-%') EXECUTE FUNCTION leave_now()`,
      );
      for (const action of ['promote', 'hold', 'mute', 'remove']) {
        const room = `leavers-${action}`;
        await app.sql(`INSERT INTO room (name, default_template) VALUES ($1, 'viewer')`, [room]);
        await app.sql(
          `INSERT INTO seat (room, identity, is_present, sid, state, kind, last_issued_at)
           VALUES ($1, 'zoe', true, 'PA_zoe', 'active', 'standard', now())`,
          [room],
        );
        const { id } = await crowd.run(room, { action, filter: { q: 'zoe' } });
        expect(await crowd.outcomes(id)).toEqual({ zoe: 'skipped: left the room' });
      }
    });
  });

  describe('every action', () => {
    it('holds, releases, blocks, unblocks, mutes and removes', async () => {
      const { name, identities } = await crowd.room(5, { permission: () => SPEAKER });
      await crowd.run(name, { action: 'promote', template: 'speaker', identities });
      for (const identity of identities) livekit.person(name, identity).publish('MICROPHONE');
      await crowd.look(name);
      const run = (action: string, more: object = {}) =>
        crowd.run(name, { action, identities, reason: 'too loud', ...more });

      expect(await run('mute')).toMatchObject({ applied: 5 });
      expect(livekit.people(name).every(({ tracks }) => tracks[0]?.isMuted)).toBe(true);
      expect(await run('hold', { sources: ['microphone'] })).toMatchObject({ applied: 5 });
      expect(livekit.people(name)[0]?.permission.canPublishSources).toEqual(['CAMERA']);
      expect(await run('release')).toMatchObject({ applied: 5 });
      expect(await run('release')).toMatchObject({ applied: 0, skipped: 5 });
      expect(livekit.people(name)[0]?.permission.canPublishSources).toHaveLength(2);
      expect(await run('block', { for: '1h' })).toMatchObject({ applied: 5 });
      expect(livekit.people(name)).toHaveLength(0);
      await crowd.look(name);
      expect(await run('unblock')).toMatchObject({ applied: 5 });
      for (const identity of identities) {
        livekit.join({ room: name, identity, permission: SPEAKER });
      }
      await crowd.look(name);
      expect(await run('demote')).toMatchObject({ applied: 5 });
      expect(crowd.publishers(name)).toEqual([]);
      expect(await run('remove')).toMatchObject({ applied: 5, by: 'admin@localhost' });
      expect(livekit.people(name)).toHaveLength(0);
      const removed = await entries(name, 'seat.removed');
      expect(removed.filter(({ outcome }) => outcome === 'applied')).toHaveLength(5);
    });
  });

  describe('who may', () => {
    it('the ceiling holds for each, and what nobody could be given is refused at once', async () => {
      const { name, identities } = await crowd.room(3);
      await app.post(`/api/v1/rooms/${name}/seats/p-0001/promote`, { template: 'host' });
      const { headers } = await key(['seat.read', 'seat.promote', 'seat.demote'], 'speaker');
      const refused = await crowd.bulk(
        name,
        { action: 'promote', template: 'presenter', identities },
        headers,
      );
      expect(refused).toMatchObject({ status: 403, body: { code: 'seat.above_ceiling' } });
      const started = await crowd.bulk(
        name,
        { action: 'demote', template: 'viewer', identities },
        headers,
      );
      const view = await crowd.end(started.body.operationId);
      expect(view).toMatchObject({ applied: 2, skipped: 1 });
      expect((await crowd.outcomes(view.id))['p-0001']).toMatch(/^skipped: .*beyond/);
      expect(crowd.publishers(name)).toEqual(['p-0001']);
    });

    it('needs the permission of the action, in the room', async () => {
      const { name, identities } = await crowd.room(1);
      const reader = await key(['seat.read']);
      const body = { action: 'block', identities };
      // Before the body is read: somebody without any of the permissions is refused for all.
      expect(await crowd.bulk(name, body, reader.headers)).toMatchObject({
        status: 403,
        body: { code: 'access.denied', permissions: expect.arrayContaining(['seat.block']) },
      });
      const muter = await key(['seat.read', 'seat.mute']);
      expect(await crowd.bulk(name, body, muter.headers)).toMatchObject({
        status: 403,
        body: { code: 'access.denied', permission: 'seat.block' },
      });
      const elsewhere = await key(['seat.read', 'seat.block'], null, ['other-*']);
      expect((await crowd.bulk(name, body, elsewhere.headers)).status).toBe(404);
      expect((await crowd.bulk('no-such-room', body)).status).toBe(404);
      expect((await crowd.bulk(name, body, { cookie: '' })).status).toBe(401);
      const { body: started } = await crowd.bulk(name, body);
      await crowd.end(started.operationId);
      const path = `/api/v1/operations/${started.operationId}`;
      for (const verb of ['pause', 'resume', 'cancel', 'retry', 'undo']) {
        expect((await app.post(`${path}/${verb}`, {}, elsewhere.headers)).status).toBe(404);
        expect((await app.post(`${path}/${verb}`, {}, reader.headers)).status).toBe(403);
      }
    });

    it('who goes on with what somebody else began gives no more than they may', async () => {
      const { name, identities } = await crowd.room(100);
      livekit.inject({ on: 'UpdateParticipant', room: name, latencyMs: 100 });
      const { body } = await crowd.bulk(name, { action: 'promote', template: 'host', identities });
      const path = `/api/v1/operations/${body.operationId}`;
      expect((await app.post(`${path}/pause`)).body.status).toBe('paused');
      const { headers } = await key(['seat.read', 'seat.promote'], 'speaker');
      expect((await app.post(`${path}/resume`, {}, headers)).body.status).toBe('running');
      const view = await crowd.end(body.operationId);
      expect(view.skipped).toBeGreaterThan(0);
      expect(view.applied + view.skipped).toBe(100);
      expect(crowd.publishers(name)).toHaveLength(view.applied);
    });

    it('an operator who loses the permission has the rest cancelled, with the reason', async () => {
      const { name, identities } = await crowd.room(400);
      const { id, headers } = await key(['seat.read', 'seat.promote']);
      // At the first call: to wait until it shows might take as long as the operation.
      let revoked: Promise<unknown> | undefined;
      livekit.inject({
        on: 'UpdateParticipant',
        room: name,
        latencyMs: 100,
        onStrike: () => {
          revoked ??= app.sql('UPDATE api_key SET revoked_at = now() WHERE id = $1', [id]);
        },
      });
      const { body } = await crowd.bulk(
        name,
        { action: 'promote', template: 'speaker', identities },
        headers,
      );
      const view = await crowd.end(body.operationId);
      await revoked;
      expect(view.status).toBe('cancelled');
      expect(view.applied).toBeGreaterThan(0);
      expect(view.cancelled).toBeGreaterThan(0);
      expect(view.applied + view.cancelled).toBe(400);
      expect(crowd.publishers(name)).toHaveLength(view.applied);
      const { 'p-0399': last } = await crowd.outcomes(body.operationId);
      expect(last).toBe('cancelled: API key key may no longer do this');
      expect(await entries(name, 'bulk.cancelled')).toMatchObject([
        { actor_label: 'Rolecall', payload: { because: 'API key key may no longer do this' } },
      ]);
    });
  });

  describe('steering', () => {
    it('pauses, goes on, and cancels the rest', async () => {
      // More than is under way at a time, twice.
      const total = 900;
      const { name, identities } = await crowd.room(total);
      let isUnderWay = (): void => undefined;
      const underWay = new Promise<void>((resolve) => (isUnderWay = resolve));
      livekit.inject({
        on: 'UpdateParticipant',
        room: name,
        latencyMs: 100,
        onStrike: () => isUnderWay(),
      });
      const { body } = await crowd.bulk(name, {
        action: 'promote',
        template: 'speaker',
        identities,
      });
      const path = `/api/v1/operations/${body.operationId}`;
      await underWay;
      expect(await app.post(`${path}/pause`)).toMatchObject({
        status: 200,
        body: { status: 'paused' },
      });
      expect((await app.post(`${path}/pause`)).status).toBe(409);
      // What is under way comes to its end, and then nothing moves.
      const still = await until('nothing is under way', async () => {
        const [row] = await app.sql<{ n: number; d: number }>(
          `SELECT count(*) FILTER (WHERE outcome = 'started')::int AS n,
             count(*) FILTER (WHERE outcome = 'applied')::int AS d
           FROM bulk_target WHERE operation = $1`,
          [body.operationId],
        );
        return row?.n === 0 ? row : null;
      });
      expect(still.d).toBeLessThan(total);
      expect(crowd.publishers(name)).toHaveLength(still.d);
      expect((await app.post(`${path}/resume`)).body.status).toBe('running');
      await until(
        'it goes on',
        async () => (await crowd.operation(body.operationId)).done > still.d,
      );
      expect((await app.post(`${path}/cancel`)).body.status).toBe('cancelled');
      const view = await crowd.end(body.operationId);
      expect(view.status).toBe('cancelled');
      expect(view.applied + view.cancelled).toBe(total);
      expect(view.cancelled).toBeGreaterThan(0);
      expect(crowd.publishers(name)).toHaveLength(view.applied);
      expect((await app.post(`${path}/resume`)).status).toBe(409);
      const kinds = ['bulk.paused', 'bulk.resumed', 'bulk.cancelled', 'bulk.finished'];
      for (const kind of kinds) expect(await entries(name, kind)).toHaveLength(1);
    });

    it('tries again what failed, and only that', async () => {
      const { name, identities } = await crowd.room(20);
      const heal = livekit.inject({
        on: 'UpdateParticipant',
        room: name,
        identity: 'p-0007',
        then: 'fail',
        status: 400,
      });
      const first = await crowd.run(name, { action: 'promote', template: 'speaker', identities });
      expect(first).toMatchObject({ status: 'done', applied: 19, failed: 1 });
      heal();
      const before = crowd.changes(name).length;
      expect((await app.post(`/api/v1/operations/${first.id}/retry`)).status).toBe(200);
      expect(await crowd.end(first.id)).toMatchObject({ status: 'done', applied: 20, failed: 0 });
      expect(crowd.changes(name)).toHaveLength(before + 1);
      expect(await app.post(`/api/v1/operations/${first.id}/retry`)).toMatchObject({
        status: 409,
        body: { code: 'operation.nothing_to_retry' },
      });
    });

    it('undoes what succeeded, once, and skips everybody who was changed since', async () => {
      const { name, identities } = await crowd.room(20);
      await crowd.run(name, {
        action: 'promote',
        template: 'presenter',
        identities: ['p-0001'],
      });
      const view = await crowd.run(name, { action: 'promote', template: 'speaker', identities });
      await app.post(`/api/v1/rooms/${name}/seats/p-0005/promote`, { template: 'presenter' });
      const undone = await app.post(`/api/v1/operations/${view.id}/undo`);
      expect(undone).toMatchObject({ status: 202, body: { total: 20 } });
      const undo = await crowd.end(undone.body.operationId);
      expect(undo).toMatchObject({ action: 'undo', applied: 19, skipped: 1, undoOf: view.id });
      expect((await crowd.outcomes(undo.id))['p-0005']).toMatch(/^skipped: .*changed/);
      expect(crowd.publishers(name)).toEqual(['p-0001', 'p-0005']);
      const seats = (await app.get(`/api/v1/rooms/${name}/seats/p-0001`)).body;
      expect(seats.override).toMatchObject({ template: 'presenter' });
      expect(await app.post(`/api/v1/operations/${view.id}/undo`)).toMatchObject({
        status: 409,
        body: { code: 'operation.undone', undoneBy: undo.id },
      });
      // The undo is an operation like any other.
      const again = await app.post(`/api/v1/operations/${undo.id}/undo`);
      expect(await crowd.end(again.body.operationId)).toMatchObject({ applied: 19 });
      expect(crowd.publishers(name)).toHaveLength(20);
    });

    it('cannot undo a removal, nor what is not over, nor what is long over', async () => {
      const { name, identities } = await crowd.room(2);
      const promoted = await crowd.run(name, { action: 'promote', identities });
      await app.sql(`UPDATE bulk_operation SET undo_until = now() WHERE id = $1`, [promoted.id]);
      expect((await app.post(`/api/v1/operations/${promoted.id}/undo`)).body.code).toBe(
        'operation.undo_expired',
      );
      const removed = await crowd.run(name, { action: 'remove', identities });
      expect((await app.post(`/api/v1/operations/${removed.id}/undo`)).body.code).toBe(
        'operation.not_undoable',
      );
    });

    it('the same request sent twice with one key is one operation', async () => {
      const { name, identities } = await crowd.room(5);
      const body = { action: 'promote', identities };
      const headers = { 'idempotency-key': `once-${name}` };
      const first = await crowd.bulk(name, body, headers);
      const second = await crowd.bulk(name, body, headers);
      expect(second.body).toEqual(first.body);
      await crowd.end(first.body.operationId);
      expect(crowd.changes(name)).toHaveLength(5);
    });
  });

  describe('when LiveKit has troubles', () => {
    it('what it cannot take is pending, and counted as applied when it has', async () => {
      const { name, identities } = await crowd.room(40);
      const heal = livekit.inject({ on: 'UpdateParticipant', room: name, then: 'fail' });
      const view = await crowd.run(name, { action: 'promote', template: 'speaker', identities });
      expect(view).toMatchObject({ status: 'done', applied: 0, pending: 40, done: 40 });
      heal();
      await until(
        'the counts follow',
        async () => (await crowd.operation(view.id)).applied === 40,
        20_000,
      );
      expect(crowd.publishers(name)).toHaveLength(40);
      expect(crowd.changes(name)).toHaveLength(40);
    });

    it('a few failures are tried again at once and nobody notices', async () => {
      const { name, identities } = await crowd.room(60);
      livekit.inject({ on: 'UpdateParticipant', room: name, then: 'half-fail', times: 10 });
      const view = await crowd.run(name, { action: 'promote', template: 'speaker', identities });
      expect(view).toMatchObject({ status: 'done', applied: 60 });
      expect(crowd.changes(name)).toHaveLength(60);
    });
  });

  describe('with others at the same time', () => {
    it('two operations on the same people end in the later desired state, each target once', async () => {
      const { name, identities } = await crowd.room(80);
      const body = (template: string) => ({ action: 'promote', template, identities });
      const started = await Promise.all([
        crowd.bulk(name, body('speaker')),
        crowd.bulk(name, body('presenter')),
        crowd.bulk(name, { action: 'demote', template: 'viewer', identities }),
      ]);
      for (const { body: one } of started) {
        expect((await crowd.end(one.operationId)).done).toBe(80);
        // A call that took too long is made again, and then has its outcome.
        await until('each target has one outcome', async () => {
          const { applied, failed } = await crowd.operation(one.operationId);
          return applied + failed === 80;
        });
      }
      // An observation of an earlier operation may come last; then the sweep compares again.
      await until('LiveKit has the desired state of everybody', async () => {
        const seats = (await app.get(`/api/v1/rooms/${name}/seats`)).body as { inSync: boolean }[];
        return seats.length === 80 && seats.every(({ inSync }) => inSync);
      });
    });

    it('no more get a role than it has slots', async () => {
      const { name, identities } = await crowd.room(30);
      await app.sql('INSERT INTO stage_limit (room, template, slots) VALUES ($1, $2, 6)', [
        name,
        'speaker',
      ]);
      const view = await crowd.run(name, { action: 'promote', template: 'speaker', identities });
      expect(view).toMatchObject({ applied: 6, failed: 24 });
      expect(crowd.publishers(name)).toHaveLength(6);
    });
  });

  describe('what is told', () => {
    it('targets in pages, forth and back, of one outcome or of all', async () => {
      const { name, identities } = await crowd.room(7);
      const view = await crowd.run(name, {
        action: 'promote',
        identities: [...identities, 'nobody'],
      });
      const page = async (query: string) =>
        (await app.get(`/api/v1/operations/${view.id}/targets?${query}`)).body;
      const first = await page('limit=3');
      expect(first.data.map(({ position }: { position: number }) => position)).toEqual([1, 2, 3]);
      expect(first.pageInfo.prev).toBeNull();
      const second = await page(`limit=3&cursor=${first.pageInfo.next}`);
      expect(second.data.map(({ position }: { position: number }) => position)).toEqual([4, 5, 6]);
      const back = await page(`limit=3&cursor=${second.pageInfo.prev}`);
      expect(back.data).toEqual(first.data);
      const last = await page(`limit=3&cursor=${second.pageInfo.next}`);
      expect(last).toMatchObject({ pageInfo: { next: null } });
      const filter = encodeURIComponent('{"outcome":"skipped"}');
      expect((await page(`filter=${filter}`)).data).toMatchObject([{ identity: 'nobody' }]);
      expect((await app.get(`/api/v1/operations/${view.id}/targets?cursor=x`)).status).toBe(400);
    });

    it("the room's operations, those under way first", async () => {
      const { name, identities } = await crowd.room(60);
      const done = await crowd.run(name, { action: 'promote', identities: ['p-0000'] });
      livekit.inject({ on: 'UpdateParticipant', room: name, latencyMs: 100 });
      const { body } = await crowd.bulk(name, { action: 'promote', identities });
      const list = (await app.get(`/api/v1/rooms/${name}/operations`)).body;
      expect(list.map(({ id }: { id: string }) => id)).toEqual([body.operationId, done.id]);
      livekit.heal();
      await crowd.end(body.operationId);
    });

    it('wrong requests, by the field that is wrong', async () => {
      const { name, identities } = await crowd.room(1);
      const wrong = async (body: object) => {
        const answer = await crowd.bulk(name, body);
        return [answer.status, ...Object.keys(answer.body.errors ?? {})];
      };
      expect(await wrong({ action: 'promote' })).toEqual([400, 'identities']);
      expect(await wrong({ action: 'promote', identities, filter: {} })).toEqual([
        400,
        'identities',
      ]);
      expect(await wrong({ action: 'promote', identities: [] })).toEqual([400, 'identities']);
      expect(await wrong({ action: 'fly', identities })).toEqual([400, 'action']);
      expect(await wrong({ action: 'block', template: 'viewer', identities })).toEqual([
        400,
        'template',
      ]);
      expect(await wrong({ action: 'promote', template: 'none', identities })).toEqual([
        400,
        'template',
      ]);
      expect(await wrong({ action: 'mute', identities, for: 5 })).toEqual([400, 'for']);
      expect(await wrong({ action: 'mute', identities, more: 1 })).toEqual([400, 'more']);
    });

    it('ten thousand people are one operation, and one more are not', async () => {
      const { name } = await crowd.room(1);
      const many = (count: number) =>
        Array.from({ length: count }, (_, i) => `somebody-${'x'.repeat(230)}-${i}`);
      const view = await crowd.run(name, { action: 'promote', identities: many(10_000) });
      expect(view).toMatchObject({ total: 10_000, skipped: 10_000 });
      expect(await crowd.bulk(name, { action: 'promote', identities: many(10_001) })).toMatchObject(
        {
          status: 400,
          body: { errors: { identities: expect.stringContaining('10000') } },
        },
      );
    });
  });
});

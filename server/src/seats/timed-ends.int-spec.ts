import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EventStreamClient } from '../../test/support/event-stream.js';
import { type DoubleWorld, startDoubleWorld } from '../../test/support/double-world.js';
import { type LiveApp, startLiveApp } from '../../test/support/live-app.js';
import type { LiveScene } from '../../test/support/live-scene.js';
import { LiveKitDouble } from '../../test/support/livekit-double/livekit-double.js';
import { ALL_RIGHTS } from '../../test/support/livekit-double/model.js';
import { until } from '../../test/support/until.js';
import { LeasesService } from './commands/leases.service.js';
import { SeatApplier } from './convergence/seat-applier.js';
import { SeatChecks } from './repair/seat-checks.js';
import { SeatReader } from './store/seat-reader.js';

describe('what is given for a time', () => {
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
    room = await scene.room(`timed-${count++}`);
  });

  const come = async (identity: string) => {
    const person = livekit.join(await scene.issued(room, identity));
    await scene.untilSeat(room, identity, 'is here', ({ isPresent }) => isPresent);
    return person;
  };
  /** By an assignment, so that everybody without an override is one. */
  const makeHosts = async () => {
    const { status } = await app.post('/api/v1/assignments', {
      subject: { everyone: true },
      scope: { room },
      template: 'host',
      reason: 'runs the room',
    });
    expect(status).toBe(201);
  };
  const outcomes = async (kind: string) =>
    (await scene.ledger(room, kind)).map(({ outcome }) => outcome);
  const untilOf = async (identity: string) =>
    Date.parse((await scene.seat(room, identity))?.override?.until ?? '');

  it('a lease shows its end, and ends exactly once with two servers watching', async () => {
    const ana = await come('ana');
    const askedAt = Date.now();
    await scene.act(room, 'ana', 'promote', { for: '3s' });
    const end = await untilOf('ana');
    expect(end).toBeGreaterThanOrEqual(askedAt + 3_000);
    expect(end).toBeLessThanOrEqual(Date.now() + 3_000);
    expect(ana.permission.canPublish).toBe(true);
    await until('it has ended', () => !ana.permission.canPublish);
    await until('and is settled', async () => (await outcomes('seat.lease_ended')).length === 2);
    expect(await outcomes('seat.lease_ended')).toEqual(['intent', 'applied']);
    expect(await scene.seat(room, 'ana')).toMatchObject({ override: null, inSync: true, epoch: 2 });
  });

  it('a lease on top of another change goes back to that one', async () => {
    await come('ana');
    await scene.act(room, 'ana', 'promote', { template: 'speaker' });
    await scene.act(room, 'ana', 'promote', { template: 'presenter', for: '1s' });
    const seat = await scene.untilSeat(room, 'ana', 'is speaker again', ({ override, inSync }) => {
      return override?.template === 'speaker' && inSync;
    });
    expect(seat.override).toMatchObject({ until: null });
  });

  it('leases on top of each other, however many, do not bury a demotion', async () => {
    await come('ana');
    await makeHosts();
    await scene.act(room, 'ana', 'demote', { template: 'viewer' });
    for (let i = 0; i < 12; i++) {
      const template = i % 2 === 0 ? 'speaker' : 'presenter';
      const { status } = await scene.act(room, 'ana', 'promote', { template, for: '1h' });
      expect(status).toBe(200);
    }
    // Those underneath have come to their ends as well.
    const past = new Date(Date.now() - 1_000).toISOString();
    await app.sql(
      `UPDATE seat_operation SET before = jsonb_set(before, '{override,until}', to_jsonb($2::text))
       WHERE room = $1 AND before->'override'->>'scope' = 'until'`,
      [room, past],
    );
    await app.sql(`UPDATE seat SET override_until = $2 WHERE room = $1`, [room, past]);
    await scene.untilSeat(room, 'ana', 'is demoted again', ({ override, inSync }) => {
      return override?.template === 'viewer' && inSync;
    });
    await until('it is settled', async () => {
      return (await outcomes('seat.lease_ended')).includes('applied');
    });
  });

  it('nobody loses a track between the end of a lease and what it goes back to', async () => {
    const ana = await come('ana');
    await scene.act(room, 'ana', 'promote', { template: 'speaker' });
    await scene.act(room, 'ana', 'promote', { template: 'presenter', for: '1h' });
    const camera = ana.publish('CAMERA');
    // The time is up, and the first to notice is who compares.
    await app.sql(`UPDATE seat SET override_until = now() - interval '1 second' WHERE room = $1`, [
      room,
    ]);
    const { sid, kind, state, permission } = (await app.app.get(SeatReader).find(room, 'ana'))!;
    const occupant = { identity: 'ana', sid: sid!, kind: kind!, state, permission: permission! };
    expect(await app.app.get(SeatChecks).check(room, occupant, 'sweep')).toBe(true);
    expect(ana.permission.canPublishSources).toEqual(['CAMERA', 'MICROPHONE']);
    expect(ana.tracks.map((track) => track.sid)).toEqual([camera.sid]);
    expect(await outcomes('drift.repaired')).toEqual([]);
  });

  it('a lease is put off by as much as is said, which can be undone, and still ends once', async () => {
    const ana = await come('ana');
    await scene.act(room, 'ana', 'promote', { for: '1h' });
    const before = await untilOf('ana');
    const extended = await scene.act(room, 'ana', 'extend', { for: '5m', reason: 'good question' });
    expect(extended).toMatchObject({ status: 200, body: { outcome: 'applied', epoch: 2 } });
    expect((await untilOf('ana')) - before).toBe(300_000);
    expect(await outcomes('seat.lease_extended')).toEqual(['intent', 'applied']);
    await app.post(`/api/v1/operations/${extended.body.operationId}/undo`);
    expect(await untilOf('ana')).toBe(before);
    await app.sql(`UPDATE seat SET override_until = now() WHERE room = $1`, [room]);
    await until('it has ended', () => !ana.permission.canPublish);
    await until('and is settled', async () => (await outcomes('seat.lease_ended')).length === 2);
  });

  it('a demotion that lasts longer than the session outlives what was given on top of it', async () => {
    await come('ana');
    await makeHosts();
    await scene.act(room, 'ana', 'demote', { template: 'viewer', for: '1h' });
    await scene.act(room, 'ana', 'promote', { template: 'speaker' });
    await scene.act(room, 'ana', 'promote', { template: 'presenter' });
    await scene.end(room);
    await until('the session has ended', async () => {
      return (await scene.ledger(room, 'seat.session_ended')).length === 1;
    });
    await scene.untilSeat(room, 'ana', 'is demoted again', ({ override }) => {
      return override?.template === 'viewer' && override.until !== null;
    });
    // A token for another role would take its place and end with the session.
    const moderator = await app.operator('moderator');
    const body = { room, identity: 'ana', template: 'speaker', createUser: true };
    await scene.user('ana');
    const refused = await moderator.post('/api/v1/tokens', body);
    expect(refused).toMatchObject({ status: 403, body: { code: 'seat.above_ceiling' } });
    expect((await scene.seat(room, 'ana'))?.override).toMatchObject({ template: 'viewer' });
  });

  it('there is nothing to put off without a lease', async () => {
    await come('ana');
    const none = await scene.act(room, 'ana', 'extend', { for: '5m' });
    expect(none).toMatchObject({ status: 409, body: { code: 'seat.no_lease' } });
    await scene.act(room, 'ana', 'promote');
    const endless = await scene.act(room, 'ana', 'extend', { for: '5m' });
    expect(endless).toMatchObject({ status: 409, body: { code: 'seat.no_lease' } });
    expect((await scene.act(room, 'ana', 'extend', {})).body.errors).toHaveProperty('for');
  });

  it('what fell due while nothing of Rolecall ran ends at the next start, once', async () => {
    const database = app.database;
    const ana = await come('ana');
    await scene.act(room, 'ana', 'promote', { for: '1h' });
    await scene.act(room, 'ana', 'hold', { for: '1h', sources: ['camera'] });
    await scene.act(room, 'ghost', 'block', { for: '1h' });
    await app.sql(
      `UPDATE seat SET override_until = override_until - interval '2 hours',
         hold_until = hold_until - interval '2 hours', block_until = block_until - interval '2 hours'
       WHERE room = $1`,
      [room],
    );
    // Two more servers come up on it at once.
    const late = await Promise.all([
      startLiveApp({ livekit, database, env: { ROLECALL_SWEEP: '1s' } }),
      startLiveApp({ livekit, database, env: { ROLECALL_SWEEP: '1s' } }),
    ]);
    try {
      await until('all have ended', async () => {
        const seats = await scene.seats(room);
        return seats.every(({ override, hold, block }) => !override && !hold && !block);
      });
      await until('LiveKit follows', () => !ana.permission.canPublish);
      for (const kind of ['seat.lease_ended', 'seat.hold_ended', 'seat.block_ended']) {
        await until(`${kind} is settled`, async () => (await outcomes(kind)).length >= 2);
        expect(await outcomes(kind)).toEqual(['intent', 'applied']);
      }
    } finally {
      await Promise.all(late.map((one) => one.stop()));
    }
  });

  it('an act that the end of a lease overtakes is answered with what came of it', async () => {
    const ana = await come('ana');
    await scene.act(room, 'ana', 'promote', { for: '1h' });
    await scene.act(room, 'ana', 'hold', { sources: ['camera'] });
    // The lock of the seat keeps the release from calling until the lease is over.
    const turn = Promise.withResolvers<void>();
    void app.app.get(SeatApplier).withLock(room, 'ana', () => turn.promise);
    const release = scene.act(room, 'ana', 'release');
    await until('the release is written', async () => (await outcomes('seat.released')).length > 0);
    await app.sql(`UPDATE seat SET override_until = now() WHERE room = $1`, [room]);
    void app.app.get(LeasesService).endDue();
    await until('the lease is over', async () => (await outcomes('seat.lease_ended')).length > 0);
    turn.resolve();
    expect((await release).body).toMatchObject({ outcome: 'applied', detail: null });
    expect(ana.permission.canPublish).toBe(false);
    for (const kind of ['seat.released', 'seat.lease_ended']) {
      await until(`${kind} is settled`, async () => (await outcomes(kind)).length === 2);
      expect(await outcomes(kind)).toEqual(['intent', 'applied']);
    }
  });

  it('what waits for somebody who is away outlives the end of a hold', async () => {
    await scene.user('vic');
    await scene.act(room, 'vic', 'hold', { for: '1s' });
    await scene.act(room, 'vic', 'promote');
    await until('the hold is over', async () => !(await scene.seat(room, 'vic'))?.hold);
    const vic = await come('vic');
    await until('both are settled', async () => {
      return (await outcomes('seat.promoted')).includes('applied');
    });
    expect(await outcomes('seat.promoted')).toEqual(['intent', 'pending', 'applied']);
    expect(vic.permission.canPublish).toBe(true);
  });

  describe('whose old role has no place when it ends', () => {
    const limit = (template: string, slots: number) =>
      app.send('PUT', `/api/v1/rooms/${room}/stage/limits/${template}`, { slots });
    /** The entry of the end, once it is settled. */
    const ended = (kind: string, identity: string) =>
      until(`${kind} is settled`, async () => {
        const rows = (await scene.ledger(room, kind)).filter((row) => row.identity === identity);
        return rows.some(({ outcome }) => outcome === 'applied') ? rows[0] : null;
      });
    /** Its time has come; the next sweep ends it. */
    const expire = (identity: string, what: 'override' | 'block' = 'override') =>
      app.sql(
        `UPDATE seat SET ${what}_until = now() - interval '1 second'
         WHERE room = $1 AND identity = $2`,
        [room, identity],
      );
    const full = { template: 'speaker', code: 'stage.full' };

    it('a lease ends all the same: the seat falls to policy, and the entry says so', async () => {
      const ana = await come('ana');
      await come('bo');
      await limit('speaker', 1);
      await scene.act(room, 'ana', 'promote', { template: 'speaker' });
      await scene.act(room, 'ana', 'promote', { template: 'presenter', for: '1h' });
      expect((await scene.act(room, 'bo', 'promote', { template: 'speaker' })).status).toBe(200);
      await expire('ana');
      const entry = await ended('seat.lease_ended', 'ana');
      expect(entry?.payload).toMatchObject({
        before: { template: 'presenter' },
        after: { template: 'viewer' },
        notGivenBack: [full],
        effects: expect.arrayContaining([
          'does not get speaker back: The only place for speaker is taken.',
        ]),
      });
      expect(ana.permission.canPublish).toBe(false);
      expect(await scene.seat(room, 'ana')).toMatchObject({ override: null, inSync: true });
      expect((await scene.seat(room, 'bo'))?.role?.template).toBe('speaker');
      // What a moderator asks for is refused still.
      expect(await scene.act(room, 'ana', 'promote', { template: 'speaker' })).toMatchObject({
        status: 409,
        body: { code: 'stage.full' },
      });
    });

    it.each(['assigned', 'promoted'] as const)(
      'a lease brings back no more than that role: who was %s host and demoted stays demoted',
      async (how) => {
        const ana = await come('ana');
        await come('bo');
        if (how === 'assigned') await makeHosts();
        else await scene.act(room, 'ana', 'promote', { template: 'host' });
        await limit('speaker', 1);
        await scene.act(room, 'ana', 'demote', { template: 'speaker' });
        // Both are within the ceiling of a moderator.
        await scene.act(room, 'ana', 'promote', { template: 'presenter', for: '1h' });
        await scene.act(room, 'bo', 'promote', { template: 'speaker' });
        await expire('ana');
        const entry = await ended('seat.lease_ended', 'ana');
        expect(entry?.payload).toMatchObject({
          after: { template: 'viewer' },
          notGivenBack: [full],
        });
        expect(ana.permission.canPublish).toBe(false);
        expect((await scene.seat(room, 'ana'))?.role?.template).toBe('viewer');
      },
    );

    it('who was demoted stays demoted where nobody may be a viewer either', async () => {
      await come('ana');
      await makeHosts();
      await scene.act(room, 'ana', 'demote', { template: 'viewer' });
      await scene.act(room, 'ana', 'promote', { template: 'speaker', for: '1h' });
      await limit('viewer', 0);
      await expire('ana');
      const entry = await ended('seat.lease_ended', 'ana');
      expect(entry?.payload).toMatchObject({ after: { template: 'viewer' } });
      expect(entry?.payload.notGivenBack).toBeUndefined();
      expect((await scene.seat(room, 'ana'))?.override).toMatchObject({ template: 'viewer' });
    });

    it('who was demoted stays demoted when the room was closed as the lease ended', async () => {
      for (const identity of ['ana', 'bo']) await come(identity);
      await makeHosts();
      await limit('speaker', 1);
      await scene.act(room, 'ana', 'demote', { template: 'speaker' });
      await scene.act(room, 'ana', 'promote', { template: 'presenter', for: '1h' });
      await scene.act(room, 'bo', 'demote', { template: 'speaker' });
      await app.sql('UPDATE room SET is_closed = true WHERE name = $1', [room]);
      await expire('ana');
      await ended('seat.lease_ended', 'ana');
      await app.sql('UPDATE room SET is_closed = false WHERE name = $1', [room]);
      expect((await scene.seat(room, 'ana'))?.override).toMatchObject({ template: 'viewer' });
    });

    it('a block ends all the same when the limit was lowered meanwhile', async () => {
      for (const identity of ['ana', 'bo']) {
        await come(identity);
        await scene.act(room, identity, 'promote', { template: 'speaker' });
      }
      await scene.act(room, 'ana', 'block', { for: '1h' });
      await limit('speaker', 1);
      await expire('ana', 'block');
      const entry = await ended('seat.block_ended', 'ana');
      expect(entry?.payload.notGivenBack).toMatchObject([full]);
      expect(await scene.seat(room, 'ana')).toBeUndefined();
      const ana = await come('ana');
      expect(ana.permission.canPublish).toBe(false);
    });

    it('what was archived meanwhile is not given back either', async () => {
      const ana = await come('ana');
      const grants = { roomJoin: true, canSubscribe: true, canPublishData: true };
      const key = `guest-${count}`;
      await app.post('/api/v1/role-templates', { key, name: 'Guest', grants });
      await app.post(`/api/v1/role-templates/${key}/publish`, { message: 'first' });
      await scene.act(room, 'ana', 'promote', { template: key });
      await scene.act(room, 'ana', 'promote', { template: 'presenter', for: '1h' });
      expect((await app.post(`/api/v1/role-templates/${key}/archive`)).status).toBe(200);
      await expire('ana');
      const entry = await ended('seat.lease_ended', 'ana');
      expect(entry?.payload.notGivenBack).toMatchObject([
        { template: key, code: 'role_template.unusable' },
      ]);
      await until('she is a viewer', () => !ana.permission.canPublish);
      expect((await scene.seat(room, 'ana'))?.role?.template).toBe('viewer');
    });

    it('nobody is thrown out by it, nor kept from being demoted', async () => {
      await app.sql('UPDATE room SET default_template = NULL WHERE name = $1', [room]);
      for (const identity of ['ana', 'bo']) {
        const { status } = await app.post('/api/v1/tokens', {
          room,
          identity,
          template: 'speaker',
          createUser: true,
        });
        expect(status).toBe(201);
        livekit.join(scene.token(room, identity, 'speaker'));
        await scene.untilSeat(room, identity, 'is here', ({ isPresent }) => isPresent);
      }
      await scene.act(room, 'ana', 'promote', { template: 'presenter', for: '1h' });
      await scene.act(room, 'bo', 'promote', { template: 'presenter' });
      await limit('speaker', 0);
      await expire('ana');
      const entry = await ended('seat.lease_ended', 'ana');
      expect(entry?.payload).toMatchObject({ after: { template: 'viewer' }, notGivenBack: [full] });
      expect(await scene.seat(room, 'ana')).toMatchObject({ isPresent: true });
      const demoted = await scene.act(room, 'bo', 'demote');
      expect(demoted).toMatchObject({ status: 200, body: { after: { template: 'viewer' } } });
      expect(await scene.seat(room, 'bo')).toMatchObject({ isPresent: true });
    });

    it('who came without a token of ours gets back what they had', async () => {
      await app.sql('UPDATE room SET default_template = NULL WHERE name = $1', [room]);
      const ana = livekit.join(scene.token(room, 'ana', 'camera-only'));
      await scene.untilSeat(room, 'ana', 'is here', ({ isPresent }) => isPresent);
      await limit('speaker', 1);
      await scene.act(room, 'ana', 'promote', { template: 'speaker' });
      await scene.act(room, 'ana', 'promote', { template: 'presenter', for: '1h' });
      await scene.user('cleo');
      expect((await scene.act(room, 'cleo', 'promote', { template: 'speaker' })).status).toBe(200);
      await expire('ana');
      await ended('seat.lease_ended', 'ana');
      expect(ana.permission.canPublishSources).toEqual(['CAMERA']);
    });
  });

  it('a hundred that cannot end keep nobody from an end, nor themselves from repair', async () => {
    await app.database.asOwner(
      `CREATE FUNCTION stay_stuck() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         RAISE EXCEPTION 'stuck'; END $$`,
      `CREATE TRIGGER tr_stay_stuck BEFORE UPDATE ON seat FOR EACH ROW
         WHEN (NEW.identity LIKE 'stuck-%' AND NEW.epoch > OLD.epoch) EXECUTE FUNCTION stay_stuck()`,
    );
    try {
      const mia = await come('stuck-mia');
      const zoe = await come('zoe');
      await app.sql(
        `INSERT INTO seat (room, identity, override_template, override_version, override_scope,
           override_until, override_at, override_by)
         SELECT $1, 'stuck-' || n, 'presenter', 1, 'until', now() - interval '1 minute', now(), 'x'
         FROM generate_series(1, 120) AS n UNION ALL
         SELECT $1, 'stuck-mia', 'presenter', 1, 'until', now() - interval '1 minute', now(), 'x'
         ON CONFLICT (room, identity) DO UPDATE SET override_template = 'presenter',
           override_version = 1, override_scope = 'until', override_at = now(), override_by = 'x',
           override_until = now() - interval '1 minute'`,
        [room],
      );
      await scene.act(room, 'zoe', 'promote', { for: '1s' });
      await until('hers has ended', () => !zoe.permission.canPublish);
      // Given past Rolecall, at LiveKit: the end that is stuck does not keep it from being taken.
      mia.permission = ALL_RIGHTS;
      await until('it is taken again', () => !mia.permission.canPublish);
      expect((await scene.seat(room, 'stuck-mia'))?.epoch).toBe(0);
    } finally {
      await app.database.asOwner('DROP TRIGGER tr_stay_stuck ON seat');
    }
    const left = () =>
      app.sql('SELECT FROM seat WHERE room = $1 AND override_at IS NOT NULL', [room]);
    await until('and all end once they can', async () => (await left()).length === 0, 40_000);
  });

  it('sixty that fall due at once end together, each with its own entries', async () => {
    const identities = Array.from({ length: 60 }, (_, i) => `lessee-${i}`);
    await app.sql(
      `INSERT INTO seat (room, identity, last_issued_at) SELECT $1, unnest($2::text[]), now()`,
      [room, identities],
    );
    const people = identities.map((identity) => livekit.join(scene.token(room, identity)));
    await until('all are here', async () => {
      const seats = await scene.seats(room);
      return seats.filter(({ isPresent }) => isPresent).length === people.length;
    });
    for (const { identity } of people) {
      await scene.carryOut(room, identity, 'promote', { for: '1h' });
    }
    await app.sql(`UPDATE seat SET override_until = now() - interval '1 second' WHERE room = $1`, [
      room,
    ]);
    await app.app.get(LeasesService).endDue();
    await until('all are viewers', () => people.every(({ permission }) => !permission.canPublish));
    await until('each has its outcome', async () => {
      const kinds = await outcomes('seat.lease_ended');
      return kinds.filter((outcome) => outcome === 'applied').length === people.length;
    });
    const [written] = await app.sql(
      `SELECT count(DISTINCT xmin::text)::int AS transactions FROM seat_operation
       WHERE room = $1 AND action = 'lease_end'`,
      [room],
    );
    expect(written?.['transactions']).toBeLessThan(people.length / 2);
    const ends = await scene.ledger(room, 'seat.lease_ended');
    expect(ends).toHaveLength(2 * people.length);
    expect(new Set(ends.map(({ payload }) => payload.operationId)).size).toBe(people.length);
    expect(await scene.ledger(room, 'drift.detected')).toEqual([]);
  });

  it('a block that ends is told to who watches, and lets them in again', async () => {
    const stream = await EventStreamClient.open(`${app.url}/api/v1/events?topics=room:${room}`, {
      cookie: app.cookie,
    });
    await stream.next('the hello', ({ event }) => event === 'hello');
    await scene.act(room, 'troll', 'block', { for: '5s' });
    expect((await scene.seat(room, 'troll'))?.blockedUntil).not.toBeNull();
    await stream.next('the row goes', ({ event, data }) => {
      return event === 'seats' && data.removed[0] === 'troll';
    });
    stream.close();
    expect(await scene.seat(room, 'troll')).toBeUndefined();
    await until('its end is settled', async () => (await outcomes('seat.block_ended')).length > 1);
    expect(await outcomes('seat.block_ended')).toEqual(['intent', 'applied']);
    const troll = await come('troll');
    expect(troll.isHere).toBe(true);
  });
});

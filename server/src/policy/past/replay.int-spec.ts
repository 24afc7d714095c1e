import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type DoubleWorld, startDoubleWorld } from '../../../test/support/double-world.js';
import type { Answer } from '../../../test/support/live-app.js';
import type { Json } from '../../../test/support/test-app.js';
import { ALL_RIGHTS } from '../../../test/support/livekit-double/model.js';
import { until } from '../../../test/support/until.js';
import { completeGrants } from '../../grants/role-grants.js';
import { POLICY_KINDS } from './policy-kinds.js';

const SEED = Number(process.env['TEST_MODEL_SEED'] ?? 20261129);
const STEPS = Number(process.env['TEST_MODEL_STEPS'] ?? 220);

/** mulberry32: the same acts at every run. */
function randomOf(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { pick: <T>(all: readonly T[]): T => all[Math.floor(next() * all.length)] as T, next };
}

const ROOMS = ['replay-hall', 'replay-lab'];
const PEOPLE = ['ana', 'ben', 'cleo'];
const TEMPLATES = ['viewer', 'speaker', 'presenter', 'replay-role', 'replay-other'];
/** Fields that live and past answers must share; `ttl` depends on the settings of now. */
const SHARED =
  'verdict code template version source ref validUntil withheld played grants because isKnown entrance tokensVoidBefore'.split(
    ' ',
  );

interface Noted {
  readonly step: string;
  readonly room: string;
  readonly identity: string;
  readonly at: string;
  readonly live: Json;
}

describe('policy as it was, from the log alone', () => {
  let world: DoubleWorld;

  beforeAll(async () => {
    world = await startDoubleWorld({ ROLECALL_RATE_OPERATOR: '100000/1s' });
  });
  afterAll(() => world?.stop());

  const explain = (room: string, identity: string, more: Record<string, string> = {}) =>
    world.app.get(`/api/v1/explain?${new URLSearchParams({ room, identity, ...more })}`);

  it('has the kinds of the index', async () => {
    const [row] = await world.app.sql<{ predicate: string }>(
      `SELECT pg_get_expr(indpred, indrelid) AS predicate FROM pg_index
       WHERE indexrelid = 'ix_ledger_entry_policy'::regclass`,
    );
    const kinds = [...row!.predicate.matchAll(/'([a-z_]+\.[a-z_]+)'/g)].map(([, kind]) => kind);
    expect(kinds.toSorted()).toEqual([...POLICY_KINDS].toSorted());
  });

  it(`says of every instant of a random history what was said then (seed ${SEED})`, async () => {
    const { pick, next } = randomOf(SEED);
    const { app, livekit } = world;
    const users = new Map<string, string>();
    const assignments: string[] = [];
    const done = new Map<string, number>();

    const soon = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
    const scopeOf = () =>
      pick([
        { room: pick(ROOMS) },
        { pattern: 'replay-*' },
        { pattern: 'repaly-*' },
        { all: true },
      ]);
    const seatAct = (action: string, body: object) => {
      const identity = pick(PEOPLE);
      return app.post(`/api/v1/rooms/${pick(ROOMS)}/seats/${identity}/${action}`, body);
    };
    const acts: Record<string, () => Promise<Answer>> = {
      room: () =>
        app.post('/api/v1/rooms', {
          name: pick(ROOMS),
          defaultTemplate: pick([null, 'viewer', 'replay-role']),
          departureTimeout: 60,
        }),
      updateRoom: () =>
        app.send('PUT', `/api/v1/rooms/${pick(ROOMS)}`, {
          defaultTemplate: pick([null, 'viewer', 'speaker', 'replay-role']),
          unlistedParticipants: pick(['allow', 'remove']),
        }),
      closeRoom: () => app.post(`/api/v1/rooms/${pick(ROOMS)}/close`, { reason: 'over' }),
      openRoom: () => app.post(`/api/v1/rooms/${pick(ROOMS)}/open`, {}),
      deleteRoom: () => app.send('DELETE', `/api/v1/rooms/${pick(ROOMS)}`),
      template: async () => {
        const key = pick(['replay-role', 'replay-other']);
        const grants = completeGrants({
          roomJoin: next() < 0.85,
          canSubscribe: true,
          canPublish: next() < 0.5,
          canPublishSources: pick([['microphone'], ['camera', 'microphone']]),
        });
        await app.post('/api/v1/role-templates', { key, name: key, grants });
        await app.send('PUT', `/api/v1/role-templates/${key}/draft`, { grants });
        return app.post(`/api/v1/role-templates/${key}/publish`, { message: 'next' });
      },
      archive: () => app.post(`/api/v1/role-templates/${pick([...TEMPLATES, 'recorder'])}/archive`),
      unarchive: () => app.post(`/api/v1/role-templates/${pick(TEMPLATES)}/unarchive`),
      user: async () => {
        const identity = pick(PEOPLE);
        const answer = await app.post('/api/v1/users', {
          identity,
          name: identity,
          kind: pick(['standard', 'standard', 'agent']),
        });
        if (answer.status === 201) users.set(identity, answer.body.id);
        return answer;
      },
      changeUser: () =>
        app.send('PUT', `/api/v1/users/${users.get(pick(PEOPLE)) ?? crypto.randomUUID()}`, {
          kind: pick(['standard', 'agent']),
          isSuspended: next() < 0.3,
        }),
      assign: async () => {
        const user = users.get(pick(PEOPLE));
        const answer = await app.post('/api/v1/assignments', {
          subject: user && next() < 0.6 ? { user } : { everyone: true },
          scope: scopeOf(),
          template: pick(TEMPLATES),
          priority: pick([0, 0, 5]),
          validFrom: next() < 0.15 ? soon(1) : null,
          validUntil: next() < 0.3 ? soon(3) : null,
          reason: pick(['', 'for the day']),
        });
        if (answer.status === 201) assignments.push(answer.body.id);
        return answer;
      },
      reassign: () =>
        app.send('PUT', `/api/v1/assignments/${pick(assignments) ?? crypto.randomUUID()}`, {
          ...pick([
            { scope: scopeOf() },
            { template: pick(TEMPLATES) },
            { priority: 9 },
            { reason: null },
            { validUntil: soon(2) },
          ]),
        }),
      unassign: () =>
        app.send('DELETE', `/api/v1/assignments/${pick(assignments) ?? crypto.randomUUID()}`),
      promote: () =>
        seatAct('promote', {
          template: pick(TEMPLATES),
          ...(next() < 0.5 ? { for: '1s' } : {}),
          reason: 'asked',
        }),
      demote: () => seatAct('demote', next() < 0.5 ? { template: 'viewer', for: '2s' } : {}),
      extend: async () => {
        const path = `/api/v1/rooms/${pick(ROOMS)}/seats/${pick(PEOPLE)}`;
        await app.post(`${path}/promote`, { template: 'speaker', for: '2s' });
        return app.post(`${path}/extend`, { for: '3s' });
      },
      block: () => seatAct('block', next() < 0.5 ? { for: '1s', reason: 'noise' } : {}),
      unblock: () => seatAct('unblock', {}),
      hold: () => seatAct('hold', { sources: ['microphone'] }),
      release: () => seatAct('release', {}),
      token: () =>
        app.post('/api/v1/tokens', {
          room: pick(ROOMS),
          identity: pick(PEOPLE),
          ...(next() < 0.6 ? { template: pick(TEMPLATES), reason: 'a guest' } : {}),
        }),
      void: () => {
        const room = pick(ROOMS);
        const user = users.get(pick(PEOPLE)) ?? crypto.randomUUID();
        return app.post(
          pick([
            `/api/v1/rooms/${room}/seats/${pick(PEOPLE)}/void-tokens`,
            `/api/v1/rooms/${room}/void-tokens`,
            `/api/v1/users/${user}/void-tokens`,
            '/api/v1/void-tokens',
          ]),
        );
      },
      scene: () =>
        app.post(`/api/v1/rooms/${pick(ROOMS)}/scene`, {
          lock: { keep: pick([['presenter'], []]) },
        }),
      leaveScene: () => app.send('DELETE', `/api/v1/rooms/${pick(ROOMS)}/scene`),
      join: async () => {
        const [room, identity] = [pick(ROOMS), pick(PEOPLE)];
        const answer = await app.post('/api/v1/tokens', { room, identity, createRoom: true });
        if (livekit.hasRoom(room) && !livekit.find(room, identity)) {
          livekit.join({ room, identity, permission: ALL_RIGHTS });
        }
        return answer;
      },
      endSession: async () => {
        const room = pick(ROOMS);
        const isRunning = livekit.hasRoom(room);
        if (isRunning) await world.scene.end(room);
        return { status: isRunning ? 200 : 404, body: null, headers: new Headers() };
      },
      deleteUser: async () => {
        const identity = pick(PEOPLE);
        const id = users.get(identity);
        return app.send('DELETE', `/api/v1/users/${id ?? crypto.randomUUID()}`);
      },
    };
    const noted: Noted[] = [];
    const note = async (step: string) => {
      for (const room of ROOMS) {
        for (const identity of new Set([pick(PEOPLE), pick([...PEOPLE, 'nobody'])])) {
          const { status, body } = await explain(room, identity);
          if (status !== 200) continue; // no such room: it has no instant
          noted.push({ step, room, identity, at: body.at, live: body });
        }
      }
    };
    for (const act of ['room', 'room', 'template', 'user', 'user', 'user', 'join']) {
      await acts[act]!();
    }
    const run = async (name: string) => {
      const { status } = await acts[name]!();
      if (status < 300) done.set(name, (done.get(name) ?? 0) + 1);
      await note(`${name} ${status}`);
    };
    // What makes others possible comes more often; identities are never given out twice.
    const makesPossible = ['room', 'openRoom', 'unarchive', 'unblock', 'join'];
    const isLast = (name: string) => name === 'deleteUser';
    const names = [...Object.keys(acts), ...makesPossible, ...makesPossible, 'promote', 'scene'];
    const random = names.filter((name) => !isLast(name));
    for (let i = 0; i < STEPS; i += 1) await run(pick(random));
    // A history in which something never happens would prove less.
    for (const name of Object.keys(acts)) {
      for (let tries = 0; !done.has(name) && tries < 40; tries += 1) {
        for (const first of makesPossible) await acts[first]!();
        await run(name);
      }
      if (isLast(name)) for (let i = 0; i < 15; i += 1) await run(pick(random));
    }
    expect(Object.keys(acts).filter((name) => !done.has(name))).toEqual([]);
    await until('the last webhook is processed', async () => {
      const [row] = await app.sql<{ n: number }>(
        'SELECT count(*)::int AS n FROM webhook_inbox WHERE processed_at IS NULL',
      );
      return row?.n === 0;
    });

    const differing: Json[] = [];
    let asked = 0;
    for (const { step, room, identity, at, live } of noted) {
      const { status, body } = await explain(room, identity, { at });
      asked += 1;
      expect(status).toBe(200);
      expect(body.log).toEqual({ isComplete: true, gaps: [] });
      const [then, now] = [live, body].map((one) => SHARED.map((field) => one[field]));
      if (isDeepStrictEqual(then, now)) continue;
      if (await changedAround(room, at)) continue;
      differing.push({
        step,
        room,
        identity,
        at,
        fields: SHARED.flatMap((field) =>
          isDeepStrictEqual(live[field], body[field])
            ? []
            : [{ field, live: live[field], past: body[field] }],
        ),
      });
    }
    expect(differing.slice(0, 3)).toEqual([]);
    expect(asked).toBeGreaterThan(STEPS);
    expect(new Set(noted.map(({ live }) => live.template ?? live.code)).size).toBeGreaterThan(6);
  });

  it('decides what that history decided again, and nothing deviates', async () => {
    const { status, body } = await world.app.post('/api/v1/ledger/challenge', { n: 200 });
    expect(status).toBe(200);
    expect(body.data.filter(({ outcome }: Json) => outcome === 'deviates')).toEqual([]);
    expect(body.counts.agrees).toBeGreaterThan(20);
    const kinds = new Set(body.data.map(({ kind }: Json) => kind));
    expect([...kinds].toSorted()).toEqual(
      expect.arrayContaining(['seat.demoted', 'seat.promoted', 'token.issued', 'token.refused']),
    );
  });

  /** What a sweep or a webhook commits just then is in the log some milliseconds before it is seen. */
  async function changedAround(room: string, at: string): Promise<boolean> {
    const rows = await world.app.sql(
      `SELECT FROM ledger_entry WHERE kind = ANY($1) AND (room = $2 OR room IS NULL)
         AND actor_kind = 'system' AND at BETWEEN $3::timestamptz - interval '50 ms' AND $3::timestamptz + interval '1 ms'`,
      [POLICY_KINDS, room, at],
    );
    return rows.length > 0;
  }
});

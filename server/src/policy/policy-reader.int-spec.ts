import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Json, startTestApp, type TestApp } from '../../test/support/test-app.js';
import { likeOfPattern } from '../database/like-of-pattern.js';
import { matchesPattern } from '../grants/pattern.js';
import type { AssignmentRule } from '../grants/policy.js';
import { resolve } from '../grants/resolve.js';
import { PolicyReader } from './policy-reader.js';

const alphabet = fc.constantFrom('a', 'b', '*', '\\', '%', '_', '\n', '🎤', 'é');
const text = (maxLength: number) => fc.string({ unit: alphabet, minLength: 1, maxLength });

describe('a pattern in SQL', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp();
  });
  afterAll(() => test?.stop());

  it('matches the names that it matches here, however it is translated', async () => {
    const pairs = fc.sample(fc.tuple(text(8), text(8)), 5_000);
    const rows = await test.sql<{ own: boolean; given: boolean }>(
      `SELECT name LIKE rolecall_like_of_pattern(pattern) AS own, name LIKE translated AS given
       FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS q(pattern, translated, name, ord)
       ORDER BY ord`,
      [pairs.map(([p]) => p), pairs.map(([p]) => likeOfPattern(p)), pairs.map(([, n]) => n)],
    );
    const expected = pairs.map(([pattern, name]) => matchesPattern(pattern, name));
    expect(rows.map((row) => row.own)).toEqual(expected);
    expect(rows.map((row) => row.given)).toEqual(expected);
    expect(expected.filter(Boolean).length).toBeGreaterThan(100);
  });
});

describe('reading policy', () => {
  let test: TestApp;
  let policy: PolicyReader;
  let ana: { id: string; identity: string };

  beforeAll(async () => {
    test = await startTestApp();
    policy = test.app.get(PolicyReader);
    await test.newRoom({ name: 'town-hall' });
    await test.newRoom({ name: 'town_hall' });
    await test.newRoom({ name: 'lobby' });
    ana = await test.newUser({ identity: 'ana' });
  });
  afterAll(() => test?.stop());
  beforeEach(() => test.sql('DELETE FROM assignment'));

  /** Newer than everything else, and of no use in town-hall. */
  const addNoise = (count: number, user: string | null) =>
    test.sql(
      `INSERT INTO assignment (user_id, room_pattern, template, created_by_label, created_at)
       SELECT $2, 'elsewhere-' || n || '-*', 'viewer', 'test', now() + interval '1 day'
       FROM generate_series(1, $1::int) n`,
      [count, user],
    );
  const read = (room = 'town-hall') => policy.decide({ room, identity: ana.identity });

  it.each([
    ['the user', 'by name', { room_name: 'town-hall' }],
    ['the user', 'by a pattern', { room_pattern: 'town-*' }],
    ['the user', 'everywhere', {}],
    ['everyone', 'by name', { room_name: 'town-hall' }],
    ['everyone', 'by a pattern', { room_pattern: 'town-*' }],
    ['everyone', 'everywhere', {}],
  ])(
    'finds the rule for %s that covers the room %s among 3000 newer ones',
    async (who, _, scope) => {
      const user = who === 'everyone' ? null : ana.id;
      const id = await test.newAssignment({ user_id: user, ...scope, template: 'host' });
      await addNoise(3_000, user);
      const { facts, decision } = await read();
      expect(decision).toMatchObject({ verdict: 'allow', template: 'host', ref: id });
      expect(facts.input?.assignments.length).toBeLessThanOrEqual(401);
    },
  );

  it('brings what came near along: over, elsewhere by a pattern, elsewhere by a name', async () => {
    const [over, like, name] = await Promise.all([
      test.newAssignment({
        user_id: ana.id,
        room_name: 'town-hall',
        template: 'host',
        valid_until: '2020-01-01',
      }),
      test.newAssignment({ room_pattern: 'townhall*', template: 'host' }),
      test.newAssignment({ user_id: ana.id, room_name: 'town_hall', template: 'host' }),
    ]);
    const { decision } = await read();
    expect(decision?.verdict).toBe('refuse');
    const near = decision?.because.filter((item) => item.outcome === 'near_miss');
    expect(near?.map((item) => item.ref).sort()).toEqual([over, like, name].sort());
  });

  it('answers each of the questions that share a statement as if it were alone', async () => {
    await test.newAssignment({ room_name: 'lobby', template: 'viewer' });
    await test.newAssignment({ room_pattern: 'town-*', template: 'speaker' });
    await test.newAssignment({ user_id: ana.id, room_pattern: 'lob*', template: 'host' });
    const questions = ['lobby', 'town-hall', 'town_hall'].flatMap((room) =>
      ['ana', 'nobody'].map((identity) => ({ room, identity })),
    );
    const together = await Promise.all(questions.map((question) => policy.decide(question)));
    for (const [i, question] of questions.entries()) {
      const alone = await policy.decide(question);
      const { now } = alone.facts;
      expect(together[i]?.facts.now.getTime()).toBeLessThanOrEqual(now.getTime());
      expect({ ...together[i], facts: { ...together[i]?.facts, now } }).toEqual(alone);
    }
    expect(
      together.map(({ decision }) => decision?.verdict === 'allow' && decision.template),
    ).toEqual(['host', 'viewer', 'speaker', 'speaker', false, false]);
  });

  it('decides as one who reads every rule would', async () => {
    const room = fc.constantFrom('town-hall', 'town_hall', 'lobby');
    const rule = fc.record({
      user_id: fc.constantFrom(ana.id, null),
      room_name: fc.option(room, { freq: 2 }),
      room_pattern: fc.constantFrom('town-*', 'town*', '*hall', '*', 'lob_y', 'l*y', null),
      template: fc.constantFrom('viewer', 'speaker', 'presenter', 'host'),
      priority: fc.integer({ min: 0, max: 2 }),
      valid_until: fc.constantFrom(null, '2020-01-01', '2999-01-01'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(rule, { maxLength: 12 }), room, async (rules, where) => {
        await test.sql('DELETE FROM assignment');
        for (const [i, fields] of rules.entries()) {
          await test.newAssignment({
            ...fields,
            room_pattern: fields.room_name === null ? fields.room_pattern : null,
            created_at: new Date(Date.UTC(2026, 0, 1, 0, 0, i)),
          });
        }
        const { facts, decision } = await policy.decide({ room: where, identity: 'ana' });
        const all = await test.sql(
          'SELECT * FROM assignment WHERE user_id IS NULL OR user_id = $1',
          [ana.id],
        );
        const expected = resolve(
          { ...facts.input!, assignments: all.map(toRule) },
          new Date('2026-06-01'),
        );
        const outcome = (given: typeof decision) =>
          given?.verdict === 'allow' ? [given.template, given.ref] : given?.code;
        expect(outcome(decision)).toEqual(outcome(expected));
      }),
      { numRuns: 60 },
    );
  });
});

function toRule(row: Json): AssignmentRule {
  return {
    id: row.id,
    subject: row.user_id === null ? 'everyone' : 'user',
    scope:
      row.room_name !== null
        ? { kind: 'room', room: row.room_name }
        : row.room_pattern !== null
          ? { kind: 'pattern', pattern: row.room_pattern }
          : { kind: 'all' },
    template: row.template,
    priority: row.priority,
    validFrom: row.valid_from,
    validUntil: row.valid_until,
    createdAt: row.created_at,
    by: row.created_by_label,
    reason: row.reason,
  };
}

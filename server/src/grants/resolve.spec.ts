import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ActiveScene, AssignmentRule, Block, Hold, Override, PolicyInput } from './policy.js';
import { resolve } from './resolve.js';
import { TRACK_SOURCES } from './role-grants.js';
import { NOTHING_WITHHELD, SILENT } from './withhold.js';

const NOW = new Date('2026-11-21T12:00:00Z');
const minutes = (n: number) => new Date(NOW.getTime() + n * 60_000);

const TEMPLATES: PolicyInput['templates'] = {
  viewer: { published: 1, isArchived: false },
  speaker: { published: 7, isArchived: false },
  draft: { published: null, isArchived: false },
  old: { published: 3, isArchived: true },
};

function assignment(change: Partial<AssignmentRule> = {}): AssignmentRule {
  return {
    id: 'a-1',
    subject: 'user',
    scope: { kind: 'all' },
    template: 'viewer',
    priority: 0,
    validFrom: null,
    validUntil: null,
    createdAt: minutes(-100),
    by: 'Lee',
    reason: null,
    ...change,
  };
}

function policy(change: Partial<PolicyInput> = {}): PolicyInput {
  return {
    subject: { userId: 'u-1', identity: 'ana', isSuspended: false, isDeleted: false },
    room: { name: 'town-hall', isClosed: false, defaultTemplate: null, scene: null },
    seat: null,
    assignments: [],
    templates: TEMPLATES,
    ...change,
  };
}

const block = (change: Partial<Block> = {}): Block => ({
  at: minutes(-10),
  until: null,
  by: 'Kim',
  byKind: 'operator',
  reason: null,
  ...change,
});

const hold = (change: Partial<Hold> = {}): Hold => ({
  sources: ['microphone'],
  at: minutes(-10),
  until: null,
  by: 'Kim',
  byKind: 'operator',
  reason: null,
  ...change,
});

const scene = (change: Partial<ActiveScene> = {}): ActiveScene => ({
  id: null,
  name: 'Lock',
  rules: [
    { from: 'host', to: 'host' },
    { from: '*', to: null },
  ],
  at: minutes(-5),
  by: 'Kim',
  byKind: 'operator',
  reason: null,
  ...change,
});

const seat = (change: Partial<NonNullable<PolicyInput['seat']>>): PolicyInput['seat'] => ({
  block: null,
  override: null,
  hold: null,
  peeksAt: null,
  ...change,
});

const override = (change: Partial<Override> = {}): Override => ({
  template: 'speaker',
  version: 6,
  scope: 'session',
  until: null,
  at: minutes(-10),
  by: 'Kim',
  byKind: 'operator',
  reason: null,
  ...change,
});

/** Minutes before, at and after now: the edges of a window matter most. */
const anyInstant = fc.option(fc.integer({ min: -2, max: 2 }).map(minutes));
const anyTemplate = fc.constantFrom('viewer', 'speaker', 'draft', 'old', 'gone', 'constructor');

const anyAssignments: fc.Arbitrary<AssignmentRule[]> = fc
  .array(
    fc.record({
      subject: fc.constantFrom('user' as const, 'everyone' as const),
      scope: fc.oneof(
        fc.constant({ kind: 'all' as const }),
        fc.record({
          kind: fc.constant('room' as const),
          room: fc.constantFrom('town-hall', 'Town Hall', 'board'),
        }),
        fc.record({
          kind: fc.constant('pattern' as const),
          pattern: fc.constantFrom('town-*', '*-hall', 'townhall-*', 'board*', '*'),
        }),
      ),
      template: anyTemplate,
      priority: fc.integer({ min: 0, max: 2 }),
      validFrom: anyInstant,
      validUntil: anyInstant,
      createdAt: fc.integer({ min: -3, max: -1 }).map(minutes),
      by: fc.constant('Lee'),
      reason: fc.option(fc.constant('because')),
    }),
    { maxLength: 8 },
  )
  .map((rules) => rules.map((rule, index) => ({ ...rule, id: `a-${index}` })));

const anyScene: fc.Arbitrary<ActiveScene> = fc.record({
  id: fc.constant(null),
  name: fc.constant('Q&A'),
  rules: fc.array(
    fc.record({
      from: fc.oneof(anyTemplate, fc.constant('*')),
      to: fc.option(anyTemplate),
    }),
    { maxLength: 4 },
  ),
  at: fc.constantFrom(minutes(-1), minutes(1)),
  by: fc.constant('Kim'),
  byKind: fc.constant('operator' as const),
  reason: fc.constant(null),
});

const anyPolicy: fc.Arbitrary<PolicyInput> = fc.record({
  subject: fc.record({
    userId: fc.option(fc.constant('u-1')),
    identity: fc.constant('ana'),
    isSuspended: fc.boolean(),
    isDeleted: fc.boolean(),
  }),
  room: fc.record({
    name: fc.constant('town-hall'),
    isClosed: fc.boolean(),
    defaultTemplate: fc.option(anyTemplate),
    scene: fc.option(anyScene),
  }),
  seat: fc.option(
    fc.record({
      block: fc.option(
        fc.record({
          at: fc.constant(NOW),
          until: anyInstant,
          by: fc.constant('Kim'),
          byKind: fc.constant('operator' as const),
          reason: fc.constant(null),
        }),
      ),
      override: fc.option(
        fc.record({
          template: anyTemplate,
          version: fc.integer({ min: 1, max: 9 }),
          scope: fc.constantFrom('session' as const, 'until' as const),
          until: anyInstant,
          at: fc.constant(NOW),
          by: fc.constant('Kim'),
          byKind: fc.constant('operator' as const),
          reason: fc.constant(null),
        }),
      ),
      hold: fc.option(
        fc.record({
          sources: fc.subarray([...TRACK_SOURCES], { minLength: 1 }),
          at: fc.constant(NOW),
          until: anyInstant,
          by: fc.constant('Kim'),
          byKind: fc.constant('operator' as const),
          reason: fc.constant(null),
        }),
      ),
      peeksAt: fc.option(fc.constant('bo')),
    }),
  ),
  assignments: anyAssignments,
  templates: fc.constant(TEMPLATES),
});

describe('resolve', () => {
  it('answers everything, twice the same, with one winner that is what it decided', () => {
    fc.assert(
      fc.property(anyPolicy, (input) => {
        const decision = resolve(input, NOW);
        expect(resolve(structuredClone(input), new Date(NOW))).toEqual(decision);
        const winners = decision.because.filter(({ outcome }) => outcome === 'wins');
        expect(winners).toEqual([decision.because[0]]);
        if (decision.verdict === 'allow') {
          const isPlayed = decision.because.some(({ rule }) => rule === 'scene');
          if (!isPlayed) expect(winners[0]!.template).toBe(decision.template);
          expect(winners[0]!.rule).toBe(decision.source);
          if (decision.validUntil) expect(decision.validUntil.getTime()).toBeGreaterThan(+NOW);
          if (decision.source !== 'override') {
            expect(TEMPLATES[decision.template]).toEqual({
              published: decision.version,
              isArchived: false,
            });
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('takes no account of the order in which the assignments come', () => {
    const shuffled = anyPolicy.chain((input) =>
      fc
        .shuffledSubarray([...input.assignments], { minLength: input.assignments.length })
        .map((assignments) => [input, { ...input, assignments }] as const),
    );
    fc.assert(
      fc.property(shuffled, ([one, other]) => {
        expect(resolve(other, NOW)).toEqual(resolve(one, NOW));
      }),
      { numRuns: 500 },
    );
  });

  it('is not moved by a rule for somewhere else', () => {
    fc.assert(
      fc.property(anyPolicy, fc.constantFrom(...['quarterly', 'x']), (input, elsewhere) => {
        const more = [
          assignment({ id: 'z-1', scope: { kind: 'room', room: elsewhere }, template: 'speaker' }),
          assignment({ id: 'z-2', scope: { kind: 'pattern', pattern: `${elsewhere}-*` } }),
        ];
        const wider = { ...input, assignments: [...more, ...input.assignments] };
        expect(resolve(wider, NOW)).toEqual(resolve(input, NOW));
      }),
    );
  });

  it('lets a block win over everything, then the user, the room, the override', () => {
    fc.assert(
      fc.property(anyPolicy, (given) => {
        const input = { ...given, room: { ...given.room, scene: null } };
        const decision = resolve(input, NOW);
        const { seat, subject, room } = input;
        const isOpen = (until: Date | null) => until === null || until > NOW;
        const expected =
          seat?.block && isOpen(seat.block.until)
            ? 'seat.blocked'
            : subject.isDeleted
              ? 'user.deleted'
              : subject.isSuspended
                ? 'user.suspended'
                : room.isClosed
                  ? 'room.closed'
                  : seat?.override && isOpen(seat.override.until)
                    ? `override ${seat.override.template} ${seat.override.version}`
                    : seat?.peeksAt != null
                      ? 'peek.over'
                      : null;
        if (expected === null) {
          expect(['assignment', 'default', 'no_rule', 'template.unpublished']).toContain(
            decision.verdict === 'allow' ? decision.source : decision.code,
          );
        } else if (decision.verdict === 'allow') {
          expect(`${decision.source} ${decision.template} ${decision.version}`).toBe(expected);
        } else expect(decision.code).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  const room = { kind: 'room', room: 'town-hall' } as const;
  const pattern = (text: string) => ({ kind: 'pattern', pattern: text }) as const;
  it.each<[string, Partial<AssignmentRule>, Partial<AssignmentRule>, string]>([
    [
      'the user before everyone',
      { scope: pattern('*') },
      { subject: 'everyone', scope: room, priority: 9 },
      'one for the user outranks one for everyone',
    ],
    [
      'the room before a pattern',
      { scope: room },
      { scope: pattern('town-hal*'), priority: 9 },
      'one for the room outranks one for several',
    ],
    [
      'a pattern before all rooms',
      { scope: pattern('*') },
      { priority: 9 },
      'one for some rooms outranks one for all',
    ],
    [
      'the more specific pattern',
      { scope: pattern('town-h*') },
      { scope: pattern('town-*'), priority: 9 },
      'the other pattern is more specific',
    ],
    [
      'the higher priority',
      { priority: 2 },
      { priority: 1, createdAt: minutes(-1) },
      'priority 2 outranks 1',
    ],
    [
      'the newest',
      { createdAt: minutes(-1) },
      { createdAt: minutes(-2) },
      'the other one is newer',
    ],
  ])('prefers %s and says so', (_what, winner, loser, why) => {
    const assignments = [
      assignment({ ...loser, id: 'a-loser', template: 'viewer' }),
      assignment({ ...winner, id: 'b-winner', template: 'speaker' }),
    ];
    const decision = resolve(policy({ assignments }), NOW);
    expect(decision).toMatchObject({
      verdict: 'allow',
      template: 'speaker',
      version: 7,
      ref: 'b-winner',
    });
    expect(decision.because[1]).toMatchObject({ outcome: 'loses', ref: 'a-loser' });
    expect(decision.because[1]!.text).toContain(why);
  });

  it('counts a window from its first instant up to, and not with, its last', () => {
    const at = (validFrom: Date | null, validUntil: Date | null) =>
      resolve(policy({ assignments: [assignment({ validFrom, validUntil })] }), NOW).verdict;
    expect(at(NOW, minutes(1))).toBe('allow');
    expect(at(minutes(-1), NOW)).toBe('refuse');
    expect(at(minutes(1), null)).toBe('refuse');
    expect(at(NOW, NOW)).toBe('refuse');
  });

  it('says when the right ends by itself', () => {
    const until = minutes(30);
    const lease = policy({
      seat: seat({ override: override({ scope: 'until', until }) }),
    });
    expect(resolve(lease, NOW)).toMatchObject({
      source: 'override',
      version: 6,
      validUntil: until,
    });
    const session = policy({ seat: seat({ override: override() }) });
    expect(resolve(session, NOW)).toMatchObject({ validUntil: null });
    const window = policy({ assignments: [assignment({ validUntil: until })] });
    expect(resolve(window, NOW)).toMatchObject({ validUntil: until });
  });

  it('tells the whole story: who won, what lost, what came close, what was passed over', () => {
    const decision = resolve(
      policy({
        room: { name: 'town-hall', isClosed: false, defaultTemplate: 'viewer', scene: null },
        seat: seat({
          block: block({ until: minutes(-5) }),
          override: override({ until: minutes(20), scope: 'until', reason: 'asked to speak' }),
        }),
        assignments: [
          assignment({ id: 'a-1', scope: pattern('town-*'), priority: 10 }),
          assignment({
            id: 'a-2',
            validUntil: new Date('2026-11-20T18:00:00Z'),
            template: 'speaker',
          }),
          assignment({ id: 'a-3', validFrom: minutes(60) }),
          assignment({ id: 'a-4', scope: pattern('townhall-*') }),
          assignment({ id: 'a-5', scope: { kind: 'room', room: 'Town Hall' } }),
          assignment({ id: 'a-8', scope: pattern('townhall-*'), validUntil: minutes(-1) }),
          assignment({ id: 'a-6', subject: 'everyone', template: 'draft' }),
          assignment({ id: 'a-7', subject: 'everyone', template: 'old' }),
        ],
      }),
      NOW,
    );
    expect(decision.because.map(({ outcome, text }) => `${outcome}: ${text}`)).toEqual([
      'wins: Kim gave `speaker` v6 until 2026-11-21 12:20 UTC: “asked to speak”.',
      'loses: Lee assigned `viewer` to this user in rooms like `town-*` with priority 10. Loses: a change made in the room outranks standing policy.',
      'loses: The room gives `viewer` to everyone without another role. Loses: a change made in the room outranks standing policy.',
      'near_miss: A block by Kim ended 2026-11-21 11:55 UTC.',
      'near_miss: Lee assigned `viewer` to this user in room `Town Hall`: this room is `town-hall`.',
      'near_miss: Lee assigned `viewer` to this user in rooms like `townhall-*`: pattern `townhall-*` does not match `town-hall`.',
      'near_miss: Lee assigned `speaker` to this user in every room: expired 2026-11-20 18:00 UTC.',
      'near_miss: Lee assigned `viewer` to this user in every room: starts 2026-11-21 13:00 UTC.',
      'note: Lee assigned `draft` to everyone in every room: passed over, because the template has no published version.',
      'note: Lee assigned `old` to everyone in every room: passed over, because the template is archived.',
    ]);
  });

  it('refuses with the reason that helps', () => {
    const nobody = policy({
      subject: { userId: null, identity: 'bo', isSuspended: false, isDeleted: false },
    });
    expect(resolve(nobody, NOW)).toMatchObject({
      code: 'no_rule',
      because: [
        { rule: 'policy', outcome: 'wins' },
        { rule: 'user', outcome: 'note', text: expect.stringContaining('`bo`') },
      ],
    });
    const unpublished = policy({ assignments: [assignment({ template: 'draft' })] });
    expect(resolve(unpublished, NOW)).toMatchObject({ code: 'template.unpublished' });
    const fallsBack = { ...unpublished, room: { ...unpublished.room, defaultTemplate: 'viewer' } };
    expect(resolve(fallsBack, NOW)).toMatchObject({ source: 'default', version: 1, ref: null });
    const blocked = policy({
      seat: seat({ block: block({ reason: 'spam' }), override: override() }),
    });
    expect(resolve(blocked, NOW).because.map(({ text }) => text)).toEqual([
      'Blocked for good by Kim: “spam”.',
      'Kim gave `speaker` v6 for this session. Loses: a block outranks everything.',
    ]);
  });

  it('keeps the chain short and storable, however much policy there is', () => {
    const assignments = Array.from({ length: 500 }, (_, index) =>
      assignment({
        id: `a-${index}`,
        reason: '🎙️'.repeat(300),
        validUntil: minutes(index % 2 ? 5 : -5),
      }),
    );
    const { because } = resolve(policy({ assignments }), NOW);
    expect(because).toHaveLength(1 + 21 + 21);
    expect(because.map(({ text }) => text).join(' ')).toContain('229 more of these are not listed');
    expect(because.every(({ text }) => !/\p{Surrogate}/u.test(text) && text.length < 700)).toBe(
      true,
    );
  });
});

describe('a hold', () => {
  const held = (change: Partial<Hold>) =>
    resolve(policy({ seat: seat({ override: override(), hold: hold(change) }) }), NOW);

  it('takes sources out of the role, until its end and not a moment longer', () => {
    expect(held({})).toMatchObject({
      template: 'speaker',
      withheld: { sources: ['microphone'], data: false },
    });
    expect(held({ until: minutes(1) })).toMatchObject({ withheld: { sources: ['microphone'] } });
    expect(held({ until: NOW })).toMatchObject({ withheld: NOTHING_WITHHELD });
  });

  it('gives nobody a role', () => {
    const held = seat({ hold: hold() });
    expect(resolve(policy({ seat: held }), NOW)).toMatchObject({
      verdict: 'refuse',
      code: 'no_rule',
    });
  });

  it('is told among the reasons', () => {
    expect(held({ reason: 'noise' }).because.at(-1)).toMatchObject({
      rule: 'hold',
      outcome: 'note',
      text: 'Kim holds microphone silent: “noise”.',
    });
  });
});

describe('a scene', () => {
  const played = (
    template: string,
    change: Partial<ActiveScene> = {},
    seat: PolicyInput['seat'] = null,
  ) =>
    resolve(
      policy({
        room: {
          name: 'town-hall',
          isClosed: false,
          defaultTemplate: null,
          scene: scene(change),
        },
        assignments: [assignment({ template })],
        templates: { ...TEMPLATES, host: { published: 2, isArchived: false } },
        seat,
      }),
      NOW,
    );

  it('silences everybody whom no rule of it exempts', () => {
    expect(played('speaker')).toMatchObject({ template: 'speaker', withheld: SILENT });
    expect(played('host')).toMatchObject({ template: 'host', withheld: NOTHING_WITHHELD });
  });

  it('plays a role as another one, in its published version', () => {
    const rules = [{ from: 'speaker', to: 'viewer' }];
    expect(played('speaker', { rules })).toMatchObject({
      template: 'viewer',
      version: 1,
      source: 'assignment',
      withheld: NOTHING_WITHHELD,
    });
    expect(played('host', { rules })).toMatchObject({ template: 'host', version: 2 });
  });

  it('silences rather than let somebody keep more than it meant', () => {
    for (const to of ['draft', 'old', 'gone', 'constructor']) {
      const decision = played('speaker', { rules: [{ from: 'speaker', to }] });
      expect(decision).toMatchObject({ template: 'speaker', withheld: SILENT });
    }
  });

  it('leaves alone what was given in the room after it began, and takes what was given before', () => {
    const given = (at: Date) => played('viewer', {}, seat({ override: override({ at }) }));
    expect(given(minutes(-4))).toMatchObject({ template: 'speaker', withheld: NOTHING_WITHHELD });
    expect(given(minutes(-6))).toMatchObject({ template: 'speaker', withheld: SILENT });
  });

  it('takes what somebody fell back to as well: only moderators give', () => {
    for (const byKind of ['participant', 'system'] as const) {
      const fallen = override({ at: minutes(-4), byKind });
      expect(played('viewer', {}, seat({ override: fallen }))).toMatchObject({ withheld: SILENT });
    }
  });

  it('lets a hold hold on', () => {
    const rules = [{ from: 'speaker', to: 'host' }];
    expect(played('speaker', { rules }, seat({ hold: hold() }))).toMatchObject({
      template: 'host',
      withheld: { sources: ['microphone'], data: false },
    });
  });

  it('lets in exactly those whom policy admits', () => {
    fc.assert(
      fc.property(anyPolicy, (input) => {
        const without = resolve({ ...input, room: { ...input.room, scene: null } }, NOW);
        expect(resolve(input, NOW).verdict).toBe(without.verdict);
      }),
    );
  });
});

describe('a moderator’s seat for a peek', () => {
  const observer = { template: 'host', version: 2 };

  it('has the role of the peek while it lasts and none after it, also with a role for everyone', () => {
    const lasting = (until: Date) =>
      resolve(
        policy({
          room: { name: 'town-hall', isClosed: false, defaultTemplate: 'viewer', scene: null },
          seat: seat({ peeksAt: 'bo', override: override({ ...observer, scope: 'until', until }) }),
          assignments: [assignment({ subject: 'everyone', priority: 9 })],
        }),
        NOW,
      );
    expect(lasting(minutes(1))).toMatchObject({ verdict: 'allow', ...observer });
    expect(lasting(NOW)).toMatchObject({ verdict: 'refuse', code: 'peek.over' });
    expect(lasting(NOW).because[0]?.text).toContain('`bo`');
  });

  it('is let in only by its peek, and no scene changes its role', () => {
    fc.assert(
      fc.property(anyPolicy, (input) => {
        if (input.seat?.peeksAt == null) return;
        const decision = resolve(input, NOW);
        if (decision.verdict === 'refuse') return;
        const { override: look } = input.seat;
        expect(decision).toMatchObject({ source: 'override', template: look?.template });
        expect(decision.version).toBe(look?.version);
      }),
      { numRuns: 500 },
    );
  });
});

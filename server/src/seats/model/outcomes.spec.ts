import { describe, expect, it } from '@jest/globals';
import { toParticipantPermission } from '../../grants/compile-grant.js';
import { completeGrants } from '../../grants/role-grants.js';
import type { SeatOperation, DesiredPeriods } from './seat.js';
import { type Push, resultOf, isStillDesired, observedEffects } from './outcomes.js';

const NONE: DesiredPeriods = { override: null, block: null, hold: null };
const at = (minute: number, until: number | null = null) => ({
  at: new Date(Date.UTC(2026, 0, 1, 0, minute)),
  until: until === null ? null : new Date(Date.UTC(2026, 0, 1, 0, until)),
});
const operation = (
  action: SeatOperation['action'],
  desired: Partial<DesiredPeriods> | null,
  before: Partial<DesiredPeriods> = {},
) =>
  ({
    action,
    epoch: 4,
    before: { ...NONE, ...before },
    after: {
      desired: desired && { ...NONE, ...before, ...desired },
      effects: [],
      notes: ['a note'],
    },
  }) as unknown as SeatOperation;

const promoted = { override: at(1) };
const promote = operation('promote', promoted);
const push = (
  outcome: Push['outcome'],
  epoch = 4,
  desired: Partial<DesiredPeriods> = promoted,
): Push => ({
  epoch,
  desired: { ...NONE, ...desired } as Push['desired'],
  outcome,
  detail: outcome,
});

describe('what the pushes mean for an operation', () => {
  it('applied, with the time that it took', () => {
    expect(resultOf(promote, [push('applied')], 12.345)).toEqual({
      outcome: 'applied',
      detail: null,
      ms: 12.3,
    });
  });

  it('applied, also when a later change came on top of it', () => {
    const pushes = [push('applied'), push('applied', 5, NONE)];
    expect(resultOf(promote, pushes, 1).outcome).toBe('applied');
  });

  it('superseded, when a later change took its place before the first call', () => {
    const pushes = [push('applied', 5, { override: at(2) })];
    expect(resultOf(promote, pushes, 1).outcome).toBe('superseded');
  });

  it('applied, when a later change kept its desired state before the first call', () => {
    const pushes = [push('applied', 5, { ...promoted, hold: at(2) })];
    expect(resultOf(promote, pushes, 1).outcome).toBe('applied');
  });

  it('what its own last push came to', () => {
    const pushes = [push('failed'), push('applied')];
    expect(resultOf(promote, pushes, 1).outcome).toBe('applied');
  });

  it.each(['promote', 'demote', 'lease_end'] as const)(
    'pending, for a %s of somebody who is away: the join brings it',
    (action) => {
      const { outcome } = resultOf(operation(action, promoted), [push('absent')], 1);
      expect(outcome).toBe('pending');
    },
  );

  it.each(['block', 'unblock'] as const)('applied, for a %s of somebody who is away', (action) => {
    expect(resultOf(operation(action, {}), [push('absent')], 1).outcome).toBe('applied');
  });

  it('pending, while LiveKit is away, except for an unblock, which needs nothing of it', () => {
    const outcomes = (['promote', 'block', 'unblock'] as const).map(
      (action) => resultOf(operation(action, {}), [push('unavailable')], 1).outcome,
    );
    expect(outcomes).toEqual(['pending', 'pending', 'applied']);
  });

  it('failed, when LiveKit refuses, with the reason', () => {
    expect(resultOf(promote, [push('failed')], 1)).toMatchObject({
      outcome: 'failed',
      detail: 'failed',
    });
  });

  it('pending, when no call could be made at all', () => {
    expect(resultOf(promote, [], 1).outcome).toBe('pending');
  });
});

describe('an operation still wants its desired state', () => {
  const lease = { override: at(0, 30) };
  const rows: [string, SeatOperation, Partial<DesiredPeriods>, boolean][] = [
    ['while nothing else is asked for', promote, promoted, true],
    ['after a hold on top of it', promote, { ...promoted, hold: at(2) }, true],
    ['not after another role', promote, { override: at(2) }, false],
    ['not after its own end', promote, NONE, false],
    ['not after a block', promote, { ...promoted, block: at(2) }, false],
    [
      'for a block, when its room is held',
      operation('block', { block: at(1) }),
      { block: at(1), hold: at(2) },
      true,
    ],
    ['not for a block that was lifted', operation('block', { block: at(1) }), NONE, false],
    [
      'for a release, when a lease ends after it',
      operation('release', { hold: null }, { ...lease, hold: at(0) }),
      NONE,
      true,
    ],
    [
      'not for a release, when somebody holds again',
      operation('release', { hold: null }, { hold: at(0) }),
      { hold: at(2) },
      false,
    ],
    [
      'for a lease that was put off, when a hold comes on top of it',
      operation('extend', { override: at(0, 45) }, lease),
      { override: at(0, 45), hold: at(2) },
      true,
    ],
    [
      'not for a lease that was put off, when it is put off again',
      operation('extend', { override: at(0, 45) }, lease),
      { override: at(0, 60) },
      false,
    ],
    ['for a removal, whatever is asked for', operation('remove', null), { block: at(2) }, true],
  ];

  it.each(rows)('%s', (_name, one, now, isStanding) => {
    expect(isStillDesired(one, { ...NONE, ...now })).toBe(isStanding);
  });
});

describe('what happened', () => {
  const speaking = toParticipantPermission(
    completeGrants({ canPublish: true, canPublishSources: ['microphone'] }),
  );
  const silent = toParticipantPermission(completeGrants({ canPublish: false }));
  const tracks = [{ sid: 'TR_1', type: 'audio', source: 'microphone', name: '', isMuted: false }];
  const change = (had: object, has: object) =>
    ({ ...push('applied'), change: { had, has, tracks } }) as unknown as Push;

  it('is told from what LiveKit had before the first call to what it answered to the last', () => {
    const told = observedEffects(promote, [change(speaking, speaking), change(speaking, silent)]);
    expect(told?.[0]).toBe('unpublishes their microphone');
    expect(told?.at(-1)).toBe('a note');
  });

  it('is what was foreseen, where somebody who compared had told LiveKit before', () => {
    expect(observedEffects(promote, [change(silent, silent)])).toBeNull();
  });

  it('is what was foreseen, where a later change took its place', () => {
    const later = {
      ...change(speaking, silent),
      epoch: 5,
      desired: push('applied', 5, {}).desired,
    };
    expect(
      observedEffects(promote, [{ ...later, desired: { ...later.desired, override: null } }]),
    ).toBeNull();
  });
});

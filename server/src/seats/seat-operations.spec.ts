import { describe, expect, it } from '@jest/globals';
import type { Push } from './seat-applier.js';
import { settlementOf } from './seat-operations.js';

const push = (outcome: Push['outcome'], epoch = 4): Push => ({ epoch, outcome, detail: outcome });
const promote = { action: 'promote', epoch: 4 } as const;

describe('what the pushes mean for an operation', () => {
  it('applied, with the time that it took', () => {
    expect(settlementOf(promote, [push('applied')], 12.345)).toEqual({
      outcome: 'applied',
      detail: null,
      ms: 12.3,
    });
  });

  it('applied, also when a later change came on top of it', () => {
    const pushes = [push('applied'), push('applied', 5)];
    expect(settlementOf(promote, pushes, 1).outcome).toBe('applied');
  });

  it('superseded, when a later change was there before the first call', () => {
    expect(settlementOf(promote, [push('applied', 5)], 1).outcome).toBe('superseded');
  });

  it('what its own last push came to', () => {
    const pushes = [push('failed'), push('applied')];
    expect(settlementOf(promote, pushes, 1).outcome).toBe('applied');
  });

  it.each(['promote', 'demote', 'lease_end'] as const)(
    'pending, for a %s of somebody who is away: the join brings it',
    (action) => {
      expect(settlementOf({ action, epoch: 4 }, [push('absent')], 1).outcome).toBe('pending');
    },
  );

  it.each(['block', 'unblock'] as const)('applied, for a %s of somebody who is away', (action) => {
    expect(settlementOf({ action, epoch: 4 }, [push('absent')], 1).outcome).toBe('applied');
  });

  it('pending, while LiveKit is away, except for an unblock, which needs nothing of it', () => {
    const outcomes = (['promote', 'block', 'unblock'] as const).map(
      (action) => settlementOf({ action, epoch: 4 }, [push('unavailable')], 1).outcome,
    );
    expect(outcomes).toEqual(['pending', 'pending', 'applied']);
  });

  it('failed, when LiveKit refuses, with the reason', () => {
    expect(settlementOf(promote, [push('failed')], 1)).toMatchObject({
      outcome: 'failed',
      detail: 'failed',
    });
  });

  it('pending, when no call could be made at all', () => {
    expect(settlementOf(promote, [], 1).outcome).toBe('pending');
  });
});

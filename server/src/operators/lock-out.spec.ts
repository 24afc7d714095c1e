import { describe, expect, it } from '@jest/globals';
import { type AdminCandidate, isFullAdmin, wouldLeaveNoAdmin } from './lock-out.js';

const operator = (
  id: string,
  role: string,
  more: Partial<AdminCandidate> = {},
): AdminCandidate => ({
  id,
  isDisabled: false,
  access: [{ role, rooms: null }],
  ...more,
});
const ADMIN = operator('ana', 'admin');

describe('the last admin', () => {
  it.each([
    ['loses the access role', operator('ana', 'auditor')],
    ['is disabled', { ...ADMIN, isDisabled: true }],
    [
      'is limited to some rooms',
      operator('ana', 'admin', { access: [{ role: 'admin', rooms: ['*'] }] }),
    ],
    ['loses all access', operator('ana', 'admin', { access: [] })],
  ])('is missed when she %s', (_, after) => {
    expect(wouldLeaveNoAdmin([ADMIN, operator('ben', 'moderator')], after)).toBe(true);
  });

  it.each([
    ['somebody disabled', operator('ben', 'admin', { isDisabled: true })],
    [
      'an admin of some rooms',
      operator('ben', 'admin', { access: [{ role: 'admin', rooms: ['a-*'] }] }),
    ],
  ])('is not replaced by %s', (_, other) => {
    expect(wouldLeaveNoAdmin([ADMIN, other], { ...ADMIN, isDisabled: true })).toBe(true);
  });

  it('may go when another one of every room is left', () => {
    const others = [ADMIN, operator('ben', 'admin')];
    expect(wouldLeaveNoAdmin(others, { ...ADMIN, isDisabled: true })).toBe(false);
  });

  it('is not in the way of changes to others', () => {
    const ben = operator('ben', 'moderator');
    expect(wouldLeaveNoAdmin([ADMIN, ben], { ...ben, isDisabled: true })).toBe(false);
  });

  it('is an admin by any one of several accesses', () => {
    const access = [
      { role: 'admin', rooms: ['town-*'] },
      { role: 'admin', rooms: null },
    ];
    expect(isFullAdmin({ isDisabled: false, access })).toBe(true);
  });
});

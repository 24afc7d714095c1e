import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyGrants } from '../../test/support/grants-arbitraries.js';
import { MODERATOR_CEILING, PRESETS } from '../grants/presets.js';
import { NO_GRANTS } from '../grants/role-grants.js';
import { type AccessHold, Actor } from './actor.js';
import { accessRole, BUILT_IN_ROLES } from './built-in-roles.js';
import { ALL_PERMISSIONS, type Permission } from './permissions.js';

const actorWith = (...holds: AccessHold[]) => new Actor('operator', 'id', 'label', holds);

function holdOf(key: string, rooms: string[] | null = null): AccessHold {
  const role = accessRole(key)!;
  return { permissions: new Set(role.permissions), rooms, ceiling: role.ceiling };
}

/** Few letters and few permissions, so that what is held and what is wanted meet often. */
const anyPattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 4 });
const anyRoom = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 });
const anyPermission = fc.constantFrom<Permission>(
  'room.read',
  'room.create',
  'token.issue',
  'seat.promote',
  'user.read',
  'user.update',
  'role_template.write',
  'assignment.create',
);
const someGrants = fc.oneof(
  anyGrants,
  fc.constantFrom(NO_GRANTS, MODERATOR_CEILING, ...PRESETS.map((preset) => preset.grants)),
);
const anyHold: fc.Arbitrary<AccessHold> = fc.record({
  permissions: fc.uniqueArray(anyPermission, { maxLength: 6 }).map((list) => new Set<string>(list)),
  rooms: fc.option(fc.array(anyPattern, { minLength: 1, maxLength: 3 })),
  ceiling: fc.option(someGrants),
});
const anyHolds = fc.array(anyHold, { minLength: 1, maxLength: 3 });

/** What somebody wants to give: anything, and often a part of what the giver has. */
const anyGift = (holds: AccessHold[]): fc.Arbitrary<AccessHold> =>
  fc.oneof(
    anyHold,
    fc.record({
      permissions: fc
        .subarray(holds.flatMap((hold) => [...hold.permissions]))
        .map((list) => new Set(list)),
      rooms: fc.constantFrom(...holds.map((hold) => hold.rooms)),
      ceiling: fc.constantFrom(...holds.map((hold) => hold.ceiling)),
    }),
  );

describe('what somebody may give', () => {
  it('never adds up to more than they hold, however they compose it', () => {
    fc.assert(
      fc.property(
        anyHolds.chain((holds) =>
          fc.tuple(fc.constant(holds), fc.array(anyGift(holds), { maxLength: 4 })),
        ),
        anyPermission,
        anyRoom,
        anyPattern,
        someGrants,
        ([holds, gifts], permission, room, pattern, grants) => {
          const giver = actorWith(...holds);
          const taker = actorWith(...gifts.filter((gift) => giver.lacks(gift).length === 0));

          if (taker.can(permission)) expect(giver.can(permission)).toBe(true);
          if (taker.can(permission, room)) expect(giver.can(permission, room)).toBe(true);
          if (taker.covers(permission, pattern))
            expect(giver.covers(permission, pattern)).toBe(true);
          if (taker.covers(permission, null)) expect(giver.covers(permission, null)).toBe(true);
          if (taker.exceeding(permission, grants, room).length === 0) {
            expect(giver.exceeding(permission, grants, room)).toEqual([]);
          }
          for (const wide of [pattern, null]) {
            if (taker.exceedingForPattern(permission, grants, wide).length === 0) {
              expect(giver.exceedingForPattern(permission, grants, wide)).toEqual([]);
            }
          }
        },
      ),
      { numRuns: 4000 },
    );
  });

  it('is at least every part of what they hold themselves', () => {
    fc.assert(
      fc.property(anyHolds, (holds) => {
        const giver = actorWith(...holds);
        for (const hold of holds) expect(giver.lacks(hold)).toEqual([]);
      }),
    );
  });

  it('for a whole pattern is no more than for each room that it matches', () => {
    fc.assert(
      fc.property(
        anyHolds,
        anyPattern,
        fc.array(anyRoom),
        someGrants,
        (holds, pattern, names, grants) => {
          const actor = actorWith(...holds);
          if (actor.exceedingForPattern('seat.promote', grants, pattern).length > 0) return;
          const inside = actorWith({
            permissions: new Set(['seat.promote']),
            rooms: [pattern],
            ceiling: null,
          });
          const rooms = names.filter((name) => inside.can('seat.promote', name));
          for (const room of rooms)
            expect(actor.exceeding('seat.promote', grants, room)).toEqual([]);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['admin', 'town-*', 'town-hall', []],
    ['admin', 'town-*', '*', 'every permission'],
    ['moderator', null, 'town-*', []],
    ['auditor', null, 'town-*', []],
  ])('lets %s of %s give the like in %s', (key, mine, theirs, expected) => {
    const giver = actorWith(holdOf(key, mine === null ? null : [mine]));
    const missing = giver.lacks(holdOf(key, [theirs]));
    if (expected === 'every permission') expect(missing).toHaveLength(ALL_PERMISSIONS.length);
    else expect(missing).toEqual([]);
  });

  it('compares ceilings, not only permissions: a moderator cannot make an admin of less', () => {
    const moderator = actorWith(holdOf('moderator'));
    const withoutCeiling = { ...holdOf('moderator'), ceiling: null };
    expect(moderator.lacks(withoutCeiling)).toHaveLength(withoutCeiling.permissions.size);
  });
});

describe('a room limit', () => {
  const limited = actorWith(holdOf('admin', ['town-*']));

  it('holds for permissions about a room, in the rooms that it names only', () => {
    expect(limited.can('seat.promote', 'town-hall')).toBe(true);
    expect(limited.can('seat.promote', 'hall')).toBe(false);
    expect(limited.can('seat.promote')).toBe(true);
  });

  it('takes away what changes something for all rooms', () => {
    expect(limited.can('role_template.publish')).toBe(false);
    expect(limited.can('user.update')).toBe(false);
    expect(limited.permissionList()).not.toContain('demo.remove');
  });

  it('does not mix with an access that reaches further with less', () => {
    const both = actorWith(holdOf('admin', ['town-*']), holdOf('auditor'));
    expect(both.can('room.read', 'hall')).toBe(true);
    expect(both.can('room.delete', 'hall')).toBe(false);
    expect(both.can('role_template.write')).toBe(false);
    expect(both.roomsFor('room.delete')).toEqual(['town-*']);
    expect(both.roomsFor('room.read')).toBeNull();
  });

  it('does not lend the ceiling of one access to another', () => {
    const both = actorWith(holdOf('moderator'), holdOf('auditor'));
    const host = PRESETS.find((preset) => preset.key === 'host')!;
    expect(both.exceeding('seat.promote', host.grants, 'hall')).toContain('canUpdateOwnMetadata');
  });
});

describe('the built-in access roles', () => {
  it('let an auditor sign off reviews and acknowledge alarms, and change nothing', () => {
    const changing = accessRole('auditor')!.permissions.filter(
      (permission) => !permission.endsWith('.read') && permission !== 'token.preview',
    );
    expect(changing).toEqual(['ledger.review', 'ledger.save_view', 'alarm.acknowledge']);
  });

  it('give a moderator no templates to write, operators, assignments or keys', () => {
    const beyond = accessRole('moderator')!.permissions.filter((permission) =>
      /^(operator|api_key|assignment|role_template)\.(?!read)/.test(permission),
    );
    expect(beyond).toEqual([]);
  });

  it('let a moderator hand out up to presenter, and nothing of room administration', () => {
    const moderator = actorWith(holdOf('moderator'));
    const allowed = PRESETS.filter(
      (preset) => moderator.exceeding('seat.promote', preset.grants, 'hall').length === 0,
    ).map((preset) => preset.key);
    expect(allowed.sort()).toEqual(['camera-only', 'presenter', 'speaker', 'viewer']);
  });

  it('let an admin hand out everything', () => {
    const admin = actorWith(holdOf('admin'));
    for (const role of BUILT_IN_ROLES) expect(admin.lacks(holdOf(role.key))).toEqual([]);
  });
});

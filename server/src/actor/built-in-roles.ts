import { MODERATOR_CEILING } from '../grants/presets.js';
import type { RoleGrants } from '../grants/role-grants.js';
import type { AccessHold } from './actor.js';
import { ALL_PERMISSIONS, type Permission } from './permissions.js';

export interface AccessRole {
  key: string;
  name: string;
  description: string;
  permissions: readonly Permission[];
  /** The most that somebody with this access role may hand out; null = no ceiling. */
  ceiling: RoleGrants | null;
  isBuiltIn: boolean;
}

/** Built in and the same everywhere: what they hold is part of the product, not of the data. */
export const BUILT_IN_ROLES: readonly AccessRole[] = [
  {
    key: 'admin',
    name: 'Admin',
    description: 'Everything: templates, assignments, operators, keys and live rooms.',
    permissions: ALL_PERMISSIONS,
    ceiling: null,
    isBuiltIn: true,
  },
  {
    key: 'moderator',
    name: 'Moderator',
    description:
      'Live work in rooms: promotes, demotes, blocks, and issues tokens up to presenter.',
    permissions: [
      'room.read',
      'user.read',
      'role_template.read',
      'token.issue',
      'token.issue_as',
      'token.preview',
      'token.void',
      'seat.read',
      'seat.promote',
      'seat.demote',
      'seat.block',
      'seat.remove',
      'seat.mute',
      'seat.peek',
      'stage.manage',
      'scene.read',
      'scene.enter',
    ],
    ceiling: MODERATOR_CEILING,
    isBuiltIn: true,
  },
  {
    key: 'auditor',
    name: 'Auditor',
    description:
      'Reads everything, signs off reviews, saves searches and acknowledges alarms; changes nothing else but their own password.',
    permissions: ALL_PERMISSIONS.filter(
      (p) =>
        p.endsWith('.read') ||
        ['token.preview', 'ledger.review', 'ledger.save_view', 'alarm.acknowledge'].includes(p),
    ),
    ceiling: null,
    isBuiltIn: true,
  },
];

/** An access role that an operator has, everywhere or in some rooms. */
export interface AccessEntry {
  role: string;
  rooms: string[] | null;
}

/** What somebody with these access entries holds. Unknown access roles hold nothing. */
export function holdsOf(access: readonly AccessEntry[]): AccessHold[] {
  return access.flatMap(({ role, rooms }) => {
    const known = accessRole(role);
    if (!known) return [];
    return [{ permissions: new Set(known.permissions), rooms, ceiling: known.ceiling }];
  });
}

export function accessRole(key: string): AccessRole | undefined {
  return BUILT_IN_ROLES.find((role) => role.key === key);
}

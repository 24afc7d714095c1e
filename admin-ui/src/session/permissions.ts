import type { Me } from '../api/records';
import type { Permission } from '@rolecall/server/api';
import { matchesPattern } from '@rolecall/server/grants';

export type { Permission };

type Rules = Partial<Record<string, Permission>> & { list: Permission };

/** What each page and button of react-admin needs. `show` is `list`; other actions are refused. */
const RULES: Record<string, Rules> = {
  rooms: {
    list: 'room.read',
    create: 'room.create',
    edit: 'room.update',
    delete: 'room.delete',
  },
  users: {
    list: 'user.read',
    create: 'user.create',
    edit: 'user.update',
    delete: 'user.delete',
  },
  'role-templates': {
    list: 'role_template.read',
    create: 'role_template.write',
    edit: 'role_template.write',
    delete: 'role_template.write',
  },
  assignments: {
    list: 'assignment.read',
    create: 'assignment.create',
    edit: 'assignment.update',
    delete: 'assignment.delete',
  },
  operators: { list: 'operator.read', create: 'operator.create', edit: 'operator.update' },
  'access-roles': { list: 'operator.read' },
  'api-keys': { list: 'api_key.read', create: 'api_key.create', delete: 'api_key.revoke' },
  alarms: { list: 'ledger.read' },
  ledger: { list: 'ledger.read' },
  issuances: { list: 'ledger.read' },
};

export function permissionFor(resource: string, action: string): Permission | undefined {
  const rules = RULES[resource];
  return action === 'show' ? rules?.list : rules?.[action];
}

/** The same in every room at once, as pages need it that are about no room. */
export function mayEverywhere(me: Me | null, permission: Permission): boolean {
  return me?.everywhere.includes(permission) ?? false;
}

/**
 * What the dashboard offers, never what is allowed: the server decides again at every call.
 */
export function may(me: Me | null, permission: Permission, room?: string): boolean {
  if (!me || !me.permissions.includes(permission)) return false;
  if (room === undefined || me.rooms === null) return true;
  return me.rooms.some((pattern) => matchesPattern(pattern, room));
}

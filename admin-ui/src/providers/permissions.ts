import type { Me } from './records';

/** The resource names of the dashboard and the word that their permissions start with. */
const SUBJECTS: Record<string, string> = {
  rooms: 'room',
  users: 'user',
  'role-templates': 'template',
  assignments: 'assignment',
  operators: 'operator',
  'access-roles': 'access_role',
  'api-keys': 'api_key',
  ledger: 'ledger',
  issuances: 'issuance',
  seats: 'seat',
  tokens: 'token',
};

const VERBS: Record<string, string> = {
  list: 'read',
  show: 'read',
  edit: 'update',
  clone: 'create',
};

/** `rooms` + `edit` → `room.update`. */
export function permissionFor(resource: string, action: string) {
  return `${SUBJECTS[resource] ?? resource}.${VERBS[action] ?? action}`;
}

/**
 * What the dashboard offers, never what is allowed: the server decides again at every call.
 * A page for editing opens read-only for those who may only read.
 */
export function may(me: Me | null, permission: string, room?: string): boolean {
  if (!me || !me.permissions.includes(permission)) return false;
  if (room === undefined || me.rooms === null) return true;
  return me.rooms.some((pattern) => matchesPattern(pattern, room));
}

/** `*` stands for any run of characters, everything else for itself. */
export function matchesPattern(pattern: string, name: string) {
  const source = pattern.split('*').map(escapeRegExp).join('.*');
  return new RegExp(`^${source}$`, 'su').test(name);
}

const escapeRegExp = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

import { exceeds } from '../grants/ceiling.js';
import type { IssuerCeiling } from '../grants/issuer-ceiling.js';
import type { ActorKind } from '../grants/policy.js';
import { matchesPattern, patternContains } from '../grants/pattern.js';
import { NO_GRANTS, type RoleGrants } from '../grants/role-grants.js';
import { PERMISSIONS, type Permission } from './permissions.js';

/** One thing that somebody holds: permissions, where, and how much they may hand out. */
export interface AccessHold {
  permissions: ReadonlySet<string>;
  /** Room name patterns; null = every room. */
  rooms: readonly string[] | null;
  ceiling: RoleGrants | null;
}

export interface ActorRef {
  kind: ActorKind;
  id: string | null;
  label: string;
}

export interface RequestFacts {
  requestId: string | null;
  ip: string | null;
}

/** Who acts, what they hold, and the request they act in. Passed into every service call. */
export class Actor implements ActorRef, RequestFacts {
  constructor(
    readonly kind: ActorRef['kind'],
    readonly id: string | null,
    readonly label: string,
    readonly holds: readonly AccessHold[],
    readonly requestId: string | null = null,
    readonly ip: string | null = null,
    readonly sessionId: string | null = null,
  ) {}

  /**
   * May they use `permission`, in `room` when one is given? Without a room the answer for a `room`
   * permission is "in some room"; a `global` permission is held only by who is not limited at all.
   */
  can(permission: Permission, room?: string): boolean {
    return this.holds.some((hold) => holdsFor(hold, permission, room));
  }

  /** What of `grants` they may not hand out in `room` with `permission`; empty = they may. */
  exceeding(permission: Permission, grants: RoleGrants, room?: string): string[] {
    let best: string[] | null = null;
    for (const hold of this.holds) {
      if (!holdsFor(hold, permission, room)) continue;
      const beyond = exceeds(grants, hold.ceiling);
      if (beyond.length === 0) return [];
      if (!best || beyond.length < best.length) best = beyond;
    }
    return best ?? ['everything'];
  }

  /** The most that they may hand out in `room` with `permission`; null = no ceiling. */
  ceilingFor(permission: Permission, room: string): IssuerCeiling | null {
    const ceilings: RoleGrants[] = [];
    for (const hold of this.holds) {
      if (!holdsFor(hold, permission, room)) continue;
      if (hold.ceiling === null) return null;
      ceilings.push(hold.ceiling);
    }
    return ceilings.length > 0 ? ceilings : [NO_GRANTS];
  }

  /** Like `exceeding`, for every room that `pattern` matches (null = all rooms). */
  exceedingForPattern(
    permission: Permission,
    grants: RoleGrants,
    pattern: string | null,
  ): string[] {
    let best: string[] | null = null;
    for (const hold of this.holds) {
      if (!hold.permissions.has(permission) || !coversPattern(hold, pattern)) continue;
      const beyond = exceeds(grants, hold.ceiling);
      if (beyond.length === 0) return [];
      if (!best || beyond.length < best.length) best = beyond;
    }
    return best ?? ['everything'];
  }

  /** Does what they hold with `permission` reach every room that `pattern` matches (null = all)? */
  covers(permission: Permission, pattern: string | null): boolean {
    return this.holds.some((h) => h.permissions.has(permission) && coversPattern(h, pattern));
  }

  /** Would `other` be able to do anything that this actor cannot? Rule 5: nobody gives that. */
  lacks(other: AccessHold): string[] {
    const missing: string[] = [];
    const patterns = other.rooms === null ? [null] : other.rooms;
    for (const permission of other.permissions) {
      for (const pattern of patterns) {
        const isHeld = this.holds.some(
          (mine) =>
            mine.permissions.has(permission) &&
            coversPattern(mine, pattern) &&
            ceilingContains(mine.ceiling, other.ceiling),
        );
        if (!isHeld) {
          missing.push(pattern === null ? permission : `${permission} in ${pattern}`);
        }
      }
    }
    return missing;
  }

  /** Every permission that they hold somewhere. */
  permissionList(): Permission[] {
    return (Object.keys(PERMISSIONS) as Permission[]).filter((p) => this.can(p));
  }

  /** Room patterns that they are limited to; null when some access reaches every room. */
  roomLimit(): string[] | null {
    if (this.holds.some((hold) => hold.rooms === null)) return null;
    return [...new Set(this.holds.flatMap((hold) => hold.rooms ?? []))];
  }

  /** Patterns of rooms in which they hold `permission`; null = all rooms. */
  roomsFor(permission: Permission): string[] | null {
    const holds = this.holds.filter((hold) => hold.permissions.has(permission));
    if (holds.some((hold) => hold.rooms === null)) return null;
    return [...new Set(holds.flatMap((hold) => hold.rooms ?? []))];
  }
}

/** Rolecall itself: the sweep, a lease that ends, the first start. */
export const SYSTEM_ACTOR = new Actor('system', null, 'Rolecall', [
  { permissions: new Set(Object.keys(PERMISSIONS)), rooms: null, ceiling: null },
]);

function holdsFor(hold: AccessHold, permission: Permission, room?: string): boolean {
  if (!hold.permissions.has(permission)) return false;
  if (hold.rooms === null) return true;
  const { reach } = PERMISSIONS[permission];
  if (reach === 'global') return false;
  if (reach === 'any' || room === undefined) return true;
  return hold.rooms.some((pattern) => matchesPattern(pattern, room));
}

function coversPattern(hold: AccessHold, pattern: string | null): boolean {
  if (hold.rooms === null) return true;
  if (pattern === null) return false;
  return hold.rooms.some((mine) => patternContains(mine, pattern));
}

function ceilingContains(mine: RoleGrants | null, other: RoleGrants | null): boolean {
  if (mine === null) return true;
  return other !== null && exceeds(other, mine).length === 0;
}

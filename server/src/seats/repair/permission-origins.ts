import { Injectable } from '@nestjs/common';
import {
  type PermissionLike,
  samePermission,
  toParticipantPermission,
} from '../../grants/compile-grant.js';
import type { RoleGrants } from '../../grants/role-grants.js';
import { type GivenRights, LedgerOrigins } from '../../ledger/ledger-origins.js';
import { PolicyReader } from '../../policy/policy-reader.js';
import { OperationReader } from '../store/operation-reader.js';

const OPERATIONS = 50;

/**
 * Says whether something that is written down gave somebody the permission that LiveKit has: an older
 * token of theirs, an act that ended, a role that changed. Then they came back with it. What nothing
 * gave was set at LiveKit.
 */
@Injectable()
export class PermissionOrigins {
  constructor(
    private readonly ledger: LedgerOrigins,
    private readonly operations: OperationReader,
    private readonly templates: PolicyReader,
  ) {}

  async explain(room: string, identity: string, observed: PermissionLike): Promise<boolean> {
    const [given, operations, isScene] = await Promise.all([
      this.ledger.rightsGiven(room, identity),
      this.operations.list(room, identity, OPERATIONS),
      this.ledger.hasPlayedScene(room),
    ]);
    // What a scene makes of roles is not written down for each person.
    if (isScene) return true;
    const isSame = (one: PermissionLike | null | undefined) =>
      one != null && samePermission(one, observed);
    if (
      operations.some(({ before, after }) => isSame(before.permission) || isSame(after.permission))
    )
      return true;
    const roles = new Map<string, GivenRights>();
    for (const one of given) {
      if (one.grants !== null) {
        if (isSame(toParticipantPermission(one.grants as RoleGrants))) return true;
      } else if (one.wanted !== null) {
        if (isSame(one.wanted as PermissionLike)) return true;
      } else if (one.template !== null) roles.set(`${one.template} ${one.version}`, one);
    }
    for (const { template, version } of roles.values()) {
      const content = await this.templates.version(template as string, version as number);
      if (isSame(toParticipantPermission(content.grants))) return true;
    }
    return false;
  }
}

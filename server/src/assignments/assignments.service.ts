import { Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { changesBetween } from '../common/changes.js';
import { AppError, fieldError } from '../common/errors/app-error.js';
import { beyondCeiling } from '../common/errors/refusals.js';
import { assertMatch, refuseReadOnly } from '../common/http/etag.js';
import type { Page } from '../common/http/lists.js';
import { PgPool } from '../database/pg-pool.js';
import { readPage } from '../database/read-page.js';
import { collated, containsText, searchPattern } from '../database/text-search.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import { Hints } from '../hints/hints.js';
import { isReservedIdentity } from '../grants/names.js';
import type { RoleGrants } from '../grants/role-grants.js';
import { isVisible, VisibleScopesReader } from '../policy/visible-scopes.js';
import { grantsInUse, publishedGrants } from '../role-templates/published-grants.js';
import { RoomStore } from '../rooms/room-store.js';
import { UsersService } from '../users/users.service.js';
import {
  assignmentNotFound,
  type AssignmentPermission,
  type AssignmentRow,
  type AssignmentView,
  COLUMNS,
  FROM,
  lockAssignment,
  readAssignment,
  recordDeleted,
  recordUpdated,
  scopeOf,
  STATUS,
  toView,
} from './assignment-record.js';
import { Assignment } from './assignment.entity.js';
import type {
  CreateAssignmentBody,
  ListAssignmentsQuery,
  UpdateAssignmentBody,
} from './assignments.schemas.js';
import { patternOf, type StoredScope, toStored } from './scope.js';

const SEARCHED = 'u.identity u.name a.room_name a.room_pattern a.template a.reason'.split(' ');

const SORT_COLUMNS: Record<string, string> = {
  id: 'a.id',
  createdAt: 'a.created_at',
  template: collated('a.template'),
  priority: 'a.priority',
  validFrom: 'a.valid_from',
  validUntil: 'a.valid_until',
  status: STATUS,
  subjectLabel: collated('u.name'),
};

const READ_ONLY = ['id', 'subject', 'createdBy', 'createdByKind', 'createdAt'] as const;

/** Live rooms that are notified about one change; the sweep finds the rest. */
const MAX_HINTED_ROOMS = 200;

/** Nobody makes, changes or ends an assignment that gives more than they could give (rule 5). */
@Injectable()
export class AssignmentsService {
  constructor(
    private readonly pg: PgPool,
    private readonly transactions: Transactions,
    private readonly visibleScopes: VisibleScopesReader,
    private readonly rooms: RoomStore,
    private readonly users: UsersService,
    private readonly hints: Hints,
  ) {}

  async list(actor: Actor, query: ListAssignmentsQuery): Promise<Page<AssignmentView>> {
    const { filter, sort, range } = query;
    const visible = await this.visibleScopes.read(actor, 'assignment.read');
    const { rows, total } = await readPage<AssignmentRow>(this.pg, {
      name: 'assignment-list',
      sort,
      columns: COLUMNS,
      from: FROM,
      where: `${isVisible('a', '$1', '$2')}
        AND ($3::text IS NULL OR ${containsText('$3', SEARCHED)})
        AND ($4::uuid IS NULL OR a.user_id = $4)
        AND ($5::text IS NULL OR a.room_name = $5 OR $5 LIKE a.room_like
          OR (a.room_name IS NULL AND a.room_pattern IS NULL))
        AND ($6::text IS NULL OR a.template = $6)
        AND ($7::text IS NULL OR ${STATUS} = $7)
        AND ($8::text[] IS NULL OR a.id::text = ANY($8))`,
      sortColumns: SORT_COLUMNS,
      key: 'a.id',
      values: [
        visible.rooms,
        visible.patterns,
        searchPattern(filter.q),
        filter.user ?? null,
        filter.room ?? null,
        filter.template ?? null,
        filter.status ?? null,
        filter.id ?? null,
      ],
      range,
    });
    return { rows: rows.map(toView), total };
  }

  async get(actor: Actor, id: string): Promise<{ view: AssignmentView; revision: number }> {
    const row = await this.find(id);
    if (!actor.covers('assignment.read', patternOf(scopeOf(row)))) throw assignmentNotFound();
    return { view: toView(row), revision: row.revision };
  }

  /** Who may create sees what they created, also without the permission to read. */
  async create(
    actor: Actor,
    body: CreateAssignmentBody,
  ): Promise<{ view: AssignmentView; revision: number }> {
    const stored = toStored(body.scope);
    const userId = 'user' in body.subject ? body.subject.user : null;
    const row = await this.transactions.run(async (tx) => {
      const identity = userId === null ? null : await this.assignable(tx, userId);
      await this.assertMayGive(tx, actor, 'assignment.create', stored, body.template);
      const { template, priority = 0, validFrom = null, validUntil = null } = body;
      const assignment = tx.manager.create(Assignment, {
        userId,
        ...stored,
        template,
        priority,
        validFrom,
        validUntil,
        reason: body.reason ?? '',
        createdBy: actor.kind === 'operator' ? actor.id : null,
        createdByLabel: actor.label,
        createdByKind: actor.kind,
      });
      await tx.manager.insert(Assignment, assignment);
      tx.record({
        kind: 'assignment.created',
        outcome: 'ok',
        actor,
        room: stored.roomName,
        identity,
        reason: assignment.reason || null,
        payload: {
          assignment: assignment.id,
          after: {
            subject: body.subject,
            scope: body.scope,
            template,
            priority,
            validFrom,
            validUntil,
            createdAt: assignment.createdAt,
          },
        },
      });
      await this.notifyRooms(tx, identity, [stored]);
      return readAssignment(tx, assignment.id);
    });
    return { view: toView(row), revision: row.revision };
  }

  async update(
    actor: Actor,
    id: string,
    body: UpdateAssignmentBody,
    ifMatch: string | undefined,
  ): Promise<{ view: AssignmentView; revision: number }> {
    const changed = await this.transactions.run(async (tx) => {
      const row = await lockAssignment(tx, actor, 'assignment.update', id);
      const before = toView(row);
      assertMatch(ifMatch, row.revision, before);
      refuseReadOnly(body, before, READ_ONLY);
      const { scope, template, priority, validFrom, validUntil } = body;
      const reason = body.reason === null ? '' : body.reason;
      const wanted = { scope, template, priority, validFrom, validUntil, reason };
      const changes = changesBetween<Partial<typeof wanted>>(before, wanted);
      if (!changes) return row;
      await this.assertMayTouch(tx, actor, 'assignment.update', row);
      const stored = toStored(scope ?? before.scope);
      await this.assertMayGive(tx, actor, 'assignment.update', stored, template ?? before.template);
      await tx.manager.update(Assignment, id, {
        ...stored,
        template: template ?? before.template,
        priority: priority ?? before.priority,
        validFrom: validFrom === undefined ? before.validFrom : validFrom,
        validUntil: validUntil === undefined ? before.validUntil : validUntil,
        reason: reason ?? before.reason,
        revision: row.revision + 1,
      });
      recordUpdated(tx, actor, row, stored.roomName, changes);
      await this.notifyRooms(tx, row.identity, [scopeOf(row), stored]);
      return readAssignment(tx, id);
    });
    return { view: toView(changed), revision: changed.revision };
  }

  async delete(actor: Actor, id: string, ifMatch?: string): Promise<void> {
    await this.transactions.run(async (tx) => {
      const row = await lockAssignment(tx, actor, 'assignment.delete', id);
      assertMatch(ifMatch, row.revision, toView(row));
      await this.assertMayTouch(tx, actor, 'assignment.delete', row);
      await tx.manager.delete(Assignment, id);
      recordDeleted(tx, actor, row);
      await this.notifyRooms(tx, row.identity, [scopeOf(row)]);
    });
  }

  /**
   * Ends what goes with a user or with a room that is being deleted, an entry each. Deleting those
   * was permitted, and nobody gains by it, so no ceiling is looked at.
   */
  async endAllOf(tx: Tx, actor: Actor, of: { user: string } | { room: string }): Promise<void> {
    const [column, value] = 'user' in of ? ['user_id', of.user] : ['room_name', of.room];
    const { rows } = await tx.query<AssignmentRow>(
      `SELECT ${COLUMNS} FROM ${FROM} WHERE a.${column} = $1 ORDER BY a.id FOR UPDATE OF a`,
      [value],
    );
    if (rows.length === 0) return;
    await tx.query('DELETE FROM assignment WHERE id = ANY($1)', [rows.map((row) => row.id)]);
    for (const row of rows) {
      recordDeleted(tx, actor, row, 'user' in of ? 'the user was deleted' : 'the room was deleted');
    }
  }

  private async find(id: string): Promise<AssignmentRow> {
    const { rows } = await this.pg.query<AssignmentRow>(
      'assignment-get',
      `SELECT ${COLUMNS} FROM ${FROM} WHERE a.id = $1`,
      [id],
    );
    if (!rows[0]) throw assignmentNotFound();
    return rows[0];
  }

  /** Throws unless the actor may give `template` throughout the scope, and the scope exists for them. */
  private async assertMayGive(
    tx: Tx,
    actor: Actor,
    permission: AssignmentPermission,
    scope: StoredScope,
    template: string,
  ): Promise<void> {
    const grants = await publishedGrants(tx, template, 'template');
    const pattern = patternOf(scope);
    if (!actor.covers(permission, pattern)) throw outsideLimit(scope);
    assertCeiling(actor, permission, grants, pattern);
  }

  /** Throws unless the actor could have made the assignment as it is now. */
  private async assertMayTouch(
    tx: Tx,
    actor: Actor,
    permission: AssignmentPermission,
    row: AssignmentRow,
  ): Promise<void> {
    const pattern = patternOf(scopeOf(row));
    if (!actor.covers(permission, pattern)) {
      throw new AppError(
        'forbidden',
        'access.denied',
        'This assignment reaches rooms beyond those that your access is limited to.',
        { extra: { permission } },
      );
    }
    const grants = await grantsInUse(tx, row.template);
    if (grants) assertCeiling(actor, permission, grants, pattern);
  }

  /** The identity of a user who can have assignments, kept from being deleted until the commit. */
  private async assignable(tx: Tx, id: string): Promise<string> {
    const identity = await this.users.shareIdentity(tx, id);
    if (identity === null) throw fieldError('subject', 'no user has this id', 'user.not_found');
    if (isReservedIdentity(identity)) {
      throw fieldError('subject', 'has an identity that is reserved for Rolecall');
    }
    return identity;
  }

  /** In live rooms within the scopes, roles are checked again. */
  private async notifyRooms(tx: Tx, identity: string | null, scopes: StoredScope[]): Promise<void> {
    const names = scopes.map((scope) => scope.roomName).filter((name) => name !== null);
    const patterns = scopes.map((scope) => scope.roomPattern).filter((pattern) => pattern !== null);
    const isEverywhere = scopes.some((scope) => patternOf(scope) === null);
    const live = await this.rooms.listLive(
      tx,
      { isAll: isEverywhere, names, patterns },
      MAX_HINTED_ROOMS,
    );
    tx.afterCommit(() =>
      this.hints.publish(
        live.map((name) => ({ topic: `room:${name}`, type: 'policy', key: identity })),
      ),
    );
  }
}

function assertCeiling(
  actor: Actor,
  permission: AssignmentPermission,
  grants: RoleGrants,
  pattern: string | null,
): void {
  const beyond = actor.exceedingForPattern(permission, grants, pattern);
  if (beyond.length > 0) throw beyondCeiling(beyond);
}

/** A room outside the limit answers as one that is not there. */
function outsideLimit(scope: StoredScope): AppError {
  return scope.roomName !== null
    ? fieldError('scope', 'no room has this name', 'room.not_found')
    : fieldError(
        'scope',
        'reaches beyond the rooms that your access is limited to',
        'assignment.scope_beyond_limit',
      );
}

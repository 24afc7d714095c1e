import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { changesBetween } from '../common/changes.js';
import { AppError } from '../common/errors/app-error.js';
import { userNotFound } from '../common/errors/refusals.js';
import { assertMatch, refuseReadOnly } from '../common/http/etag.js';
import type { Page } from '../common/http/lists.js';
import { PgPool } from '../database/pg-pool.js';
import { voidedNow } from '../database/void-mark.js';
import { readPage } from '../database/read-page.js';
import { collated, containsText, searchPattern } from '../database/text-search.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import { Hints } from '../hints/hints.js';
import { SeatReader } from '../seats/public/seats.js';
import { AppUser } from './app-user.entity.js';
import { type LookAlike, LookAlikes } from './look-alikes.js';
import { looksOf } from './looks.js';
import type {
  CreateUserBody,
  ListUsersQuery,
  UpdateUserBody,
  UserWarnings,
} from './users.schemas.js';
import { UserRemoval } from './user-removal.js';
import type { LedgerKind } from '../ledger/ledger-kinds.js';

interface UserRow {
  id: string;
  identity: string;
  name: string;
  kind: 'standard' | 'agent';
  metadata: string;
  attributes: Record<string, string>;
  is_suspended: boolean;
  is_demo: boolean;
  revision: number;
  created_at: Date;
  updated_at: Date;
}

type UserView = ReturnType<typeof toView>;

const COLUMNS = `u.id, u.identity, u.name, u.kind, u.metadata, u.attributes, u.is_suspended, u.is_demo,
  u.revision, u.created_at, u.updated_at`;

const SORT_COLUMNS: Record<string, string> = {
  id: 'u.id',
  identity: collated('u.identity'),
  name: collated('u.name'),
  kind: 'u.kind',
  createdAt: 'u.created_at',
  isSuspended: 'u.is_suspended',
};

const READ_ONLY = ['id', 'identity', 'isDemo', 'createdAt'] as const;

/** Live rooms that are notified about one person; the sweep finds the rest. */
const MAX_HINTED_ROOMS = 200;

/** People and programs that join rooms. A deleted user is hidden, and keeps its identity for ever. */
@Injectable()
export class UsersService {
  constructor(
    private readonly pg: PgPool,
    private readonly transactions: Transactions,
    private readonly removal: UserRemoval,
    private readonly seats: SeatReader,
    private readonly hints: Hints,
    private readonly lookAlikes: LookAlikes,
  ) {}

  async list({ filter, sort, range }: ListUsersQuery): Promise<Page<UserView>> {
    const { rows, total } = await readPage<UserRow>(this.pg, {
      name: 'user-list',
      sort,
      columns: COLUMNS,
      from: 'app_user u',
      where: `u.deleted_at IS NULL
        AND ($1::text IS NULL OR ${containsText('$1', ['u.identity', 'u.name'])})
        AND ($2::text IS NULL OR u.kind = $2)
        AND ($3::boolean IS NULL OR u.is_suspended = $3)
        AND ($4::text IS NULL OR u.identity = $4)
        AND ($5::text[] IS NULL OR u.id::text = ANY($5))`,
      sortColumns: SORT_COLUMNS,
      key: 'u.id',
      values: [
        searchPattern(filter.q),
        filter.kind ?? null,
        filter.isSuspended ?? null,
        filter.identity ?? null,
        filter.id ?? null,
      ],
      range,
    });
    return { rows: rows.map(toView), total };
  }

  async get(
    id: string,
  ): Promise<{ view: UserView & { warnings?: UserWarnings }; revision: number }> {
    const { rows } = await this.pg.query<UserRow>(
      'user-get',
      `SELECT ${COLUMNS} FROM app_user u WHERE u.id = $1 AND u.deleted_at IS NULL`,
      [id],
    );
    if (!rows[0]) throw userNotFound();
    const { identity, revision } = rows[0];
    const warnings = warningsOf(await this.lookAlikes.find(identity));
    const view = toView(rows[0]);
    return { view: warnings.length > 0 ? { ...view, warnings } : view, revision };
  }

  async create(actor: Actor, body: CreateUserBody): ReturnType<UsersService['get']> {
    // A suspension counts in every room, also in those that the actor may not see.
    if (body.isSuspended && !actor.can('user.update')) {
      const text = 'this needs the permission user.update, in all rooms';
      throw new AppError('forbidden', 'access.denied', `isSuspended: ${text}`, {
        errors: { isSuspended: text },
        extra: { permission: 'user.update' },
      });
    }
    // An agent is muted where a person loses the right to publish, in every room.
    if (body.kind === 'agent' && !actor.covers('user.create', null)) {
      const text = 'this needs the permission user.create, in all rooms';
      throw new AppError('forbidden', 'access.denied', `kind: ${text}`, {
        errors: { kind: text },
        extra: { permission: 'user.create' },
      });
    }
    const identity = body.identity ?? randomUUID();
    const fields = { ...body, identity, name: body.name ?? identity };
    const id = await this.transactions.run(async (tx) => {
      const user = tx.manager.create(AppUser, { ...fields, looksLike: looksOf(identity) });
      await tx.manager.insert(AppUser, user);
      recordCreated(tx, actor, user.id, fields);
      return user.id;
    });
    return this.get(id);
  }

  /**
   * Makes sure that somebody has this identity. Callers may race: one of them adds the user, with
   * its entry, and is told what to beware of. Throws `user.identity_taken` for an identity that was
   * deleted.
   */
  async ensure(actor: Actor, identity: string, name?: string): Promise<UserWarnings> {
    const isAdded = await this.transactions.run(async (tx) => {
      const fields = { identity, name: name ?? identity };
      const { rows } = await tx.query<{ id: string }>(
        `INSERT INTO app_user (identity, name, looks_like) VALUES ($1, $2, $3)
         ON CONFLICT ON CONSTRAINT uq_app_user_identity DO NOTHING RETURNING id`,
        [fields.identity, fields.name, looksOf(identity)],
      );
      if (rows[0]) {
        recordCreated(tx, actor, rows[0].id, fields);
        return true;
      }
      const known = await tx.query<{ is_deleted: boolean }>(
        'SELECT deleted_at IS NOT NULL AS is_deleted FROM app_user WHERE identity = $1',
        [identity],
      );
      if (known.rows[0]?.is_deleted !== false) throw identityTaken();
      return false;
    });
    return isAdded ? warningsOf(await this.lookAlikes.find(identity)) : [];
  }

  async update(
    actor: Actor,
    id: string,
    body: UpdateUserBody,
    ifMatch: string | undefined,
  ): Promise<void> {
    await this.transactions.run(async (tx) => {
      const row = await lock(tx, id);
      const before = toView(row);
      assertMatch(ifMatch, row.revision, before);
      refuseReadOnly(body, before, READ_ONLY);
      const { name, kind, metadata, attributes, isSuspended } = body;
      const changes = changesBetween(before, { name, kind, metadata, attributes, isSuspended });
      if (!changes) return;
      await tx.manager.update(AppUser, id, {
        ...changes.after,
        revision: row.revision + 1,
        updatedAt: () => 'clock_timestamp()',
      });
      tx.record({
        kind: kindOfChange(changes.after),
        outcome: 'ok',
        actor,
        identity: row.identity,
        payload: { user: id, ...changes },
      });
      if (changes.after.isSuspended !== undefined) await this.notifyRooms(tx, row.identity);
    });
  }

  /** Hides the user, keeps the identity, and ends every assignment of theirs. */
  async delete(actor: Actor, id: string, ifMatch?: string): Promise<void> {
    await this.transactions.run(async (tx) => {
      const row = await lock(tx, id);
      assertMatch(ifMatch, row.revision, toView(row));
      await this.removal.run(tx, actor, id);
      await tx.query(
        `UPDATE app_user SET deleted_at = now(), updated_at = now(), revision = revision + 1
         WHERE id = $1`,
        [id],
      );
      const { identity, name, kind } = row;
      tx.record({
        kind: 'user.deleted',
        outcome: 'ok',
        actor,
        identity,
        payload: { user: id, before: { identity, name, kind, isSuspended: row.is_suspended } },
      });
      await this.notifyRooms(tx, identity);
    });
  }

  /** The identity of a user, deleted or not; null for an unknown id. */
  async identityOf(id: string): Promise<string | null> {
    const { rows } = await this.pg.query<{ identity: string }>(
      'user-identity',
      'SELECT identity FROM app_user WHERE id = $1',
      [id],
    );
    return rows[0]?.identity ?? null;
  }

  /** The same, and keeps the user from being deleted until the commit; null for a deleted one. */
  async shareIdentity(tx: Tx, id: string): Promise<string | null> {
    const { rows } = await tx.query<{ identity: string }>(
      'SELECT identity FROM app_user WHERE id = $1 AND deleted_at IS NULL FOR SHARE',
      [id],
    );
    return rows[0]?.identity ?? null;
  }

  /** Tokens for the user that were made until now are worthless. Null when there is no such user. */
  async voidTokens(tx: Tx, id: string): Promise<{ identity: string; at: Date } | null> {
    const { rows } = await tx.query<{ identity: string; at: Date }>(
      `UPDATE app_user SET ${voidedNow('app_user')} WHERE id = $1 AND deleted_at IS NULL
       RETURNING identity, tokens_void_before AS at`,
      [id],
    );
    return rows[0] ?? null;
  }

  /** The people of the sample data. */
  async listDemo(): Promise<{ id: string; identity: string; name: string }[]> {
    const { rows } = await this.pg.query<{ id: string; identity: string; name: string }>(
      'user-demo',
      `SELECT id, identity, name FROM app_user WHERE is_demo AND deleted_at IS NULL
       ORDER BY identity`,
    );
    return rows;
  }

  async hasDemo(): Promise<boolean> {
    const { rowCount } = await this.pg.query(
      'user-has-demo',
      'SELECT 1 FROM app_user WHERE is_demo AND deleted_at IS NULL LIMIT 1',
    );
    return rowCount === 1;
  }

  /** In rooms where the user is present, their role is checked again. */
  private async notifyRooms(tx: Tx, identity: string): Promise<void> {
    const rooms = await this.seats.listRoomsOf(tx, identity, MAX_HINTED_ROOMS);
    tx.afterCommit(() =>
      this.hints.publish(
        rooms.map((room) => ({ topic: `room:${room}`, type: 'policy', key: identity })),
      ),
    );
  }
}

async function lock(tx: Tx, id: string): Promise<UserRow> {
  const { rows } = await tx.query<UserRow>(
    `SELECT ${COLUMNS} FROM app_user u WHERE u.id = $1 AND u.deleted_at IS NULL FOR UPDATE`,
    [id],
  );
  if (!rows[0]) throw userNotFound();
  return rows[0];
}

function recordCreated(
  tx: Tx,
  actor: Actor,
  user: string,
  fields: { identity: string; name: string },
): void {
  tx.record({
    kind: 'user.created',
    outcome: 'ok',
    actor,
    identity: fields.identity,
    payload: { user, after: fields },
  });
}

function warningsOf(users: LookAlike[]): UserWarnings {
  if (users.length === 0) return [];
  const names = users.map((user) => `“${user.identity}”`).join(', ');
  const text = `may be taken for ${names}: people see no difference, programs do`;
  return [{ code: 'user.identity_confusable', field: 'identity', text, users }];
}

function kindOfChange(after: Partial<UserView>): LedgerKind {
  if (after.isSuspended === undefined) return 'user.updated';
  return after.isSuspended ? 'user.suspended' : 'user.unsuspended';
}

function identityTaken(): AppError {
  const text = 'this identity is or was in use; identities are never given out twice';
  return new AppError('conflict', 'user.identity_taken', `identity: ${text}`, {
    errors: { identity: text },
  });
}

function toView(row: UserRow) {
  return {
    id: row.id,
    identity: row.identity,
    name: row.name,
    kind: row.kind,
    metadata: row.metadata,
    attributes: row.attributes,
    isSuspended: row.is_suspended,
    isDemo: row.is_demo,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

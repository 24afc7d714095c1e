import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type AccessHold, Actor } from '../actor/actor.js';
import { type AccessEntry, holdsOf } from '../actor/built-in-roles.js';
import { ApiKeyStore } from '../api-keys/api-key-store.js';
import { AppError } from '../common/errors/app-error.js';
import { moreThanYouHold, permissionMissing, signInRequired } from '../common/errors/refusals.js';
import { assertMatch, refuseReadOnly } from '../common/http/etag.js';
import type { Page } from '../common/http/lists.js';
import { assertGoodPassword } from '../credentials/password-policy.js';
import { type HashRequester, Passwords } from '../credentials/passwords.js';
import { PgPool } from '../database/pg-pool.js';
import { readPage } from '../database/read-page.js';
import { collated, containsText, searchPattern } from '../database/text-search.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import { Hints } from '../hints/hints.js';
import { keyOfEmail } from './operator-store.js';
import { OPERATOR_ACCESS } from './operator-sql.js';
import { type AdminCandidate, wouldLeaveNoAdmin } from './lock-out.js';
import { Operator, OperatorAccess } from './operator.entity.js';
import { OperatorSignOut } from './operator-sign-out.js';
import type {
  CreateOperatorBody,
  ListOperatorsQuery,
  UpdateOperatorBody,
} from './operators.schemas.js';
import type { LedgerKind } from '../ledger/ledger-kinds.js';

interface OperatorRow {
  id: string;
  email: string;
  name: string;
  is_disabled: boolean;
  last_signed_in_at: Date | null;
  created_at: Date;
  revision: number;
  access: AccessEntry[];
}

type OperatorView = ReturnType<typeof toView>;

const COLUMNS = `o.id, o.email, o.name, o.is_disabled, o.last_signed_in_at, o.created_at, o.revision,
    coalesce((SELECT json_agg(json_build_object('role', a.role, 'rooms', a.rooms) ORDER BY a.role, a.id)
      FROM operator_access a WHERE a.operator_id = o.id), '[]') AS access`;

const SELECT = `SELECT ${COLUMNS} FROM operator o`;

const SORT_COLUMNS: Record<string, string> = {
  id: 'o.id',
  email: collated('o.email_key'),
  name: collated('o.name'),
  createdAt: 'o.created_at',
  lastSignedInAt: 'o.last_signed_in_at',
  isDisabled: 'o.is_disabled',
};

const READ_ONLY = ['id', 'email', 'lastSignedInAt', 'createdAt'] as const;

/** People who sign in, and what they may do. Nobody gives what they do not hold (rule 5). */
@Injectable()
export class OperatorsService {
  constructor(
    private readonly pg: PgPool,
    private readonly transactions: Transactions,
    private readonly passwords: Passwords,
    private readonly apiKeys: ApiKeyStore,
    private readonly signOut: OperatorSignOut,
    private readonly hints: Hints,
  ) {}

  async list({ filter, sort, range }: ListOperatorsQuery): Promise<Page<OperatorView>> {
    const { rows, total } = await readPage<OperatorRow>(this.pg, {
      name: 'operator-list',
      sort,
      columns: COLUMNS,
      from: 'operator o',
      where: `($1::text IS NULL OR ${containsText('$1', ['o.email', 'o.name'])})
        AND ($2::boolean IS NULL OR o.is_disabled = $2)
        AND ($3::text[] IS NULL OR o.id::text = ANY($3))`,
      sortColumns: SORT_COLUMNS,
      key: 'o.id',
      values: [searchPattern(filter.q), filter.isDisabled ?? null, filter.id ?? null],
      range,
    });
    return { rows: rows.map(toView), total };
  }

  async get(id: string): Promise<{ view: OperatorView; revision: number }> {
    const { rows } = await this.pg.query<OperatorRow>('operator-get', `${SELECT} WHERE o.id = $1`, [
      id,
    ]);
    if (!rows[0]) throw notFound();
    return { view: toView(rows[0]), revision: rows[0].revision };
  }

  /** Adds an operator. Without a password one is made, and handed out in this answer only. */
  async create(
    actor: Actor,
    body: CreateOperatorBody,
  ): Promise<{ view: OperatorView; revision: number; temporaryPassword?: string }> {
    const access = body.access.map(complete);
    assertHolds(actor, access);
    const temporaryPassword = body.password ? undefined : randomBytes(12).toString('base64url');
    if (body.password) assertGoodPassword('password', body.password, [body.email, body.name]);
    const passwordHash = await this.passwords.hash(
      body.password ?? (temporaryPassword as string),
      requesterOf(actor),
    );
    const id = await this.transactions.run(async (tx) => {
      assertHolds(await this.actorNow(tx, actor, 'operator.create'), access);
      const operator = tx.manager.create(Operator, {
        email: body.email.trim(),
        emailKey: keyOfEmail(body.email),
        name: body.name,
        passwordHash,
      });
      await tx.manager.insert(Operator, operator);
      await insertAccess(tx, operator.id, access);
      tx.record({
        kind: 'operator.created',
        outcome: 'ok',
        actor,
        payload: { operator: operator.id, email: operator.email, access },
      });
      return operator.id;
    });
    return { ...(await this.get(id)), ...(temporaryPassword ? { temporaryPassword } : {}) };
  }

  /**
   * Changes name, access, password, or disables. Nobody changes their own access or somebody who
   * holds more than they do; the last admin stays. Losing access or the password ends sessions.
   */
  async update(
    actor: Actor,
    id: string,
    body: UpdateOperatorBody,
    ifMatch: string | undefined,
  ): Promise<void> {
    const seen = await this.get(id);
    refuseReadOnly(body, seen.view, READ_ONLY);
    assertMatch(ifMatch, seen.revision, seen.view);
    if (body.password) {
      assertGoodPassword('password', body.password, [seen.view.email, body.name ?? seen.view.name]);
    }
    const passwordHash = body.password
      ? await this.passwords.hash(body.password, requesterOf(actor))
      : undefined;
    await this.transactions.run(async (tx) => {
      const isSelf = (await this.operatorBehind(tx, actor)) === id;
      await tx.query(`SELECT pg_advisory_xact_lock(hashtext('rolecall.operators'))`);
      const actorNow = await this.actorNow(tx, actor, 'operator.update');
      const { rows } = await tx.query<OperatorRow>(`${SELECT}`);
      const row = rows.find((operator) => operator.id === id);
      if (!row) throw notFound();
      const before = toView(row);
      assertMatch(ifMatch, row.revision, before);
      const after = {
        ...before,
        name: body.name ?? before.name,
        access: body.access?.map(complete) ?? before.access,
        isDisabled: body.isDisabled ?? before.isDisabled,
      };
      const isAccessChanged =
        JSON.stringify(after.access) !== JSON.stringify(before.access) ||
        after.isDisabled !== before.isDisabled;
      if (isSelf && (isAccessChanged || passwordHash)) {
        throw new AppError(
          'forbidden',
          'operator.own_access',
          passwordHash
            ? 'Change your own password under Account, with the current one.'
            : 'Nobody changes their own access. Another admin can.',
        );
      }
      if (!isSelf) assertHolds(actorNow, before.access, 'operator.holds_more');
      assertHolds(actorNow, after.access);
      if (wouldLeaveNoAdmin(rows.map(toCandidate), after)) {
        throw new AppError(
          'conflict',
          'operator.last_admin',
          'This is the last admin who reaches every room. Make somebody else an admin first.',
        );
      }
      await tx.manager.update(Operator, id, {
        name: after.name,
        isDisabled: after.isDisabled,
        revision: row.revision + 1,
        ...(passwordHash ? { passwordHash } : {}),
      });
      if (isAccessChanged) {
        await tx.manager.delete(OperatorAccess, { operatorId: id });
        await insertAccess(tx, id, after.access);
      }
      if (after.isDisabled || passwordHash) {
        await this.signOut.run(tx, id);
      }
      tx.record({
        kind: kindOfChange(before, after, passwordHash !== undefined),
        outcome: 'ok',
        actor,
        payload: {
          operator: id,
          email: before.email,
          before: { name: before.name, access: before.access, isDisabled: before.isDisabled },
          after: { name: after.name, access: after.access, isDisabled: after.isDisabled },
          isPasswordReset: passwordHash !== undefined,
        },
      });
      tx.afterCommit(() =>
        this.hints.publish([
          {
            topic: `operator:${id}`,
            type: after.isDisabled || passwordHash ? 'session_ended' : 'access',
          },
        ]),
      );
    });
  }

  /** With what they hold now: hashing a password waits in line, and meanwhile they may lose it. */
  private async actorNow(
    tx: Tx,
    actor: Actor,
    permission: 'operator.create' | 'operator.update',
  ): Promise<Actor> {
    const { kind, id, label, requestId, ip, sessionId } = actor;
    if (kind === 'system' || id === null) return actor;
    let holds: readonly AccessHold[];
    if (kind === 'api_key') {
      const key = await this.apiKeys.findValid(id);
      if (!key) throw signInRequired();
      holds = [key.hold];
    } else {
      const { rows } = await tx.query<{ access: AccessEntry[] }>(
        `SELECT ${OPERATOR_ACCESS} AS access FROM operator o WHERE o.id = $1 AND NOT o.is_disabled`,
        [id],
      );
      if (!rows[0]) throw signInRequired();
      holds = holdsOf(rows[0].access);
    }
    const now = new Actor(kind, id, label, holds, requestId, ip, sessionId);
    if (!now.can(permission)) throw permissionMissing(permission);
    return now;
  }

  /** Who acts: the operator, or the operator who made the API key. */
  private async operatorBehind(tx: Tx, actor: Actor): Promise<string | null> {
    return actor.kind === 'api_key' ? this.apiKeys.creatorOf(tx, actor.id) : actor.id;
  }
}

function requesterOf({ kind, id }: Actor): HashRequester {
  return { key: id ?? kind, isKnown: true };
}

function kindOfChange(before: OperatorView, after: OperatorView, isReset: boolean): LedgerKind {
  if (after.isDisabled && !before.isDisabled) return 'operator.disabled';
  if (!after.isDisabled && before.isDisabled) return 'operator.enabled';
  return isReset ? 'operator.password_reset' : 'operator.updated';
}

function complete(entry: { role: string; rooms?: string[] | null | undefined }): AccessEntry {
  return { role: entry.role, rooms: entry.rooms ?? null };
}

async function insertAccess(tx: Tx, operatorId: string, access: AccessEntry[]): Promise<void> {
  if (access.length === 0) return;
  await tx.manager.insert(
    OperatorAccess,
    access.map((entry) => ({ operatorId, ...entry })),
  );
}

function assertHolds(actor: Actor, access: AccessEntry[], code?: string): void {
  const missing = [...new Set(holdsOf(access).flatMap((hold) => actor.lacks(hold)))];
  if (missing.length > 0) throw moreThanYouHold('access', missing, code);
}

function notFound(): AppError {
  return new AppError('not_found', 'operator.not_found', 'There is no such operator.');
}

function toCandidate(row: OperatorRow): AdminCandidate {
  return { id: row.id, isDisabled: row.is_disabled, access: row.access };
}

function toView(row: OperatorRow) {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    isDisabled: row.is_disabled,
    access: row.access,
    lastSignedInAt: row.last_signed_in_at,
    createdAt: row.created_at,
  };
}

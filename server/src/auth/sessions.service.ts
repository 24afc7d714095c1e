import { Inject, Injectable } from '@nestjs/common';
import { Actor } from '../access/actor.js';
import { AppError, fieldError } from '../common/errors/app-error.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { PgPool } from '../database/pg-pool.js';
import { Transactions } from '../database/transactions.js';
import { Hints } from '../events/hints.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { holdsOf, SESSION_ABSOLUTE_SECONDS } from './auth.service.js';
import { Passwords } from './passwords.js';
import { newSecret, secretHash } from './secrets.js';
import { SignInLimits } from './sign-in-limits.js';

interface OperatorRow {
  id: string;
  email: string;
  name: string;
  password_hash: string | null;
  is_disabled: boolean;
}

export interface Me {
  operator: { id: string; email: string; name: string };
  permissions: string[];
  rooms: string[] | null;
  accessRoles: string[];
  ceiling: object | null;
}

export interface SignedIn {
  /** The new cookie's value, to be handed out once. */
  secret: string;
  me: Me;
}

export interface SignInFrom {
  ip: string;
  requestId: string;
  userAgent: string | undefined;
  /** A session that the browser already had: ended, so that nobody else's cookie lives on. */
  oldSecret: string | null;
}

@Injectable()
export class SessionsService {
  constructor(
    private readonly pg: PgPool,
    private readonly transactions: Transactions,
    private readonly passwords: Passwords,
    private readonly limits: SignInLimits,
    private readonly ledger: LedgerService,
    private readonly hints: Hints,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  /**
   * Checks e-mail and password and opens a session with a new secret. An unknown e-mail, a wrong
   * password and a disabled operator get the same answer in the same time.
   */
  async signIn(email: string, password: string, from: SignInFrom): Promise<SignedIn> {
    const emailKey = keyOfEmail(email);
    await this.limits.attempt(from.ip, emailKey);
    const { rows } = await this.pg.query<OperatorRow>(
      'auth-operator-by-email',
      'SELECT id, email, name, password_hash, is_disabled FROM operator WHERE email_key = $1',
      [emailKey],
    );
    const operator = rows[0];
    const isRight = await this.passwords.verify(operator?.password_hash ?? null, password);
    if (!operator || !isRight || operator.is_disabled) {
      await this.ledger.appendDurably({
        kind: 'operator.sign_in_refused',
        outcome: 'refused',
        actor: {
          kind: 'operator',
          id: operator?.id ?? null,
          label: email.slice(0, 320),
          requestId: from.requestId,
          ip: from.ip,
        },
        payload: { because: refusedBecause(operator, isRight) },
      });
      throw new AppError(
        'unauthenticated',
        'auth.wrong_credentials',
        'E-mail or password is wrong.',
      );
    }
    await this.limits.right(emailKey);
    const secret = newSecret();
    await this.transactions.run(async (tx) => {
      if (from.oldSecret) {
        await tx.query('DELETE FROM operator_session WHERE token_hash = $1', [
          secretHash(from.oldSecret),
        ]);
      }
      await tx.query(
        `INSERT INTO operator_session (operator_id, token_hash, expires_at, ip, user_agent)
         VALUES ($1, $2, now() + make_interval(secs => $3), $4, $5)`,
        [operator.id, secretHash(secret), SESSION_ABSOLUTE_SECONDS, from.ip, cut(from.userAgent)],
      );
      await tx.query('DELETE FROM operator_session WHERE operator_id = $1 AND expires_at < now()', [
        operator.id,
      ]);
      await tx.query('UPDATE operator SET last_signed_in_at = now() WHERE id = $1', [operator.id]);
      tx.record({
        kind: 'operator.signed_in',
        outcome: 'ok',
        actor: {
          kind: 'operator',
          id: operator.id,
          label: operator.email,
          requestId: from.requestId,
          ip: from.ip,
        },
        payload: {},
      });
    });
    return { secret, me: await this.me(operator.id) };
  }

  async signOut(actor: Actor): Promise<void> {
    await this.transactions.run(async (tx) => {
      await tx.query('DELETE FROM operator_session WHERE id = $1', [actor.sessionId]);
      tx.record({ kind: 'operator.signed_out', outcome: 'ok', actor, payload: {} });
      tx.afterCommit(() => this.tellEnded(actor.id as string, actor.sessionId));
    });
  }

  async me(operatorId: string): Promise<Me> {
    const { rows } = await this.pg.query<
      OperatorRow & { access: { role: string; rooms: string[] | null }[] }
    >(
      'auth-me',
      `SELECT o.id, o.email, o.name,
         coalesce((SELECT json_agg(json_build_object('role', a.role, 'rooms', a.rooms) ORDER BY a.role)
           FROM operator_access a WHERE a.operator_id = o.id), '[]') AS access
       FROM operator o WHERE o.id = $1`,
      [operatorId],
    );
    const operator = rows[0];
    if (!operator) throw new AppError('unauthenticated', 'auth.required', 'Sign in.');
    const actor = new Actor('operator', operator.id, operator.email, holdsOf(operator.access));
    return {
      operator: { id: operator.id, email: operator.email, name: operator.name },
      ...whatTheyHold(actor),
      accessRoles: operator.access.map((a) => a.role),
    };
  }

  /** Changes one's own password; every other session of theirs ends. */
  async changePassword(actor: Actor, current: string, next: string): Promise<void> {
    const { rows } = await this.pg.query<OperatorRow>(
      'auth-operator-by-id',
      'SELECT id, email, name, password_hash, is_disabled FROM operator WHERE id = $1',
      [actor.id],
    );
    if (!(await this.passwords.verify(rows[0]?.password_hash ?? null, current))) {
      throw fieldError('currentPassword', 'is not your password', 'auth.wrong_password');
    }
    const passwordHash = await this.passwords.hash(next);
    await this.transactions.run(async (tx) => {
      await tx.query(
        'UPDATE operator SET password_hash = $2, revision = revision + 1 WHERE id = $1',
        [actor.id, passwordHash],
      );
      await tx.query('DELETE FROM operator_session WHERE operator_id = $1 AND id <> $2', [
        actor.id,
        actor.sessionId,
      ]);
      tx.record({ kind: 'operator.password_changed', outcome: 'ok', actor, payload: {} });
      tx.afterCommit(() => this.tellEnded(actor.id as string, null));
    });
  }

  /** `sessionId` null: every session of theirs should check whether it still stands. */
  private tellEnded(operatorId: string, sessionId: string | null): void {
    this.hints.publish([
      { topic: `operator:${operatorId}`, type: 'session_ended', key: sessionId },
    ]);
  }
}

/** What `GET /me` tells of permissions, for operators and API keys alike. */
export function whatTheyHold(actor: Actor): Pick<Me, 'permissions' | 'rooms' | 'ceiling'> {
  const giving = actor.holds.filter((hold) => hold.permissions.has('seat.promote'));
  const ceilings = (giving.length > 0 ? giving : actor.holds).map((hold) => hold.ceiling);
  return {
    permissions: actor.permissionList(),
    rooms: actor.roomLimit(),
    ceiling: ceilings.includes(null) ? null : (ceilings[0] ?? null),
  };
}

/** How e-mails are compared: case and width do not matter. */
export function keyOfEmail(email: string): string {
  return email.normalize('NFKC').trim().toLowerCase();
}

function refusedBecause(operator: OperatorRow | undefined, isRight: boolean): string {
  if (!operator) return 'unknown e-mail';
  return isRight ? 'disabled' : 'wrong password';
}

function cut(text: string | undefined): string | null {
  return text ? text.replace(/\u0000/g, '').slice(0, 300) : null;
}

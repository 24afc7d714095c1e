import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Actor, type RequestFacts } from '../actor/actor.js';
import { holdsOf } from '../actor/built-in-roles.js';
import { AppError, fieldError } from '../common/errors/app-error.js';
import { signInRequired } from '../common/errors/refusals.js';
import { FairQueue, QueueRejection } from '../common/fair-queue.js';
import { networkOf } from '../common/http/client-address.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { assertGoodPassword } from '../credentials/password-policy.js';
import { type HashRequester, Passwords } from '../credentials/passwords.js';
import { newSecret, secretHash } from '../credentials/secrets.js';
import { PgPool } from '../database/pg-pool.js';
import type { RoleGrants } from '../grants/role-grants.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import { Hints } from '../hints/hints.js';
import { keyOfEmail, type OperatorAccount, OperatorStore } from '../operators/operator-store.js';
import { SESSION_ABSOLUTE_SECONDS } from './auth.service.js';
import { DEVICE_SECONDS } from './session-cookie.js';
import { type AttemptSource, SignInLimits } from './sign-in-limits.js';
import { type Refusal, SignInTrace } from './sign-in-trace.js';

/**
 * Anybody may try to sign in. Attempts wait for each other in Postgres, where they are counted, and
 * must not take the connections that tokens need.
 */
const COUNTING = { atOnce: 2, perKey: 1_000, inAll: 4_000, patienceMs: 5_000 };
/** Programs that sign in bring no cookie: each time they are a new device. */
const MAX_DEVICES = 50;

/** Somebody says that they know the password of an account. */
interface Attempt {
  /** Stands for the e-mail, whether it is an operator's or not. */
  readonly account: string;
  readonly source: AttemptSource;
  readonly operator: OperatorAccount | null;
  readonly via: Refusal['via'];
  readonly from: RequestFacts;
}

export interface Me {
  operator: { id: string; email: string; name: string };
  permissions: string[];
  everywhere: string[];
  rooms: string[] | null;
  accessRoles: string[];
  ceiling: RoleGrants | null;
}

export interface SignedIn {
  /** The new cookies' values, to be handed out once. */
  secret: string;
  deviceSecret: string;
  me: Me;
}

interface SignInFrom {
  ip: string;
  requestId: string;
  userAgent: string | undefined;
  /** A session that the browser already had: ended, so that nobody else's cookie lives on. */
  oldSecret: string | null;
  /** Of a browser that has signed in before. */
  deviceSecret: string | null;
}

@Injectable()
export class SessionsService {
  private readonly known = new FairQueue(COUNTING);
  private readonly unknown = new FairQueue(COUNTING);

  constructor(
    private readonly pg: PgPool,
    private readonly transactions: Transactions,
    private readonly operators: OperatorStore,
    private readonly passwords: Passwords,
    private readonly limits: SignInLimits,
    private readonly trace: SignInTrace,
    private readonly hints: Hints,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  /**
   * Checks e-mail and password and opens a session with a new secret. An unknown e-mail, a wrong
   * password and a disabled operator get the same answer in the same time.
   */
  async signIn(email: string, password: string, from: SignInFrom): Promise<SignedIn> {
    const emailKey = keyOfEmail(email);
    const oldDevice = from.deviceSecret === null ? null : secretHash(from.deviceSecret);
    const [operator, known] = await Promise.all([
      this.operators.findByEmail(emailKey),
      this.operatorsOf(oldDevice),
    ]);
    const isKnown = oldDevice !== null && operator !== null && known.includes(operator.id);
    const attempt: Attempt = {
      account: this.markOf(emailKey),
      source: {
        key: isKnown ? `device ${oldDevice.toString('hex')}` : networkOf(from.ip),
        isKnown,
      },
      operator,
      via: 'sign_in',
      from: { ip: from.ip, requestId: from.requestId },
    };
    await this.slowDown(attempt, () => this.limits.signIn(attempt.source));
    const isRight = await this.isRight(attempt, password);
    if (!operator || !isRight || operator.is_disabled) {
      await this.refused(attempt, refusedBecause(operator, isRight), false);
      throw wrongCredentials();
    }
    await this.limits.right(attempt.account, attempt.source);
    const deviceSecret = newSecret();
    const secret = newSecret();
    const isIn = await this.transactions.run(async (tx) => {
      // First: who resets the password or disables the operator now ends this session, or prevents it.
      if (!(await this.operators.noteSignIn(tx, operator))) return false;
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
      await rememberDevice(tx, operator.id, oldDevice, secretHash(deviceSecret));
      await this.trace.sumUpOf(tx, operator.id);
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
      return true;
    });
    if (!isIn) {
      await this.refused(attempt, CHANGED_SINCE, false);
      throw wrongCredentials();
    }
    return { secret, deviceSecret, me: await this.me(operator.id) };
  }

  /** The operators who have signed in on this device. */
  private async operatorsOf(device: Buffer | null): Promise<string[]> {
    const { rows } = await this.pg.query<{ operator_id: string }>(
      'auth-device-operators',
      'SELECT operator_id FROM operator_device WHERE token_hash = $1 AND expires_at > now()',
      [device],
    );
    return rows.map(({ operator_id }) => operator_id);
  }

  async signOut(actor: Actor): Promise<void> {
    await this.transactions.run(async (tx) => {
      await tx.query('DELETE FROM operator_session WHERE id = $1', [actor.sessionId]);
      tx.record({ kind: 'operator.signed_out', outcome: 'ok', actor, payload: {} });
      tx.afterCommit(() => this.notifyEnded(actor.id as string, actor.sessionId));
    });
  }

  /** Part of a change that locks the operator out, and publishes its own hint. */
  async endAllOf(tx: Tx, operatorId: string): Promise<void> {
    await tx.query('DELETE FROM operator_session WHERE operator_id = $1', [operatorId]);
  }

  async me(operatorId: string): Promise<Me> {
    const operator = await this.operators.findWithAccess(operatorId);
    if (!operator) throw signInRequired();
    const actor = new Actor('operator', operator.id, operator.email, holdsOf(operator.access));
    return {
      operator: { id: operator.id, email: operator.email, name: operator.name },
      ...accessOf(actor),
      accessRoles: operator.access.map((a) => a.role),
    };
  }

  /**
   * Changes one's own password; every other session of theirs ends. Guessing the current one is
   * slowed down and written down as at the sign-in; a session counts as a source of its own.
   */
  async changePassword(actor: Actor, current: string, next: string): Promise<void> {
    const operator = await this.operators.findAccount(actor.id);
    if (!operator) throw signInRequired();
    const attempt: Attempt = {
      account: this.markOf(operator.email_key),
      source: { key: `session ${actor.sessionId ?? ''}`, isKnown: true },
      operator,
      via: 'password_change',
      from: { ip: actor.ip, requestId: actor.requestId },
    };
    if (!(await this.isRight(attempt, current))) {
      await this.refused(attempt, 'wrong password', false);
      throw wrongPassword();
    }
    // A refused new one counts as well: estimating it costs more than a request should.
    assertGoodPassword('newPassword', next, [operator.email, operator.name]);
    await this.limits.right(attempt.account, attempt.source);
    const passwordHash = await this.passwords.hash(next, requesterOf(attempt));
    const isSet = await this.transactions.run(async (tx) => {
      if (!(await this.operators.setPassword(tx, operator, passwordHash))) return false;
      await tx.query('DELETE FROM operator_session WHERE operator_id = $1 AND id <> $2', [
        actor.id,
        actor.sessionId,
      ]);
      tx.record({ kind: 'operator.password_changed', outcome: 'ok', actor, payload: {} });
      tx.afterCommit(() => this.notifyEnded(actor.id as string, null));
      return true;
    });
    if (isSet) return;
    await this.refused(attempt, CHANGED_SINCE, false);
    throw wrongPassword();
  }

  private async isRight(attempt: Attempt, password: string): Promise<boolean> {
    const { account, source, operator } = attempt;
    await this.slowDown(attempt, () => this.limits.guess(account, source));
    try {
      return await this.passwords.verify(
        operator?.password_hash ?? null,
        password,
        requesterOf(attempt),
      );
    } catch (error) {
      await this.limits.undo(account, source);
      throw error;
    }
  }

  private async slowDown(attempt: Attempt, count: () => Promise<void>): Promise<void> {
    try {
      await this.inTurn(attempt.source, count);
    } catch (error) {
      if (error instanceof AppError && error.kind === 'too_many') {
        await this.refused(attempt, 'too many attempts', true);
      }
      throw error;
    }
  }

  private refused(
    { operator, account, source, via, from }: Attempt,
    because: string,
    isSlowed: boolean,
  ): Promise<void> {
    const refusal = {
      operatorId: operator?.id ?? null,
      // Some type their password where the e-mail belongs: that is not kept.
      label: operator?.email ?? `unknown e-mail ${account.slice(0, 12)}`,
      via,
      because,
      isSlowed,
      from,
    };
    return this.inTurn(source, () => this.trace.refused(refusal));
  }

  /** Sources take turns, and who is known does not wait behind strangers. */
  private async inTurn<T>({ key, isKnown }: AttemptSource, work: () => Promise<T>): Promise<T> {
    try {
      return await (isKnown ? this.known : this.unknown).run(key, work);
    } catch (error) {
      if (!(error instanceof QueueRejection)) throw error;
      throw new AppError('unavailable', 'auth.busy', 'Too many people sign in at once.', {
        retryAfter: 2,
      });
    }
  }

  /** Stands for an e-mail that may be nobody's. Keyed: what was typed cannot be guessed from it. */
  private markOf(emailKey: string): string {
    return createHmac('sha256', this.config.livekit.apiSecret)
      .update(`rolecall.sign_in\n${emailKey}`)
      .digest('hex')
      .slice(0, 32);
  }

  /** `sessionId` null: all sessions of the operator check whether they are still valid. */
  private notifyEnded(operatorId: string, sessionId: string | null): void {
    this.hints.publish([
      { topic: `operator:${operatorId}`, type: 'session_ended', key: sessionId },
    ]);
  }
}

function requesterOf({ operator, source }: Attempt): HashRequester {
  return source.isKnown && operator
    ? { key: operator.id, isKnown: true }
    : { key: source.key, isKnown: false };
}

/** A new secret each time; other operators who use the same browser stay known to it. */
async function rememberDevice(
  tx: Tx,
  operatorId: string,
  old: Buffer | null,
  now: Buffer,
): Promise<void> {
  if (old) {
    await tx.query('UPDATE operator_device SET token_hash = $2 WHERE token_hash = $1', [old, now]);
  }
  await tx.query(
    `INSERT INTO operator_device (token_hash, operator_id, expires_at)
     VALUES ($1, $2, now() + make_interval(secs => $3))
     ON CONFLICT (operator_id, token_hash) DO UPDATE
     SET last_used_at = now(), expires_at = EXCLUDED.expires_at`,
    [now, operatorId, DEVICE_SECONDS],
  );
  await tx.query(
    `DELETE FROM operator_device WHERE operator_id = $1 AND token_hash IN (
       SELECT token_hash FROM operator_device WHERE operator_id = $1
       ORDER BY last_used_at DESC OFFSET ${MAX_DEVICES})`,
    [operatorId],
  );
}

/** Permissions as `GET /me` shows them, for operators and API keys alike. */
export function accessOf(
  actor: Actor,
): Pick<Me, 'permissions' | 'everywhere' | 'rooms' | 'ceiling'> {
  const giving = actor.holds.filter((hold) => hold.permissions.has('seat.promote'));
  const ceilings = (giving.length > 0 ? giving : actor.holds).map((hold) => hold.ceiling);
  return {
    permissions: actor.permissionList(),
    everywhere: actor.permissionList().filter((permission) => actor.covers(permission, null)),
    rooms: actor.roomLimit(),
    ceiling: ceilings.includes(null) ? null : (ceilings[0] ?? null),
  };
}

/** While the password was checked. */
const CHANGED_SINCE = 'disabled, or another password by now';

function wrongCredentials(): AppError {
  return new AppError('unauthenticated', 'auth.wrong_credentials', 'E-mail or password is wrong.');
}

function wrongPassword(): AppError {
  return fieldError('currentPassword', 'is not your password', 'auth.wrong_password');
}

function refusedBecause(operator: OperatorAccount | null, isRight: boolean): string {
  if (!operator) return 'unknown e-mail';
  return isRight ? 'disabled' : 'wrong password';
}

function cut(text: string | undefined): string | null {
  return text ? text.replace(/\u0000/g, '').slice(0, 300) : null;
}

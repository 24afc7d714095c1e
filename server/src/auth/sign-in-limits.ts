import { Inject, Injectable } from '@nestjs/common';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { AppError } from '../common/errors/app-error.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { unavailableOn } from '../database/database-errors.js';
import { PgPool } from '../database/pg-pool.js';

/** Attempts for one account since its last right one, wherever they come from. */
const GUESSES_PER_ACCOUNT = { points: 20, seconds: 15 * 60 };

/** Counters of sign-ins, kept in Postgres so that all server processes share them. */
@Injectable()
export class SignInLimits {
  private readonly perAddress: RateLimiterPostgres;
  private readonly perAccount: RateLimiterPostgres;

  constructor(pg: PgPool, @Inject(APP_CONFIG) config: AppConfig) {
    const common = {
      storeClient: pg.pool,
      tableName: 'sign_in_limit',
      tableCreated: true,
      clearExpiredByTimeout: false,
    };
    this.perAddress = new RateLimiterPostgres({
      ...common,
      keyPrefix: 'address',
      points: config.rateSignIn.points,
      duration: config.rateSignIn.seconds,
    });
    this.perAccount = new RateLimiterPostgres({
      ...common,
      keyPrefix: 'account',
      points: GUESSES_PER_ACCOUNT.points,
      duration: GUESSES_PER_ACCOUNT.seconds,
    });
  }

  /**
   * Counts one attempt, before the password is looked at: guesses sent all at once count like those
   * sent one by one. Throws `too_many` (429) when the address or the account has to wait.
   */
  async attempt(ip: string, emailKey: string): Promise<void> {
    try {
      await this.perAddress.consume(addressKey(ip));
      await this.perAccount.consume(emailKey.slice(0, 200));
    } catch (error) {
      if (error instanceof RateLimiterRes) throw tooMany(error);
      throw unavailableOn(error);
    }
  }

  /** Whoever knows the password has made no wrong guess. */
  async right(emailKey: string): Promise<void> {
    await this.perAccount.delete(emailKey.slice(0, 200)).catch(() => undefined);
  }
}

/** One household of IPv6 addresses counts as one: a /64 costs nothing to walk through. */
export function addressKey(ip: string): string {
  const plain = ip.replace(/^::ffff:/i, '');
  if (!plain.includes(':')) return plain;
  const [head = '', tail = ''] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (plain.includes('::')) {
    const rest = tail === '' ? [] : tail.split(':');
    while (groups.length + rest.length < 8) groups.push('0');
    groups.push(...rest);
  }
  return groups.slice(0, 4).join(':');
}

function tooMany(limit: RateLimiterRes): AppError {
  return new AppError(
    'too_many',
    'auth.too_many_attempts',
    'Too many attempts to sign in. Wait a little, then try again.',
    { retryAfter: Math.max(1, Math.ceil(limit.msBeforeNext / 1000)) },
  );
}

import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { PgPool } from '../database/pg-pool.js';

/** After so many wrong guesses each further one waits: five seconds, then twice as long, and so on. */
interface Backoff {
  readonly free: number;
  readonly longestSeconds: number;
}

const FIRST_WAIT_SECONDS = 5;
/** One account from one source. */
const BY_SOURCE: Backoff = { free: 10, longestSeconds: 60 };
/** One account from all sources that are not known together: bounds guessing from many addresses. */
const BY_ACCOUNT: Backoff = { free: 20, longestSeconds: 5 };
/** Wrong guesses are forgotten so long after the last one. */
const FORGET_AFTER = `interval '1 hour'`;
/** Milliseconds since the epoch, by Postgres' clock. */
const NOW_MS = '(extract(epoch FROM now()) * 1000)::bigint';

/** Who tries, as far as is known before the password is checked. */
export interface AttemptSource {
  /** The browser that has signed in before, the session, or the network that the attempt comes from. */
  readonly key: string;
  /** It has shown before that it is this account's: guesses by others do not slow it down. */
  readonly isKnown: boolean;
}

/**
 * Slows down guessing, and locks nobody out: wrong guesses count by account and source, so that
 * strangers slow down strangers. Kept in Postgres, by its clock, so that all servers share them.
 */
@Injectable()
export class SignInLimits {
  constructor(
    private readonly pg: PgPool,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  /** Counts one sign-in of a source, whatever the account. Throws `too_many` (429). */
  async signIn(source: AttemptSource): Promise<void> {
    const { points: most, seconds: span } = this.config.rateSignIn;
    // `expire` is in milliseconds, by Postgres' clock: a server whose own is wrong limits nobody longer.
    const { rows } = await this.pg.query<{ points: number; seconds: number }>(
      'sign-in-count',
      `INSERT INTO sign_in_limit AS l (key, points, expire)
       VALUES ($1, 1, ${NOW_MS} + $2::int * 1000)
       ON CONFLICT (key) DO UPDATE SET
         points = CASE WHEN l.expire <= ${NOW_MS} THEN 1 ELSE l.points + 1 END,
         expire = CASE WHEN l.expire <= ${NOW_MS} THEN EXCLUDED.expire ELSE l.expire END
       RETURNING points, (expire - ${NOW_MS}) / 1000.0::float8 AS seconds`,
      [`address:${source.key}`, span],
    );
    const [counted] = rows;
    if (counted && counted.points > most) throw tooMany(counted.seconds);
  }

  /**
   * Counts one guess before the password is looked at, so that guesses sent all at once count like
   * those sent one by one. Throws `too_many` (429) with the seconds to wait.
   */
  async guess(account: string, source: AttemptSource): Promise<void> {
    const pair = pairKey(account, source);
    await this.take(pair, BY_SOURCE);
    if (source.isKnown) return;
    try {
      await this.take(accountKey(account), BY_ACCOUNT);
    } catch (error) {
      await this.takeBack(pair);
      throw error;
    }
  }

  /** The password was right: the source starts from nothing again. */
  async right(account: string, source: AttemptSource): Promise<void> {
    await this.pg.query('sign-in-right', 'DELETE FROM sign_in_guess WHERE key = $1', [
      pairKey(account, source),
    ]);
    if (!source.isKnown) await this.takeBack(accountKey(account));
  }

  /** The password was not looked at. */
  async undo(account: string, source: AttemptSource): Promise<void> {
    await this.takeBack(pairKey(account, source));
    if (!source.isKnown) await this.takeBack(accountKey(account));
  }

  private async take(key: string, { free, longestSeconds }: Backoff): Promise<void> {
    const { rowCount } = await this.pg.query(
      'sign-in-guess',
      `INSERT INTO sign_in_guess AS g (key, wrong, free_at, expires_at)
       VALUES ($1, 1, now(), now() + ${FORGET_AFTER})
       ON CONFLICT (key) DO UPDATE SET
         wrong = CASE WHEN g.expires_at < now() THEN 1 ELSE g.wrong + 1 END,
         free_at = CASE WHEN g.expires_at < now() OR g.wrong + 1 < $2 THEN now()
           ELSE now() + make_interval(secs => least($3, ${FIRST_WAIT_SECONDS} * 2 ^ least(g.wrong + 1 - $2, 20))) END,
         expires_at = now() + ${FORGET_AFTER}
       WHERE g.free_at <= now() OR g.expires_at < now()`,
      [key, free, longestSeconds],
    );
    if (rowCount) return;
    const { rows } = await this.pg.query<{ seconds: number }>(
      'sign-in-wait',
      `SELECT extract(epoch FROM free_at - now())::float8 AS seconds
       FROM sign_in_guess WHERE key = $1`,
      [key],
    );
    throw tooMany(rows[0]?.seconds ?? 1);
  }

  private async takeBack(key: string): Promise<void> {
    await this.pg.query(
      'sign-in-take-back',
      'UPDATE sign_in_guess SET wrong = greatest(wrong - 1, 0), free_at = now() WHERE key = $1',
      [key],
    );
  }
}

function pairKey(account: string, source: AttemptSource): string {
  return `${account} ${source.key}`;
}

function accountKey(account: string): string {
  return account;
}

function tooMany(seconds: number): AppError {
  const retryAfter = Math.max(1, Math.ceil(seconds));
  return new AppError(
    'too_many',
    'auth.too_many_attempts',
    `Too many attempts. Try again in ${retryAfter} ${retryAfter === 1 ? 'second' : 'seconds'}.`,
    { retryAfter },
  );
}

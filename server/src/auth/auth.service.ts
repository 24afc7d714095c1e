import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Actor } from '../actor/actor.js';
import { type AccessEntry, holdsOf } from '../actor/built-in-roles.js';
import { ApiKeyStore } from '../api-keys/api-key-store.js';
import { Batcher } from '../common/batcher.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { rowPerHash, secretHash, withoutRepeats } from '../credentials/secrets.js';
import { PgPool } from '../database/pg-pool.js';
import { joinOperator, OPERATOR_ACCESS } from '../operators/operator-sql.js';
import { OperatorStore } from '../operators/operator-store.js';
import { KeyTrace } from './key-trace.js';
import { readSessionCookie } from './session-cookie.js';

/** A session ends after this long without a request … */
const SESSION_IDLE_SECONDS = 8 * 3600;
/** … and after this long in any case. */
export const SESSION_ABSOLUTE_SECONDS = 7 * 24 * 3600;

export interface Authenticated {
  actor: Actor;
  by: 'cookie' | 'api_key';
  /** Requests in 10 seconds that an API key is limited to; null = none. */
  rateLimit: number | null;
}

interface SessionRow {
  token_hash: Buffer;
  session_id: string;
  operator_id: string;
  email: string;
  name: string;
  needs_touch: boolean;
  access: AccessEntry[];
}

/** Tells who sends a request: from the session cookie or from an API key. Nothing is cached. */
@Injectable()
export class AuthService {
  private readonly publicUrl: string;
  private readonly sessions: Batcher<Buffer, SessionRow | null>;

  constructor(
    private readonly pg: PgPool,
    private readonly keys: ApiKeyStore,
    private readonly keyTrace: KeyTrace,
    private readonly operators: OperatorStore,
    @Inject(APP_CONFIG) config: AppConfig,
  ) {
    this.publicUrl = config.publicUrl;
    this.sessions = new Batcher((hashes) => this.readSessions(hashes));
  }

  /** Null when nobody is signed in. A credential that is there but wrong counts as none. */
  async authenticate(request: FastifyRequest): Promise<Authenticated | null> {
    const header = request.headers.authorization;
    // Any other scheme is for a proxy in front, which browsers send along with our cookie.
    if (header !== undefined && /^Bearer\b/i.test(header)) return this.byApiKey(header, request);
    const secret = readSessionCookie(request.headers.cookie, this.publicUrl);
    if (!secret) return null;
    const session = await this.sessions.load(secretHash(secret));
    if (!session) return null;
    if (session.needs_touch) this.touchSession(session.session_id);
    const actor = new Actor(
      'operator',
      session.operator_id,
      session.email,
      holdsOf(session.access),
      request.id,
      request.ip,
      session.session_id,
    );
    return { actor, by: 'cookie', rateLimit: null };
  }

  /**
   * The actor behind work that goes on after its request, with what they hold now. Null for an
   * operator who is disabled or gone, and for a key that is revoked or has expired.
   */
  async actorById(
    kind: 'operator' | 'api_key',
    id: string,
  ): Promise<Pick<Actor, 'id' | 'label' | 'holds'> | null> {
    if (kind === 'operator') {
      const operator = await this.operators.findWithAccess(id);
      if (!operator || operator.isDisabled) return null;
      return { id, label: operator.email, holds: holdsOf(operator.access) };
    }
    const key = await this.keys.findValid(id);
    return key && { id, label: key.name, holds: [key.hold] };
  }

  private async byApiKey(header: string, request: FastifyRequest): Promise<Authenticated | null> {
    const match = /^Bearer (rck_[A-Za-z0-9_-]{20,100})$/i.exec(header);
    if (!match) return null;
    const hash = secretHash(match[1] as string);
    const key = await this.keys.use(hash);
    if (!key) {
      await this.keyTrace.refused(hash, request);
      return null;
    }
    const actor = new Actor('api_key', key.id, key.name, [key.hold], request.id, request.ip);
    return { actor, by: 'api_key', rateLimit: key.rateLimit };
  }

  private async readSessions(hashes: Buffer[]): Promise<(SessionRow | null)[]> {
    const { rows } = await this.pg.query<SessionRow>(
      'auth-sessions',
      `SELECT s.token_hash, s.id AS session_id, o.id AS operator_id, o.email, o.name,
         s.last_seen_at < now() - interval '1 minute' AS needs_touch,
         ${OPERATOR_ACCESS} AS access
       FROM operator_session s ${joinOperator('s.operator_id')}
       WHERE s.token_hash = ANY($1) AND NOT o.is_disabled AND s.expires_at > now()
         AND s.last_seen_at > now() - make_interval(secs => $2)`,
      [withoutRepeats(hashes), SESSION_IDLE_SECONDS],
    );
    return rowPerHash(hashes, rows, (row) => row.token_hash);
  }

  /** Once a minute is enough to know that somebody is still there. Losing one changes nothing. */
  private touchSession(id: string): void {
    this.pg
      .query(
        'auth-touch-session',
        `UPDATE operator_session SET last_seen_at = now()
         WHERE id = $1 AND last_seen_at < now() - interval '1 minute'`,
        [id],
      )
      .catch(() => undefined);
  }
}

import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type AccessHold, Actor } from '../actor/actor.js';
import { accessRole } from '../actor/built-in-roles.js';
import { Batcher } from '../common/batcher.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { PgPool } from '../database/pg-pool.js';
import type { RoleGrants } from '../grants/role-grants.js';
import { secretHash } from './secrets.js';
import { cookieName, readCookie } from './session-cookie.js';

/** A session ends after this long without a request … */
export const SESSION_IDLE_SECONDS = 8 * 3600;
/** … and after this long in any case. */
export const SESSION_ABSOLUTE_SECONDS = 7 * 24 * 3600;

export interface Authenticated {
  actor: Actor;
  by: 'cookie' | 'api_key';
  /** Requests a second that an API key is limited to; null = none. */
  rateLimit: number | null;
}

interface SessionRow {
  token_hash: Buffer;
  session_id: string;
  operator_id: string;
  email: string;
  name: string;
  needs_touch: boolean;
  access: { role: string; rooms: string[] | null }[];
}

interface KeyRow {
  key_hash: Buffer;
  id: string;
  name: string;
  permissions: string[];
  rooms: string[] | null;
  ceiling: RoleGrants | null;
  rate_limit: number | null;
  needs_touch: boolean;
}

/** Tells who sends a request: from the session cookie or from an API key. Nothing is cached. */
@Injectable()
export class AuthService {
  private readonly cookie: string;
  private readonly sessions: Batcher<Buffer, SessionRow | null>;
  private readonly keys: Batcher<Buffer, KeyRow | null>;

  constructor(
    private readonly pg: PgPool,
    @Inject(APP_CONFIG) config: AppConfig,
  ) {
    this.cookie = cookieName(config.publicUrl);
    this.sessions = new Batcher((hashes) => this.readSessions(hashes));
    this.keys = new Batcher((hashes) => this.readKeys(hashes));
  }

  /** Null when nobody is signed in. A credential that is there but wrong counts as none. */
  async authenticate(request: FastifyRequest): Promise<Authenticated | null> {
    const header = request.headers.authorization;
    if (header !== undefined) return this.byApiKey(header, request);
    const secret = readCookie(request.headers.cookie, this.cookie);
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
   * Who acts for somebody that is not there any more: with what they hold now. Null for an operator
   * who is disabled or gone, and for a key that is revoked or has expired.
   */
  async actorById(
    kind: 'operator' | 'api_key',
    id: string,
  ): Promise<Pick<Actor, 'id' | 'label' | 'holds'> | null> {
    if (kind === 'operator') {
      const { rows } = await this.pg.query<Pick<SessionRow, 'email' | 'access'>>(
        'auth-operator-access',
        `SELECT o.email, coalesce((SELECT json_agg(json_build_object('role', a.role, 'rooms', a.rooms))
             FROM operator_access a WHERE a.operator_id = o.id), '[]') AS access
         FROM operator o WHERE o.id = $1 AND NOT o.is_disabled`,
        [id],
      );
      const row = rows[0];
      return row ? { id, label: row.email, holds: holdsOf(row.access) } : null;
    }
    const { rows } = await this.pg.query<
      Pick<KeyRow, 'name' | 'permissions' | 'rooms' | 'ceiling'>
    >(
      'auth-api-key-access',
      `SELECT name, permissions, rooms, ceiling FROM api_key
       WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`,
      [id],
    );
    const row = rows[0];
    return row ? { id, label: row.name, holds: [holdOf(row)] } : null;
  }

  private async byApiKey(header: string, request: FastifyRequest): Promise<Authenticated | null> {
    const match = /^Bearer (rck_[A-Za-z0-9_-]{20,100})$/i.exec(header);
    if (!match) return null;
    const key = await this.keys.load(secretHash(match[1] as string));
    if (!key) return null;
    if (key.needs_touch) this.touchKey(key.id);
    const actor = new Actor('api_key', key.id, key.name, [holdOf(key)], request.id, request.ip);
    return { actor, by: 'api_key', rateLimit: key.rate_limit };
  }

  private async readSessions(hashes: Buffer[]): Promise<(SessionRow | null)[]> {
    const { rows } = await this.pg.query<SessionRow>(
      'auth-sessions',
      `SELECT s.token_hash, s.id AS session_id, o.id AS operator_id, o.email, o.name,
         s.last_seen_at < now() - interval '1 minute' AS needs_touch,
         coalesce((SELECT json_agg(json_build_object('role', a.role, 'rooms', a.rooms))
           FROM operator_access a WHERE a.operator_id = o.id), '[]') AS access
       FROM operator_session s JOIN operator o ON o.id = s.operator_id
       WHERE s.token_hash = ANY($1) AND NOT o.is_disabled AND s.expires_at > now()
         AND s.last_seen_at > now() - make_interval(secs => $2)`,
      [unique(hashes), SESSION_IDLE_SECONDS],
    );
    return inOrder(hashes, rows, (row) => row.token_hash);
  }

  private async readKeys(hashes: Buffer[]): Promise<(KeyRow | null)[]> {
    const { rows } = await this.pg.query<KeyRow>(
      'auth-api-keys',
      `SELECT key_hash, id, name, permissions, rooms, ceiling, rate_limit,
         last_used_at IS NULL OR last_used_at < now() - interval '1 minute' AS needs_touch
       FROM api_key
       WHERE key_hash = ANY($1) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`,
      [unique(hashes)],
    );
    return inOrder(hashes, rows, (row) => row.key_hash);
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

  private touchKey(id: string): void {
    this.pg
      .query(
        'auth-touch-key',
        `UPDATE api_key SET last_used_at = now()
         WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`,
        [id],
      )
      .catch(() => undefined);
  }
}

/** What somebody with these access entries holds. Unknown access roles hold nothing. */
export function holdsOf(access: { role: string; rooms: string[] | null }[]): AccessHold[] {
  return access.flatMap(({ role, rooms }) => {
    const known = accessRole(role);
    if (!known) return [];
    return [{ permissions: new Set(known.permissions), rooms, ceiling: known.ceiling }];
  });
}

function holdOf({
  permissions,
  rooms,
  ceiling,
}: Pick<KeyRow, 'permissions' | 'rooms' | 'ceiling'>): AccessHold {
  return { permissions: new Set(permissions), rooms, ceiling };
}

function unique(hashes: Buffer[]): Buffer[] {
  return hashes.length < 2 ? hashes : [...new Map(hashes.map((h) => [hex(h), h])).values()];
}

function inOrder<R>(hashes: Buffer[], rows: R[], hashOf: (row: R) => Buffer): (R | null)[] {
  const byHash = new Map(rows.map((row) => [hex(hashOf(row)), row]));
  return hashes.map((hash) => byHash.get(hex(hash)) ?? null);
}

function hex(buffer: Buffer): string {
  return buffer.toString('hex');
}

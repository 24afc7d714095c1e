import { createHmac, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RequestWithActor } from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { PgPool } from '../database/pg-pool.js';
import { TokenSigner } from '../livekit/signer.js';
import { AppError } from '../common/errors/app-error.js';
import { RawBody } from '../common/http/raw-body.js';
import { TokenReplays } from './token-replays.js';

interface KeyRow {
  fingerprint: Buffer;
  status: number | null;
  response: Stored | null;
}

interface Stored {
  body?: Record<string, unknown>;
  token?: StoredToken;
}

/** The token that was in the answer. */
interface StoredToken {
  readonly field: string;
  /** The very text that was signed. */
  readonly claims: string;
  /** That Rolecall put it there. Left out: by a version that did not say so. */
  readonly proof?: string;
}

/** Whose key it is: those of different callers are different keys. */
interface IdempotencyKey {
  readonly actor: Actor;
  readonly key: string;
}

/** A day later a key may be used for something else. */
export const KEPT = `interval '1 day'`;
/** A request that runs for longer has died with its server; trying again may take its place. */
const STALE = `interval '1 minute'`;

/** Whose answers are to be forgotten: those that a person got, or that name them. */
interface ForgottenPerson {
  readonly of: 'identity' | 'operator';
  readonly id: string;
  readonly before: Date | null;
}
const KINDS = { identity: ['participant', 'user'], operator: ['operator'] } as const;
const FORGETTING_MS = 60_000;

const TOKEN_FIELDS = ['token', 'participant_token'] as const;

/**
 * `Idempotency-Key` on any mutating route: the first request works, a repetition gets the same answer
 * for a day. Failures are not kept, so that trying again tries again. A token in an answer is not
 * stored (rule 8); its claims are, and signing them again gives the same token. Before a token is
 * repeated, the guard and `TokenReplays` decide again whether it may be handed out. Claims that were
 * changed in the table are not signed: no entry says that such a token was issued.
 */
@Injectable()
export class Idempotency {
  constructor(
    private readonly pg: PgPool,
    private readonly signer: TokenSigner,
    private readonly tokens: TokenReplays,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  /** Null for a request that is to run once only because it is sent once. Throws for a malformed key. */
  keyOf(request: RequestWithActor): IdempotencyKey | null {
    const key = request.headers['idempotency-key'];
    const { actor, method } = request;
    if (key === undefined || !actor || ['GET', 'HEAD', 'OPTIONS'].includes(method)) return null;
    if (typeof key !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(key)) {
      throw new AppError(
        'bad_request',
        'request.invalid',
        'Idempotency-Key: 1 to 200 visible ASCII characters',
        { errors: { 'Idempotency-Key': '1 to 200 visible ASCII characters' } },
      );
    }
    return { actor, key };
  }

  /** The answer of `work`, or the one that a request with the same key has had. */
  async once(
    { actor, key }: IdempotencyKey,
    request: RequestWithActor,
    reply: FastifyReply,
    work: () => Promise<unknown>,
  ): Promise<unknown> {
    const who = nameOf(actor);
    const fingerprint = this.fingerprintOf(request);
    for (let attempt = 0; !(await this.begin(who, key, fingerprint)); attempt++) {
      const replayed = await this.replay(who, key, fingerprint);
      if (replayed) return this.answerAgain(replayed, request, { actor, key }, reply);
      // The first request failed just now and left nothing behind: this one takes its turn.
      if (attempt === 2) throw inProgress();
    }
    try {
      const body = await work();
      const { token, ...kept } = toStored(body);
      const proved = token && { ...token, proof: this.proofOf({ actor, key }, token) };
      const response: Stored = { ...kept, ...(proved && { token: proved }) };
      await this.pg.query(
        'idempotency-end',
        'UPDATE idempotency_key SET status = $3, response = $4 WHERE actor = $1 AND key = $2',
        [who, key, reply.statusCode, JSON.stringify(response)],
      );
      return body;
    } catch (error) {
      await this.pg
        .query('idempotency-drop', 'DELETE FROM idempotency_key WHERE actor = $1 AND key = $2', [
          who,
          key,
        ])
        .catch(() => undefined);
      throw error;
    }
  }

  /** A request that still runs keeps its row, so that it runs once. */
  async forget(
    { of, id, before }: ForgottenPerson,
    names: readonly string[] = [id],
  ): Promise<void> {
    await this.pg.query(
      'idempotency-forget',
      `DELETE FROM idempotency_key
       WHERE (status IS NOT NULL OR created_at < now() - ${STALE})
         AND ($3::timestamptz IS NULL OR created_at < $3)
         AND (actor = ANY($1) OR concat_ws(' ', key, response::text) ~ ANY($2))`,
      [KINDS[of].map((kind) => `${kind}:${id}`), names.filter(Boolean).map(wordPattern), before],
      FORGETTING_MS,
    );
  }

  /** True when this request is the one that works; the row then keeps all others with its key out. */
  private async begin(who: string, key: string, fingerprint: Buffer): Promise<boolean> {
    const { rowCount } = await this.pg.query(
      'idempotency-begin',
      `INSERT INTO idempotency_key AS k (actor, key, fingerprint) VALUES ($1, $2, $3)
       ON CONFLICT (actor, key) DO UPDATE
       SET fingerprint = EXCLUDED.fingerprint, created_at = now(), status = NULL, response = NULL
       WHERE k.created_at < now() - ${KEPT}
         OR (k.status IS NULL AND k.created_at < now() - ${STALE} AND k.fingerprint = EXCLUDED.fingerprint)`,
      [who, key, fingerprint],
    );
    return rowCount === 1;
  }

  /** What was answered; null when the first request has left nothing. */
  private async replay(
    who: string,
    key: string,
    fingerprint: Buffer,
  ): Promise<{ status: number; response: Stored } | null> {
    const { rows } = await this.pg.query<KeyRow>(
      'idempotency-read',
      'SELECT fingerprint, status, response FROM idempotency_key WHERE actor = $1 AND key = $2',
      [who, key],
    );
    const row = rows[0];
    if (!row) return null;
    if (!row.fingerprint.equals(fingerprint)) {
      throw new AppError(
        'unprocessable',
        'idempotency.other_request',
        'This Idempotency-Key was used for another request.',
      );
    }
    if (row.status === null) throw inProgress();
    return { status: row.status, response: row.response ?? {} };
  }

  private async answerAgain(
    { status, response: { body, token } }: { status: number; response: Stored },
    request: RequestWithActor,
    { actor, key }: IdempotencyKey,
    reply: FastifyReply,
  ): Promise<unknown> {
    const again = { ...body };
    if (token) {
      if (!this.isProved({ actor, key }, token)) await this.tokens.refuseUnproved(actor);
      const claims = JSON.parse(token.claims) as Parameters<TokenSigner['sign']>[0];
      const signed = this.signer.sign(claims);
      await this.tokens.assertAllowed(actor, request.admittedBy, signed, claims);
      again[token.field] = signed;
    }
    reply.status(status).header('Idempotency-Replayed', 'true');
    return token ? again : body;
  }

  private isProved(key: IdempotencyKey, token: StoredToken): boolean {
    const given = Buffer.from(token.proof ?? '');
    const right = Buffer.from(this.proofOf(key, token));
    return given.length === right.length && timingSafeEqual(given, right);
  }

  /**
   * Who can write into the table does not have this key. A fingerprint and a token are made with the
   * same one, and neither is made of text that begins like a list.
   */
  private proofOf({ actor, key }: IdempotencyKey, { field, claims }: StoredToken): string {
    const text = JSON.stringify([nameOf(actor), key, field, claims]);
    return createHmac('sha256', this.config.livekit.apiSecret).update(text).digest('base64url');
  }

  /** Keyed: requests hold passwords, and a plain hash of one could be guessed from at leisure. */
  private fingerprintOf(request: FastifyRequest): Buffer {
    const hash = createHmac('sha256', this.config.livekit.apiSecret);
    hash.update(`${request.method} ${request.url}\n`);
    if (request.body instanceof RawBody) hash.update(request.body.bytes);
    return hash.digest();
  }
}

function nameOf({ kind, id }: Actor): string {
  return `${kind}:${id}`;
}

function inProgress(): AppError {
  return new AppError('conflict', 'idempotency.in_progress', 'The first request still runs.', {
    retryAfter: 1,
  });
}

/**
 * For Postgres: the name as a word of its own, in an answer or in a token's claims, which are JSON
 * within JSON. So somebody called `bob` does not take the answers about `bobby` along.
 */
function wordPattern(name: string): string {
  const once = JSON.stringify(name).slice(1, -1);
  const twice = JSON.stringify(once).slice(1, -1);
  const forms = [...new Set([name, once, twice])].map((form) =>
    form.replace(/[^\p{L}\p{N}]/gu, (mark) => (mark <= '\x7f' ? `\\${mark}` : mark)),
  );
  const escape = String.raw`\\[bfnrt]|\\u[0-9a-f]{4}`;
  return `(^|[^[:alnum:]]|${escape})(${forms.join('|')})([^[:alnum:]]|$)`;
}

/** The response without its secrets: a token is signed again at a replay, others are left out. */
function toStored(body: unknown): Stored {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return body === undefined ? {} : { body: body as Record<string, unknown> };
  }
  const kept: Record<string, unknown> = { ...body };
  if ('temporaryPassword' in kept) kept.temporaryPassword = null;
  // A role template's answer has a `key` as well, and that one is no secret.
  if (typeof kept.key === 'string' && kept.key.startsWith('rck_')) kept.key = null;
  const field = TOKEN_FIELDS.find((name) => typeof kept[name] === 'string');
  if (field === undefined) return { body: kept };
  const claims = Buffer.from((kept[field] as string).split('.')[1] ?? '', 'base64url').toString();
  delete kept[field];
  return { body: kept, token: { field, claims } };
}

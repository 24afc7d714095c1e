import { createHash } from 'node:crypto';
import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import type { Actor } from '../access/actor.js';
import { PgPool } from '../database/pg-pool.js';
import { TokenSigner } from '../livekit/signer.js';
import { AppError } from '../common/errors/app-error.js';
import { RawBody } from '../common/http/raw-body.js';

interface KeyRow {
  fingerprint: Buffer;
  status: number | null;
  response: Stored | null;
  is_stale: boolean;
}

interface Stored {
  body?: Record<string, unknown>;
  /** The claims of a token that was in the answer, as the very text that was signed. */
  claims?: string;
}

/** What is shown once is never stored: a repeated request gets the answer without it. */
const SHOWN_ONCE = ['key', 'temporaryPassword'] as const;

/**
 * `Idempotency-Key` on any mutating route: the first request works, a repetition gets the same answer
 * for a day. Failures are not kept, so that trying again tries again. A token in an answer is not
 * stored (rule 8); its claims are, and signing them again gives the same token.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly pg: PgPool,
    private readonly signer: TokenSigner,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest & { actor?: Actor }>();
    const key = request.headers['idempotency-key'];
    if (
      key === undefined ||
      !request.actor ||
      ['GET', 'HEAD', 'OPTIONS'].includes(request.method)
    ) {
      return next.handle();
    }
    if (typeof key !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(key)) {
      throw new AppError(
        'bad_request',
        'request.invalid',
        'Idempotency-Key: 1 to 200 visible ASCII characters',
        { errors: { 'Idempotency-Key': '1 to 200 visible ASCII characters' } },
      );
    }
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return from(this.once(request, reply, request.actor, key, next));
  }

  private async once(
    request: FastifyRequest,
    reply: FastifyReply,
    actor: Actor,
    key: string,
    next: CallHandler,
  ): Promise<unknown> {
    const who = `${actor.kind}:${actor.id}`;
    const fingerprint = fingerprintOf(request);
    const inserted = await this.pg.query(
      'idempotency-begin',
      `INSERT INTO idempotency_key (actor, key, fingerprint) VALUES ($1, $2, $3)
       ON CONFLICT (actor, key) DO NOTHING`,
      [who, key, fingerprint],
    );
    if (!inserted.rowCount) {
      const replayed = await this.replay(who, key, fingerprint, reply);
      if (replayed.isDone) return replayed.body;
    }
    try {
      const body: unknown = await lastValueFrom(next.handle(), { defaultValue: undefined });
      await this.pg.query(
        'idempotency-end',
        'UPDATE idempotency_key SET status = $3, response = $4 WHERE actor = $1 AND key = $2',
        [who, key, reply.statusCode, JSON.stringify(toStored(body))],
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

  private async replay(
    who: string,
    key: string,
    fingerprint: Buffer,
    reply: FastifyReply,
  ): Promise<{ isDone: boolean; body?: unknown }> {
    const { rows } = await this.pg.query<KeyRow>(
      'idempotency-read',
      `SELECT fingerprint, status, response, created_at < now() - interval '1 minute' AS is_stale
       FROM idempotency_key WHERE actor = $1 AND key = $2`,
      [who, key],
    );
    const row = rows[0];
    if (row && !row.fingerprint.equals(fingerprint)) {
      throw new AppError(
        'unprocessable',
        'idempotency.other_request',
        'This Idempotency-Key was used for another request.',
      );
    }
    if (!row || (row.status === null && row.is_stale)) return { isDone: false }; // its server died
    if (row.status === null) {
      throw new AppError('conflict', 'idempotency.in_progress', 'The first request still runs.', {
        retryAfter: 1,
      });
    }
    reply.status(row.status).header('Idempotency-Replayed', 'true');
    const { body, claims } = row.response ?? {};
    if (!body || claims === undefined) return { isDone: true, body };
    const signed = JSON.parse(claims) as Parameters<TokenSigner['sign']>[0];
    return { isDone: true, body: { ...body, token: this.signer.sign(signed) } };
  }
}

function fingerprintOf(request: FastifyRequest): Buffer {
  const hash = createHash('sha256').update(`${request.method} ${request.url}\n`);
  if (request.body instanceof RawBody) hash.update(request.body.bytes);
  return hash.digest();
}

function toStored(body: unknown): Stored {
  if (typeof body !== 'object' || body === null) return {};
  const kept: Record<string, unknown> = { ...body };
  for (const field of SHOWN_ONCE) if (field in kept && !Array.isArray(body)) kept[field] = null;
  const { token } = kept;
  if (typeof token !== 'string') return { body: kept };
  delete kept.token;
  return { body: kept, claims: Buffer.from(token.split('.')[1] ?? '', 'base64url').toString() };
}

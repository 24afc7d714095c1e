import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import { AuthService } from '../auth/auth.service.js';
import { AppError } from '../common/errors/app-error.js';
import { roomNotFound, signInRequired } from '../common/errors/refusals.js';
import { RawBody } from '../common/http/raw-body.js';
import { RateLimit } from '../common/rate-limit.js';
import { nameText } from '../common/http/fields.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { LedgerService } from '../ledger/ledger.service.js';
import {
  ACCESS_RULE,
  type AccessRule,
  type PermissionByField,
  type RequestWithActor,
} from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { assertOwnOrigin } from '../common/http/own-origin.js';
import { ParticipantAuth, type RequestWithParticipant } from '../proofs/participant-auth.js';
import type { Permission } from '../actor/permissions.js';
import { CrossOrigin } from '../end-users/cross-origin.js';
import { EndUserAuth } from '../end-users/end-user-auth.js';

/** Of the log's entry bundles: 128,000 entries a second. */
const FILES_OF_OPERATOR = { points: 5_000, seconds: 10 };

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
/** What `rateLimit` of an API key is counted over. */
const KEY_RATE_SECONDS = 10;

/**
 * Decides every request before anything that was sent is looked at, and before its body is read:
 * who (401), from where (403), may they (403, or 404 for a room outside their limit). `AccessHook`
 * calls it for each request; as Nest's guard it lets nothing by that the hook has not decided.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly operatorLimiters: Readonly<Record<'requests' | 'files', RateLimit>>;
  private readonly keyLimiters = new Map<string, RateLimit>();

  constructor(
    private readonly reflector: Reflector,
    private readonly auth: AuthService,
    private readonly ledger: LedgerService,
    private readonly participants: ParticipantAuth,
    private readonly endUsers: EndUserAuth,
    private readonly crossOrigin: CrossOrigin,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {
    this.operatorLimiters = {
      requests: new RateLimit(config.rateOperator),
      files: new RateLimit(FILES_OF_OPERATOR),
    };
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const rule = this.reflector.get<AccessRule | undefined>(ACCESS_RULE, context.getHandler());
    if (!rule) throw new Error(`${context.getClass().name} has a route without an access rule`);
    const http = context.switchToHttp();
    await this.beforeHandler(rule, http.getRequest(), http.getResponse());
    return true;
  }

  /**
   * Throws the refusal. Lets nothing by that the hook has not decided, and decides what the body names.
   * Who sends the body slowly may have lost their rights since the headers: that is decided again.
   */
  async beforeHandler(
    rule: AccessRule,
    request: RequestWithActor,
    reply: FastifyReply,
  ): Promise<void> {
    const { admittedBy, admittedAt = -Infinity } = request;
    const isOld = performance.now() - admittedAt > this.config.http.decisionMs;
    if (admittedBy !== rule || isOld) await this.decide(rule, request, reply);
    await this.admitByField(rule, request);
  }

  /** Throws the refusal; else the request knows its actor or participant. */
  async decide(rule: AccessRule, request: RequestWithActor, reply: FastifyReply): Promise<void> {
    await this.admit(rule, request, reply);
    request.admittedBy = rule;
    request.admittedAt = performance.now();
  }

  private async admit(
    rule: AccessRule,
    request: RequestWithActor,
    reply: FastifyReply,
  ): Promise<void> {
    if (rule.kind === 'public') return;
    if (rule.kind === 'participant') {
      (request as RequestWithParticipant).participant = await this.participants.authenticate(
        request,
        reply,
        rule.roomParam,
      );
      return;
    }

    if (rule.kind === 'permission' && rule.isForEndUsers) {
      this.crossOrigin.allow(request, reply);
      const endUser = await this.endUsers.authenticate(request);
      if (endUser) {
        request.actor = endUser;
        return;
      }
    }

    const found = await this.auth.authenticate(request);
    if (!found) {
      throw signInRequired('Sign in, or send an API key as "Authorization: Bearer rck_…".');
    }
    const { actor, by, rateLimit } = found;
    request.actor = actor;
    if (by === 'cookie' && !SAFE_METHODS.has(request.method)) {
      assertOwnOrigin(request, this.config);
    }
    await this.limit(actor, rateLimit, rule.kind === 'permission' ? rule.budget : 'requests');
    if (rule.kind === 'signed_in') {
      if (!rule.isForOperators || actor.kind === 'operator') return;
      throw new AppError(
        'forbidden',
        'auth.operators_only',
        'This is for operators: not for API keys.',
      );
    }
    if (rule.kind === 'any_permission') {
      await this.assertHolds(actor, rule.permissions, request, undefined);
      return;
    }

    const room = roomOf(rule, request);
    await this.assertHolds(actor, [rule.permission], request, room, rule.isEverywhere);
    if (rule.byField) await this.assertHolds(actor, anyOf(rule.byField), request, room);
  }

  /** The permission that a field of the body names: decided once the body has been read. */
  private async admitByField(rule: AccessRule, request: RequestWithActor): Promise<void> {
    if (rule.kind !== 'permission' || !rule.byField || !request.actor) return;
    const asked = permissionsAsked(rule.byField, request.body);
    await this.assertHolds(request.actor, asked, request, roomOf(rule, request));
  }

  /** Throws unless they hold one of the permissions. */
  private async assertHolds(
    actor: Actor,
    permissions: readonly Permission[],
    request: RequestWithActor,
    room: string | undefined,
    isEverywhere = false,
  ): Promise<void> {
    const may = (permission: Permission) =>
      isEverywhere ? actor.covers(permission, null) : actor.can(permission, room);
    if (permissions.some(may)) return;
    const [permission = ''] = permissions;
    const names = permissions.join(' or ');
    await this.recordRefusal(actor, names, request, room);
    if (room !== undefined && permissions.some((one) => actor.can(one))) {
      throw roomNotFound();
    }
    const where = isEverywhere ? ' in all rooms' : '';
    throw new AppError(
      'forbidden',
      'access.denied',
      `This needs the permission ${names}${where}, which you do not have. An admin can give it to you.`,
      { extra: permissions.length > 1 ? { permissions } : { permission } },
    );
  }

  private async limit(
    actor: Actor,
    rateLimit: number | null,
    budget: 'requests' | 'files',
  ): Promise<void> {
    let limiter = actor.kind === 'operator' ? this.operatorLimiters[budget] : undefined;
    if (actor.kind === 'api_key' && rateLimit !== null && actor.id) {
      limiter = this.keyLimiters.get(actor.id);
      if (!limiter || limiter.points !== rateLimit) {
        limiter = new RateLimit({ points: rateLimit, seconds: KEY_RATE_SECONDS });
        this.keyLimiters.set(actor.id, limiter);
      }
    }
    await limiter?.consume(actor.id ?? actor.label);
  }

  /** A refusal that cannot be written does not turn into a permission, and still answers 403. */
  private async recordRefusal(
    actor: Actor,
    permission: string,
    request: RequestWithActor,
    room?: string,
  ): Promise<void> {
    if (SAFE_METHODS.has(request.method)) return;
    await this.ledger
      .appendDurably({
        kind: 'access.refused',
        outcome: 'refused',
        actor,
        // The path is not validated yet: what is no room's name is not written down.
        room: nameText.safeParse(room).data ?? null,
        payload: { permission, method: request.method, route: request.routeOptions.url ?? '' },
      })
      .catch(() => undefined);
  }
}

function roomOf(
  { roomParam }: Extract<AccessRule, { kind: 'permission' }>,
  { params }: RequestWithActor,
): string | undefined {
  return roomParam ? (params as Record<string, string>)[roomParam] : undefined;
}

function anyOf({ permissions }: PermissionByField): readonly Permission[] {
  return [...new Set(Object.values(permissions))];
}

/** The permission that the field names; all of them where it cannot be read or names none. */
function permissionsAsked(byField: PermissionByField, body: unknown): readonly Permission[] {
  const value = fieldOf(body, byField.field);
  const { permissions } = byField;
  const asked =
    typeof value === 'string' && Object.hasOwn(permissions, value) ? permissions[value] : undefined;
  return asked ? [asked] : anyOf(byField);
}

/** Malformed bodies are refused later, with their own answer. */
function fieldOf(body: unknown, field: string): unknown {
  try {
    const value = body instanceof RawBody ? body.json() : body;
    return (value as Record<string, unknown> | null | undefined)?.[field];
  } catch {
    return undefined;
  }
}

import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { AppError, fieldError } from '../common/errors/app-error.js';
import { APP_CONFIG, type AppConfig, clientUrlOf } from '../config/app-config.js';
import { PgPool } from '../database/pg-pool.js';
import { compileGrant, type TokenClaims } from '../grants/compile-grant.js';
import { type IssuerCeiling, namesOf } from '../grants/issuer-ceiling.js';
import { isReservedIdentity } from '../grants/names.js';
import type { Allowed, Because } from '../grants/policy.js';
import type { RoleGrants, TemplateContent } from '../grants/role-grants.js';
import { withheldByHold } from '../grants/resolve.js';
import { formatTtl } from '../grants/ttl.js';
import { silence, silencingOf } from '../grants/silencing.js';
import type { Withheld } from '../grants/withhold.js';
import type { LedgerEntryInput, LedgerRef } from '../ledger/ledger-entry.js';
import { ledgerId } from '../ledger/ledger-entry.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { LiveKitClock } from '../livekit/livekit-clock.js';
import { TokenSigner } from '../livekit/signer.js';
import { newTokenId } from '../livekit/token-id.js';
import { Metrics } from '../metrics/metrics.service.js';
import { type PolicyFacts, PolicyReader, type Question } from '../policy/policy-reader.js';
import { LiveRooms } from '../rooms/live-rooms.js';
import { RoomsService } from '../rooms/rooms.service.js';
import { LeasesService } from '../seats/commands/leases.service.js';
import { SeatTokens } from '../seats/commands/seat-tokens.js';
import { UsersService } from '../users/users.service.js';
import { assertNotVoid } from './issuable.js';
import type { IssueBody } from './issuance.schemas.js';
import { actorName } from '../grants/actor-name.js';

export interface Issued {
  token: string;
  serverUrl: string;
  issuanceId: string;
  jti: string;
  identity: string;
  room: string | null;
  template: string;
  version: number;
  expiresAt: string;
  because: Because[];
}

/** The role that a token is for. */
interface Chosen {
  template: string;
  version: number;
  source: string;
  validUntil: Date | null;
  withheld: Withheld;
  played?: Allowed['played'];
}

/** A token that may be given out: everything but the ledger entry and the signature. */
interface Plan {
  facts: PolicyFacts;
  template: string;
  version: number;
  source: string;
  content: TemplateContent;
  /** The template's, without what is withheld now. */
  grants: RoleGrants;
  /** The issuer's, which the token carries; null = none. */
  ceiling: IssuerCeiling | null;
  claims: TokenClaims;
  because: Because[];
  ttlSeconds: number;
  /** A template was asked for that policy would not give: it becomes the seat's override. */
  isOverride: boolean;
}

/**
 * Where tokens are made that are given away (a moderator's own, for a look: `PeeksService`). A token leaves after its ledger entry is committed, and not
 * at all when it cannot be (rule 1); refusals are entries too.
 */
@Injectable()
export class IssuanceService {
  constructor(
    private readonly policy: PolicyReader,
    private readonly ledger: LedgerService,
    private readonly signer: TokenSigner,
    private readonly pg: PgPool,
    private readonly users: UsersService,
    private readonly rooms: RoomsService,
    private readonly liveRooms: LiveRooms,
    private readonly seats: SeatTokens,
    private readonly leases: LeasesService,
    private readonly metrics: Metrics,
    private readonly clock: LiveKitClock,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  /**
   * Issues a token to `actor`, who may be an operator or an API key.
   *
   * Throws `not_found` (user, room, template), `forbidden` with code `token.refused` and the reasons,
   * `unavailable` when the ledger cannot be written or `createRoom` cannot be kept.
   */
  async issue(actor: Actor, body: IssueBody): Promise<Issued> {
    const identity = await this.identityOf(body);
    const plan = await this.prepare(actor, body, identity);
    assertNotVoid(plan.facts);
    this.clock.assertTokensHold();
    await this.ensureLiveRoom(plan, body);
    const token = this.signer.sign(plan.claims);
    const ref = await this.record(actor, body, plan, token);
    this.metrics.issuances.inc({ outcome: 'issued' });
    return {
      token,
      serverUrl: clientUrlOf(this.config),
      issuanceId: ledgerId(ref),
      jti: plan.claims.jti,
      identity,
      room: body.room ?? null,
      template: plan.template,
      version: plan.version,
      expiresAt: new Date(plan.claims.exp * 1000).toISOString(),
      because: plan.because,
    };
  }

  /** What `issue` would do, signing and recording nothing. */
  async preview(actor: Actor, body: IssueBody) {
    const identity = await this.identityOf(body);
    const facts = await this.policy.read(questionOf(body, identity));
    this.assertVisible(actor, 'token.preview', body.room);
    if (body.room !== undefined && !facts.room) throw roomNotFound(body.room);
    if (!facts.user && !body.createUser) throw userNotFound(identity);
    const { claims, template, version, because } = await this.plan(actor, body, facts, false);
    return { claims, template, version, because };
  }

  /** What somebody would get in a room, and why; for the explorer and the console. */
  async explain(actor: Actor, room: string, identity: string) {
    this.assertVisible(actor, 'token.preview', room);
    const { facts, decision } = await this.policy.decide({ room, identity });
    if (!decision) throw roomNotFound(room);
    if (decision.verdict === 'refuse') {
      return { ...decision, template: null, version: null, source: null, grants: null, ttl: null };
    }
    const content = await this.policy.version(decision.template, decision.version);
    const ttl = Math.min(content.ttl ?? this.config.tokenTtl, this.config.tokenTtlMax);
    const grants = await this.tokenGrants(decision, content.grants, facts);
    return { ...decision, grants, ttl, isKnown: facts.user !== null };
  }

  private async identityOf(body: IssueBody): Promise<string> {
    if (body.identity !== undefined) return body.identity;
    const { rows } = await this.pg.query<{ identity: string }>(
      'issuance-identity',
      'SELECT identity FROM app_user WHERE id = $1',
      [body.user],
    );
    if (rows[0] && isReservedIdentity(rows[0].identity)) {
      throw fieldError('user', 'has an identity that Rolecall keeps to itself');
    }
    if (rows[0]) return rows[0].identity;
    throw new AppError('not_found', 'user.not_found', 'user: no user has this id', {
      errors: { user: 'no user has this id' },
    });
  }

  /** Decides, and only then creates what the request asks to be created: a refusal leaves nothing. */
  private async prepare(actor: Actor, body: IssueBody, identity: string): Promise<Plan> {
    const { room } = body;
    this.assertVisible(actor, 'token.issue', room);
    const facts = await this.leases.onceNothingIsDue(
      () => this.policy.read(questionOf(body, identity)),
      (told) => told,
    );
    if (room !== undefined && !facts.room) {
      await this.recordRefusal(actor, body, identity, 'room.not_found', []);
      throw roomNotFound(room);
    }
    if (!facts.user && !body.createUser) {
      await this.recordRefusal(actor, body, identity, 'user.not_found', []);
      throw userNotFound(identity);
    }
    if (facts.isRoomNew && !actor.can('room.create', room)) {
      await this.deny(actor, body, identity, 'room.create');
    }
    if (!facts.user && !actor.can('user.create')) {
      await this.deny(actor, body, identity, 'user.create');
    }
    const plan = await this.plan(actor, body, facts, true);
    if (!facts.isRoomNew && facts.user) return plan;
    if (facts.isRoomNew && room !== undefined) await this.rooms.ensure(actor, room);
    if (!facts.user) await this.users.ensure(actor, identity, body.name);
    // Somebody else may have been faster, and have made it otherwise.
    return this.plan(actor, body, await this.policy.read(questionOf(body, identity)), true);
  }

  private async plan(
    actor: Actor,
    body: IssueBody,
    facts: PolicyFacts,
    isReal: boolean,
  ): Promise<Plan> {
    this.assertTtl(body);
    const { identity, now } = facts;
    const permission = isReal ? 'token.issue' : 'token.preview';
    const { decision } = this.policy.decideFrom(facts);

    const refuse = async (code: string, because: Because[], detail?: string): Promise<never> => {
      if (isReal) await this.recordRefusal(actor, body, identity, code, because);
      const winner = because.find((item) => item.outcome === 'wins');
      throw new AppError(
        'forbidden',
        'token.refused',
        detail ?? winner?.text ?? 'No rule gives a role here.',
        { extra: { because, refusal: code } },
      );
    };

    if (facts.input?.seat?.peeksAt != null) {
      const text = 'This identity is a moderator’s own, for looking at somebody.';
      return refuse('peek.reserved', [], text);
    }
    let chosen: Chosen;
    let because: Because[] = decision?.because ?? [];
    if (body.template === undefined) {
      if (!decision) throw roomNotFound(body.room ?? '');
      if (decision.verdict === 'refuse') return refuse(decision.code, because);
      chosen = decision;
    } else {
      // Asking for what policy gives anyway asks for nothing more.
      const given = decision?.verdict === 'allow' ? decision : null;
      const mayAsk = !isReal || actor.can('token.issue_as', body.room);
      if (!mayAsk && given?.template !== body.template) {
        return this.deny(actor, body, identity, 'token.issue_as');
      }
      // What forbids a seat forbids it whatever role is asked for.
      if (decision?.verdict === 'refuse' && FINAL_REFUSALS.has(decision.code)) {
        return refuse(decision.code, because);
      }
      if (!decision && facts.user?.isSuspended) {
        return refuse('user.suspended', [], 'This user is suspended.');
      }
      if (!decision && facts.user?.isDeleted) {
        return refuse('user.deleted', [], 'This user was deleted.');
      }
      const asked = await this.requested(body.template);
      const isGiven = given?.template === asked.template && given.version === asked.version;
      if (!mayAsk && !isGiven) return this.deny(actor, body, identity, 'token.issue_as');
      const withheld = withheldByHold(facts.input?.seat?.hold ?? null, now);
      chosen = isGiven ? given : { ...asked, withheld };
      if (!isGiven) {
        because = [
          {
            rule: 'override',
            outcome: 'wins',
            text: `${actorName(actor.label, actor.kind)} asked for ${chosen.template} version ${chosen.version}.`,
            ref: identity,
            template: chosen.template,
          },
          ...because.map((item): Because =>
            item.outcome === 'wins' ? { ...item, outcome: 'loses' } : item,
          ),
        ];
      }
    }

    const content = await this.policy.version(chosen.template, chosen.version);
    this.assertFits(body, content.grants);
    const beyond = actor.exceeding(permission, content.grants, body.room);
    if (isReal && beyond.length > 0) {
      return refuse(
        'access.beyond_ceiling',
        because,
        `You may not hand out: ${beyond.join(', ')}. Nobody gives what they do not hold.`,
      );
    }

    const ceiling = body.room === undefined ? null : actor.ceilingFor(permission, body.room);
    const ttlSeconds = this.ttlOf(body, content, chosen.validUntil, now, because);
    const { user } = facts;
    const grants = await this.tokenGrants(chosen, content.grants, facts);
    const claims = compileGrant({
      grants,
      room: body.room ?? null,
      identity,
      kind: user?.kind ?? 'standard',
      // Who is yet to be created is called by their identity.
      name: body.name ?? user?.name ?? identity,
      metadata: body.metadata ?? (user?.metadata || content.metadata),
      attributes: { ...content.attributes, ...user?.attributes, ...body.attributes },
      ttlSeconds,
      issuer: this.config.livekit.apiKey,
      now,
      jti: newTokenId(now),
      bound: ceiling && { id: null, ceiling },
    });
    const isOverride =
      body.template !== undefined &&
      facts.room !== null &&
      content.grants.roomJoin &&
      !(
        decision?.verdict === 'allow' &&
        decision.template === chosen.template &&
        decision.version === chosen.version
      );
    return { facts, ...chosen, content, grants, ceiling, claims, because, ttlSeconds, isOverride };
  }

  /** Without what is withheld, unless whoever it is for is muted instead. */
  private async tokenGrants(
    { withheld, played }: Chosen,
    grants: RoleGrants,
    { user }: PolicyFacts,
  ): Promise<RoleGrants> {
    const replaced = played && (await this.policy.version(played.template, played.version));
    const silencing = silencingOf({ kind: user?.kind ?? null });
    return silence(grants, withheld, silencing, replaced?.grants).grants;
  }

  private async requested(template: string) {
    const { rows } = await this.pg.query<{ published: number | null; is_archived: boolean }>(
      'issuance-template',
      'SELECT published, is_archived FROM role_template WHERE key = $1',
      [template],
    );
    const found = rows[0];
    if (!found)
      throw fieldError('template', 'no role template has this key', 'role_template.not_found');
    if (found.published === null || found.is_archived) {
      throw fieldError(
        'template',
        found.is_archived ? 'is archived' : 'has no published version yet',
        'role_template.not_published',
      );
    }
    return { template, version: found.published, source: 'requested', validUntil: null };
  }

  private assertFits(body: IssueBody, grants: RoleGrants): void {
    if (body.room === undefined && (grants.roomJoin || grants.roomAdmin)) {
      throw fieldError('room', 'is required: this template joins or administers a room');
    }
  }

  private assertTtl({ ttl }: IssueBody): void {
    const max = this.config.tokenTtlMax;
    if (ttl === undefined || ttl <= max) return;
    throw fieldError('ttl', `must be at most ${formatTtl(max)} (ROLECALL_TOKEN_TTL_MAX)`);
  }

  /** Request over template over the server's default, within policy, never past the rule's own end. */
  private ttlOf(
    body: IssueBody,
    content: TemplateContent,
    validUntil: Date | null,
    now: Date,
    because: Because[],
  ): number {
    const max = this.config.tokenTtlMax;
    let ttl = body.ttl ?? content.ttl ?? this.config.tokenTtl;
    if (ttl > max) {
      ttl = max;
      because.push(
        note(`The template's lifetime is cut to ${formatTtl(max)}, the policy's longest.`),
      );
    }
    if (validUntil) {
      const left = Math.max(1, Math.floor((validUntil.getTime() - now.getTime()) / 1000));
      if (left < ttl) {
        ttl = left;
        because.push(note(`The token ends with the rule that gives it, in ${formatTtl(left)}.`));
      }
    }
    return ttl;
  }

  /**
   * LiveKit refuses a join to a room that does not run. `createRoom: true` promises that it runs
   * before the answer; otherwise it is tried for a moment, and issuing goes on without LiveKit.
   */
  private async ensureLiveRoom(plan: Plan, body: IssueBody): Promise<void> {
    const { room } = plan.facts;
    if (!room || !plan.content.grants.roomJoin || body.createRoom === false) return;
    if (body.createRoom) {
      await this.liveRooms.ensure(room);
    } else {
      await this.liveRooms.ensureSoon(room);
    }
  }

  private async record(
    actor: Actor,
    body: IssueBody,
    plan: Plan,
    token: string,
  ): Promise<LedgerRef> {
    const { claims } = plan;
    const entry: LedgerEntryInput = {
      kind: 'token.issued',
      outcome: 'ok',
      actor,
      room: body.room ?? null,
      identity: claims.sub,
      reason: body.reason ?? null,
      payload: {
        jti: claims.jti,
        tokenHash: createHash('sha256').update(token).digest('hex'),
        template: plan.template,
        version: plan.version,
        source: plan.source,
        grants: plan.grants,
        ceiling: plan.ceiling && plan.ceiling.map(namesOf),
        ttl: plan.ttlSeconds,
        expiresAt: new Date(claims.exp * 1000).toISOString(),
        claims,
        because: plan.because,
      },
    };
    if (plan.isOverride) return this.seats.override(actor, plan.facts, plan, entry);
    return this.ledger.appendDurably(entry);
  }

  private async deny(
    actor: Actor,
    body: IssueBody,
    identity: string,
    permission: string,
  ): Promise<never> {
    await this.recordRefusal(actor, body, identity, 'access.denied', []);
    throw new AppError('forbidden', 'access.denied', `This needs the permission ${permission}.`, {
      extra: { permission },
    });
  }

  private async recordRefusal(
    actor: Actor,
    body: IssueBody,
    identity: string,
    code: string,
    because: Because[],
  ): Promise<void> {
    this.metrics.issuances.inc({ outcome: 'refused' });
    await this.ledger.appendDurably({
      kind: 'token.refused',
      outcome: 'refused',
      actor,
      room: body.room ?? null,
      identity,
      reason: body.reason ?? null,
      payload: { code, template: body.template ?? null, because },
    });
  }

  /** A room outside the caller's limit does not exist for them. */
  private assertVisible(
    actor: Actor,
    permission: 'token.issue' | 'token.preview',
    room: string | undefined,
  ): void {
    if (room === undefined) {
      if (actor.roomsFor(permission) !== null) {
        throw fieldError('room', 'is required: your access is limited to some rooms');
      }
      return;
    }
    if (!actor.can(permission, room)) throw roomNotFound(room);
  }
}

const FINAL_REFUSALS = new Set<string>([
  'seat.blocked',
  'user.suspended',
  'user.deleted',
  'room.closed',
]);

function questionOf({ room, createRoom }: IssueBody, identity: string): Question {
  return { room: room ?? null, identity, mayRoomBeNew: createRoom === true };
}

function note(text: string): Because {
  return { rule: 'policy', outcome: 'note', text, ref: null, template: null };
}

function roomNotFound(room: string): AppError {
  return new AppError(
    'not_found',
    'room.not_found',
    `room: there is no room ${room.slice(0, 256)}`,
    {
      errors: { room: 'there is no such room; send createRoom: true to create it' },
    },
  );
}

function userNotFound(identity: string): AppError {
  const text = 'nobody has this identity; send createUser: true to add them';
  return new AppError(
    'not_found',
    'user.not_found',
    `identity: ${identity.slice(0, 256)}: ${text}`,
    {
      errors: { identity: text },
    },
  );
}

import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { AppError, fieldError } from '../common/errors/app-error.js';
import { beyondCeilingText } from '../common/errors/refusals.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { PgPool } from '../database/pg-pool.js';
import { actorName } from '../grants/actor-name.js';
import { compileGrant, type TokenClaims } from '../grants/compile-grant.js';
import type { IssuerCeiling, TokenBound } from '../grants/issuer-ceiling.js';
import type { Allowed, Because, Decision } from '../grants/policy.js';
import { reasonsWithin } from '../grants/reasons.js';
import { withheldByHold } from '../grants/resolve.js';
import { NO_GRANTS, type RoleGrants, type TemplateContent } from '../grants/role-grants.js';
import { narrow, type Narrowed } from '../grants/narrow.js';
import { silence, silencingOf } from '../grants/silencing.js';
import { formatTtl } from '../grants/ttl.js';
import type { Withheld } from '../grants/withhold.js';
import { newTokenId } from '../common/token-id.js';
import type { PolicyFacts } from '../policy/policy-facts.js';
import { PolicyReader } from '../policy/policy-reader.js';
import { publishedVersion } from '../role-templates/published-grants.js';
import type { IssueBody } from './issuance.schemas.js';
import { roomNotFound } from './issuance-refusals.js';

/** The role that a token is for, and why. */
export interface ChosenRole {
  readonly template: string;
  readonly version: number;
  readonly source: string;
  readonly validUntil: Date | null;
  readonly withheld: Withheld;
  readonly played?: Allowed['played'];
  readonly because: readonly Because[];
  /** A template was asked for that policy does not give: it becomes the seat's override. */
  readonly isBeyondPolicy: boolean;
  readonly content: TemplateContent;
  /** What of the template's grants the request asks for. */
  readonly narrowed: Narrowed;
}

/** A token that may be given out: everything but the ledger entry and the signature. */
export interface TokenPlan {
  readonly facts: PolicyFacts;
  readonly template: string;
  readonly version: number;
  readonly source: string;
  readonly content: TemplateContent;
  /** Names of what the request takes out of the role. */
  readonly narrowed: readonly string[];
  /** The template's, without what is withheld now. */
  readonly grants: RoleGrants;
  /** The issuer's, which the token carries; null = none. */
  readonly ceiling: IssuerCeiling | null;
  readonly claims: TokenClaims;
  readonly because: Because[];
  readonly ttlSeconds: number;
  readonly isOverride: boolean;
}

/** No token: by policy, or because of what the caller may not do. */
export class TokenRefused extends AppError {
  constructor(
    /** The ledger's word for the reason. */
    readonly refusal: string,
    readonly because: readonly Because[],
    error: AppError,
  ) {
    super(error.kind, error.code, error.message, error.options);
  }
}

/** These forbid a seat whatever role is asked for. */
const FINAL_REFUSALS = new Set<string>([
  'seat.blocked',
  'user.suspended',
  'user.deleted',
  'room.closed',
]);

/** Decides what a token would be. Writes nothing; what is refused throws `TokenRefused`. */
@Injectable()
export class TokenPlanner {
  constructor(
    private readonly policy: PolicyReader,
    private readonly pg: PgPool,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  /** `mayAskForAny`: for a template that policy does not give as well. */
  async chooseRole(
    actor: Actor,
    body: IssueBody,
    facts: PolicyFacts,
    mayAskForAny: boolean,
  ): Promise<ChosenRole> {
    this.assertTtl(body);
    if (facts.input?.seat?.peeksAt != null) {
      const text = 'This identity is reserved for a moderator’s peeks.';
      throw refused('peek.reserved', [], text);
    }
    const { decision: whole } = this.policy.decideFrom(facts);
    const limit = actor.roomLimit();
    const decision = whole && { ...whole, because: reasonsWithin(whole.because, limit) };
    const role =
      body.template === undefined
        ? givenBy(decision, body)
        : await this.askedFor(body.template, actor, facts, decision, mayAskForAny);
    const content = await this.policy.version(role.template, role.version);
    const narrowed = narrow(content.grants, body.grants ?? {});
    if (narrowed.beyond.length > 0) {
      const text = `The role ${role.template} does not give: ${narrowed.beyond.join(', ')}. Ask for a template that does.`;
      throw refused('token.beyond_role', role.because, text);
    }
    const { roomJoin, roomAdmin } = narrowed.grants;
    if (body.room === undefined && (roomJoin || roomAdmin)) {
      throw fieldError('room', 'is required: this template joins or administers a room');
    }
    const isWatched = this.config.isGateOn || this.config.gateSecret !== null;
    if (narrowed.taken.length > 0 && roomJoin && !isWatched) {
      const text = `would be given back at the join (${narrowed.taken.join(', ')}): a narrower role needs the gate`;
      throw fieldError('grants', text);
    }
    return { ...role, content, narrowed };
  }

  /** An agent comes with rights of its own, so it counts as one that the caller lets in. */
  assertMayDispatch(
    actor: Actor,
    { agents = [], room }: IssueBody,
    { narrowed }: ChosenRole,
  ): void {
    if (agents.length === 0) return;
    if (room === undefined || !narrowed.grants.roomJoin) {
      throw fieldError('agents', 'only a token that joins a room can dispatch agents');
    }
    if (!actor.can('token.issue_as', room)) throw permissionRefused('token.issue_as');
    const beyond = actor.exceeding('token.issue_as', { ...NO_GRANTS, agent: true }, room);
    if (beyond.length > 0) throw refused('access.beyond_ceiling', [], beyondCeilingText(beyond));
  }

  /** Throws when the role goes beyond what the actor may hand out (rule 5). */
  assertWithinCeiling(actor: Actor, { content, because }: ChosenRole, body: IssueBody): void {
    const beyond = actor.exceeding('token.issue', content.grants, body.room);
    if (beyond.length === 0) return;
    throw refused('access.beyond_ceiling', because, beyondCeilingText(beyond));
  }

  async compile(
    actor: Actor,
    permission: 'token.issue' | 'token.preview',
    body: IssueBody,
    facts: PolicyFacts,
    role: ChosenRole,
  ): Promise<TokenPlan> {
    const { identity, now, user } = facts;
    const { template, version, source, content, narrowed } = role;
    const because = [...role.because];
    const ceiling = body.room === undefined ? null : actor.ceilingFor(permission, body.room);
    const ttlSeconds = this.ttlOf(body, role, now, because);
    const grants = await this.tokenGrants(role, narrowed.grants, facts);
    const isNarrowed = narrowed.taken.length > 0;
    if (isNarrowed) {
      because.push(note(`Without ${narrowed.taken.join(', ')}: the request asks for less.`));
    }
    const bound = boundOf(body, ceiling, isNarrowed ? narrowed.grants : null);
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
      bound,
      agents: body.agents,
    });
    const isOverride = role.isBeyondPolicy && facts.room !== null && narrowed.grants.roomJoin;
    return {
      facts,
      template,
      version,
      source,
      content,
      narrowed: narrowed.taken,
      grants,
      ceiling,
      claims,
      because,
      ttlSeconds,
      isOverride,
    };
  }

  /** Without what is withheld, unless the participant is muted instead. */
  async tokenGrants(
    { withheld, played }: Pick<ChosenRole, 'withheld' | 'played'>,
    grants: RoleGrants,
    { user }: PolicyFacts,
  ): Promise<RoleGrants> {
    const replaced = played && (await this.policy.version(played.template, played.version));
    const silencing = silencingOf({ kind: user?.kind ?? null });
    return silence(grants, withheld, silencing, replaced?.grants).grants;
  }

  private async askedFor(
    template: string,
    actor: Actor,
    { identity, now, user, input }: PolicyFacts,
    decision: Decision | null,
    mayAskForAny: boolean,
  ): Promise<Omit<ChosenRole, 'content' | 'narrowed'>> {
    // Asking for what policy gives anyway asks for nothing more.
    const given = decision?.verdict === 'allow' ? decision : null;
    if (!mayAskForAny && given?.template !== template) throw permissionRefused('token.issue_as');
    if (decision?.verdict === 'refuse' && FINAL_REFUSALS.has(decision.code)) {
      throw refused(decision.code, decision.because);
    }
    if (!decision && user?.isSuspended) {
      throw refused('user.suspended', [], 'This user is suspended.');
    }
    if (!decision && user?.isDeleted) {
      throw refused('user.deleted', [], 'This user was deleted.');
    }
    const version = await publishedVersion(this.pg, template);
    if (given?.template === template && given.version === version) {
      return { ...given, isBeyondPolicy: false };
    }
    if (!mayAskForAny) throw permissionRefused('token.issue_as');
    const text = `${actorName(actor.label, actor.kind)} asked for ${template} version ${version}.`;
    return {
      template,
      version,
      source: 'requested',
      validUntil: null,
      withheld: withheldByHold(input?.seat?.hold ?? null, now),
      because: [
        { outcome: 'wins', ref: identity, rule: 'override', template, text },
        ...(decision?.because ?? []).map((item): Because =>
          item.outcome === 'wins' ? { ...item, outcome: 'loses' } : item,
        ),
      ],
      isBeyondPolicy: true,
    };
  }

  private assertTtl({ ttl }: IssueBody): void {
    const max = this.config.tokenTtlMax;
    if (ttl === undefined || ttl <= max) return;
    throw fieldError('ttl', `must be at most ${formatTtl(max)} (ROLECALL_TOKEN_TTL_MAX)`);
  }

  /** Request over template over the server's default, within policy, never past the rule's own end. */
  private ttlOf(
    body: IssueBody,
    { content, validUntil }: ChosenRole,
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
}

/** What was narrowed is within the issuer's ceiling already, since the whole role is. */
function boundOf(
  { room }: IssueBody,
  ceiling: IssuerCeiling | null,
  narrowed: RoleGrants | null,
): TokenBound | null {
  if (room === undefined) return null;
  if (narrowed) return { id: null, ceiling: [narrowed], isCut: true };
  return ceiling && { id: null, ceiling };
}

export function permissionRefused(permission: string): TokenRefused {
  const error = new AppError(
    'forbidden',
    'access.denied',
    `This needs the permission ${permission}.`,
    { extra: { permission } },
  );
  return new TokenRefused('access.denied', [], error);
}

/** The role that policy gives. */
function givenBy(
  decision: Decision | null,
  body: IssueBody,
): Omit<ChosenRole, 'content' | 'narrowed'> {
  if (!decision) throw roomNotFound(body.room ?? '');
  if (decision.verdict === 'refuse') throw refused(decision.code, decision.because);
  return { ...decision, isBeyondPolicy: false };
}

/** The rule that wins says why, unless `detail` does. */
function refused(refusal: string, because: readonly Because[], detail?: string): TokenRefused {
  const winner = because.find((item) => item.outcome === 'wins');
  const text = detail ?? winner?.text ?? 'No rule gives a role here.';
  const extra = { because, refusal };
  const error = new AppError('forbidden', 'token.refused', text, { extra });
  return new TokenRefused(refusal, because, error);
}

function note(text: string): Because {
  return { outcome: 'note', ref: null, rule: 'policy', template: null, text };
}

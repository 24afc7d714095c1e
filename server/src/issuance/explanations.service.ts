import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { fieldError } from '../common/errors/app-error.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { DatabaseClock } from '../database/database-clock.js';
import { SearchPool } from '../database/search-pool.js';
import { diffVersions } from '../grants/diff.js';
import { entranceOf } from '../grants/entrance.js';
import { exactPattern } from '../grants/pattern.js';
import type { Decision } from '../grants/policy.js';
import { reasonsWithin } from '../grants/reasons.js';
import { NO_GRANTS, type RoleGrants } from '../grants/role-grants.js';
import { silence, silencingOf } from '../grants/silencing.js';
import { LedgerLookup } from '../ledger/ledger-lookup.js';
import type { PastVersion } from '../policy/past/fold.js';
import { PastPolicyReader } from '../policy/past/past-policy.js';
import { PolicyReader } from '../policy/policy-reader.js';
import { roomNotFound } from './issuance-refusals.js';
import type { ExplainQuery, Explanation } from './explanations.schemas.js';
import { permissionRefused } from './token-planner.js';

/** What an explanation is made of, from the tables or from the log. */
interface Basis {
  readonly at: Date;
  readonly decision: Decision | null;
  readonly isKnown: boolean;
  readonly kind: string | null;
  readonly wasIssued: boolean;
  readonly unlistedParticipants: 'allow' | 'remove';
  readonly tokensVoidBefore: Date | null;
  readonly log: Explanation['log'];
  version(template: string, version: number): Promise<PastVersion | null>;
}

/** The role of somebody in a room, and why: now from the tables, at an earlier instant from the log. */
@Injectable()
export class ExplanationsService {
  constructor(
    private readonly policy: PolicyReader,
    private readonly searches: SearchPool,
    private readonly past: PastPolicyReader,
    private readonly ledger: LedgerLookup,
    private readonly clock: DatabaseClock,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  async explain(actor: Actor, query: ExplainQuery): Promise<Explanation> {
    const { room, identity, at, compareAt } = query;
    // A room outside the caller's limit does not exist for them.
    if (!actor.can('token.preview', room)) throw roomNotFound(room);
    if ((at || compareAt) && !actor.covers('ledger.read', exactPattern(room)))
      throw permissionRefused('ledger.read');
    const [basis, other] = await Promise.all([
      this.basisAt(actor, room, identity, at, 'at'),
      compareAt ? this.basisAt(actor, room, identity, compareAt, 'compareAt') : null,
    ]);
    const explanation = await this.toExplanation(actor, basis);
    if (!other) return explanation;
    const compared = await this.toExplanation(actor, other);
    return {
      ...explanation,
      compared: { ...compared, differences: differences(compared, explanation) },
    };
  }

  private basisAt(
    actor: Actor,
    room: string,
    identity: string,
    at: Date | undefined,
    field: string,
  ): Promise<Basis> {
    if (!at) return this.basisNow(room, identity);
    if (at > this.clock.now()) throw fieldError(field, 'must not be in the future');
    return this.basisThen(actor, room, identity, at);
  }

  private async basisNow(room: string, identity: string): Promise<Basis> {
    const { facts, decision } = await this.policy.decide({ room, identity });
    if (!decision) throw roomNotFound(room);
    return {
      at: facts.now,
      decision,
      isKnown: facts.user !== null,
      kind: facts.user?.kind ?? null,
      // It only matters to who has no role.
      wasIssued:
        decision.verdict === 'allow' ||
        facts.wasIssued ||
        (await this.ledger.wasIssued(room, identity)),
      unlistedParticipants: facts.room?.unlistedParticipants ?? 'allow',
      tokensVoidBefore: facts.tokensVoidBefore,
      log: null,
      version: (template, version) => this.policy.version(template, version),
    };
  }

  private async basisThen(actor: Actor, room: string, identity: string, at: Date): Promise<Basis> {
    const past = await this.searches.inTurn(actor, () => this.past.decide({ room, identity, at }));
    return {
      at,
      decision: past.decision,
      isKnown: past.isKnown,
      kind: past.userKind,
      wasIssued: past.wasIssued,
      unlistedParticipants: past.unlistedParticipants,
      tokensVoidBefore: past.tokensVoidBefore,
      log: { isComplete: past.gaps.length === 0, gaps: [...past.gaps] },
      version: async (template, version) => past.versions.get(`${template}@${version}`) ?? null,
    };
  }

  private async toExplanation(actor: Actor, basis: Basis): Promise<Explanation> {
    const { at, decision: whole, isKnown, tokensVoidBefore, log } = basis;
    const because = reasonsWithin(whole?.because ?? [], actor.roomLimit());
    const common = { at, because, isKnown, tokensVoidBefore, log };
    const nothing = { template: null, version: null, source: null, grants: null, ttl: null };
    if (whole?.verdict !== 'allow') {
      const code = whole?.code ?? 'room.not_found';
      const entrance = entranceOf(whole, { ...basis, grants: null });
      return { ...common, verdict: 'refuse', code, ...nothing, entrance };
    }
    const { template, version, played } = whole;
    const [content, replaced] = await Promise.all([
      basis.version(template, version),
      played ? basis.version(played.template, played.version) : null,
    ]);
    const own = content?.grants ?? null;
    const silencing = silencingOf({ kind: basis.kind });
    const grants = own && silence(own, whole.withheld, silencing, replaced?.grants).grants;
    const ttl = Math.min(content?.ttl ?? this.config.tokenTtl, this.config.tokenTtlMax);
    const entrance = entranceOf(whole, { ...basis, grants });
    return { ...whole, ...common, grants, ttl, entrance };
  }
}

/** What changed from `before` to `after`, as sentences. */
function differences(one: Explanation, other: Explanation): string[] {
  const [before, after] = one.at <= other.at ? [one, other] : [other, one];
  const texts: string[] = [];
  const roleOf = ({ template, version }: Explanation) =>
    template === null ? 'no role' : `${template} v${version}`;
  if (roleOf(before) !== roleOf(after)) texts.push(`${roleOf(before)} became ${roleOf(after)}.`);
  if (before.entrance.canComeIn !== after.entrance.canComeIn) {
    texts.push(
      after.entrance.canComeIn
        ? 'They could come in from then on.'
        : 'They could come in no longer.',
    );
  }
  const [had, has] = [before.grants ?? NO_GRANTS, after.grants ?? NO_GRANTS];
  texts.push(...diffVersions(contentOf(had), contentOf(has)).map(({ text }) => text));
  const why = [before, after].map(
    ({ because }) => because.find((item) => item.outcome === 'wins')?.text,
  );
  if (why[0] !== why[1]) texts.push(`Why: “${why[0] ?? '—'}” became “${why[1] ?? '—'}”`);
  if (before.tokensVoidBefore?.getTime() !== after.tokensVoidBefore?.getTime()) {
    texts.push(`Tokens made until ${after.tokensVoidBefore?.toISOString() ?? '—'} became void.`);
  }
  return texts;
}

function contentOf(grants: RoleGrants) {
  return { grants, ttl: null, metadata: '', attributes: {} };
}

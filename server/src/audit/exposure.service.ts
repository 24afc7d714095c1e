import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { fieldError } from '../common/errors/app-error.js';
import { timeOfTokenId } from '../common/token-id.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { DatabaseClock } from '../database/database-clock.js';
import { inParallel } from '../common/in-parallel.js';
import { likeOfPattern } from '../database/like-of-pattern.js';
import { SearchPool } from '../database/search-pool.js';
import { type Entrance, entranceOf } from '../grants/entrance.js';
import { ceilingOf, exceedsIssuer } from '../grants/issuer-ceiling.js';
import type { RoleGrants } from '../grants/role-grants.js';
import { type LivingToken, LivingTokens } from '../ledger/living-tokens.js';
import type { PolicyFacts } from '../policy/policy-facts.js';
import { PolicyReader } from '../policy/policy-reader.js';
import { isVoided } from '../proofs/voided.js';
import { SeatReader, type SeatSession } from '../seats/public/seats.js';
import {
  barsOf,
  type Exposure,
  horizonOf,
  inOrder,
  LEEWAY_MS,
  REFRESHED_MS,
  revoking,
  type RevokingAct,
} from './exposure.js';
import type { ExposureQuery } from './exposure.schemas.js';

/** More tokens or sessions than this are not looked at at once; the answer says so. */
const MAX_LOOKED_AT = 5_000;
/** Tokens are decided over the same connections. */
const DECIDED_AT_ONCE = 3;

interface SeatName {
  readonly room: string;
  readonly identity: string;
}

/** What policy says of a seat now. */
interface Standing {
  readonly facts: PolicyFacts;
  readonly template: string | null;
  readonly version: number | null;
  readonly grants: RoleGrants | null;
  readonly entrance: Entrance;
}

/** What one issued token is good for now, whether it has expired or not. */
export interface StandingOfToken {
  readonly exposure: Exposure;
  /** What they would come in with; null: nothing. */
  readonly grants: RoleGrants | null;
  readonly voidBefore: Date | null;
  readonly isVoid: boolean;
}

/** Who could still come in: tokens that live, and the refreshed ones of people who are or were there. */
@Injectable()
export class ExposureService {
  constructor(
    private readonly searches: SearchPool,
    private readonly tokens: LivingTokens,
    private readonly seats: SeatReader,
    private readonly policy: PolicyReader,
    private readonly clock: DatabaseClock,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  async list(actor: Actor, query: ExposureQuery) {
    const { limit, cursor: offset, stopped, template, revoke, openAt } = query;
    assertScope(revoke, query);
    const now = this.clock.now();
    const { all, isPartial } = await this.searches.inTurn(actor, () =>
      this.readAll(actor, query, now),
    );
    const matching = all.filter((one) => template === undefined || one.template === template);
    const open = matching.filter(({ entrance }) => entrance.canComeIn);
    const chosen = stopped ? matching : open;
    const shown = inOrder(openAt ? chosen.filter(({ until }) => until > openAt) : chosen);
    const page = shown.slice(offset, offset + limit);
    const last = this.longestMs() + LEEWAY_MS;
    return {
      data: page,
      // Tokens that were not looked at expire before then.
      horizon: isPartial ? new Date(now.getTime() + last) : horizonOf(open),
      isPartial,
      isGated: this.isGated(),
      counts: {
        tokens: open.filter(({ source }) => source === 'issued').length,
        sessions: open.filter(({ source }) => source === 'session').length,
        stopped: matching.length - open.length,
      },
      bars: barsOf(open, now),
      ...(revoke ? { revoking: revoking(revoke, open, query) } : {}),
      pageInfo: {
        next: offset + limit < shown.length ? String(offset + limit) : null,
        prev: offset > 0 ? String(Math.max(0, offset - limit)) : null,
      },
    };
  }

  async standingOf(token: LivingToken): Promise<StandingOfToken> {
    const standing = await this.standing(token);
    const exposure = this.ofToken(token, standing);
    const voidBefore = standing.facts.tokensVoidBefore;
    return { exposure, grants: standing.grants, voidBefore, isVoid: exposure.entrance === VOID };
  }

  private async readAll(
    actor: Actor,
    { room, identity, issuer }: ExposureQuery,
    now: Date,
  ): Promise<{ all: Exposure[]; isPartial: boolean }> {
    const rooms = actor.roomsFor('ledger.read')?.map(likeOfPattern) ?? null;
    const of = { room, identity, issuer, rooms };
    const longestMs = this.longestMs() + LEEWAY_MS;
    const alive = new Date(now.getTime() - LEEWAY_MS);
    const asked = { now: alive, longestMs, limit: MAX_LOOKED_AT + 1 };
    const since = new Date(now.getTime() - Math.max(REFRESHED_MS + LEEWAY_MS, this.joinLifeMs()));
    const [tokens, sessions] = await Promise.all([
      this.tokens.list(of, asked),
      // Who issued what a session came from is told by its lineage.
      issuer === undefined
        ? this.seats.listSessions({ room, identity, rooms, since }, MAX_LOOKED_AT + 1)
        : [],
    ]);
    const isPartial = tokens.length > MAX_LOOKED_AT || sessions.length > MAX_LOOKED_AT;
    const [issued, refreshed] = [tokens.slice(0, MAX_LOOKED_AT), sessions.slice(0, MAX_LOOKED_AT)];
    const standingOf = await this.standingsOf([...issued, ...refreshed]);
    const all = [
      ...issued.map((token) => this.ofToken(token, standingOf(token))),
      ...refreshed.flatMap((session) => {
        const one = this.ofSession(session, standingOf(session), now);
        return one.until > now ? [one] : [];
      }),
    ];
    return { all, isPartial };
  }

  private ofToken(token: LivingToken, standing: Standing): Exposure {
    const { room, identity, jti, issuanceId, issuedAt, issuer, isUnreadable } = token;
    return {
      room,
      identity,
      name: standing.facts.user?.name ?? null,
      template: standing.template,
      version: standing.version,
      source: 'issued',
      until: new Date(token.expiresAt.getTime() + LEEWAY_MS),
      isRenewed: false,
      jti: jti === '' ? null : jti,
      refreshed: false,
      issuanceId,
      issuedAt,
      issuer,
      isUnreadable,
      entrance: this.entranceWithToken(token, standing),
    };
  }

  private entranceWithToken({ jti, issuedAt, ceiling }: LivingToken, standing: Standing): Entrance {
    const { facts, grants, entrance } = standing;
    const madeAt = new Date(timeOfTokenId(jti) ?? issuedAt.getTime());
    if (facts.tokensVoidBefore && madeAt <= facts.tokensVoidBefore) return VOID;
    if (!entrance.canComeIn || !grants || ceiling === null || !this.isGated()) return entrance;
    const beyond = exceedsIssuer(grants, ceilingOf(ceiling));
    if (beyond.length === 0) return entrance;
    const text = 'Their role is more than the issuer of the token may give.';
    return { canComeIn: false, code: 'gate.above_issuer_ceiling', text };
  }

  private ofSession(session: SeatSession, standing: Standing, now: Date): Exposure {
    const { room, identity, isPresent, joinedAt, leftAt } = session;
    const lastRefresh = isPresent ? now : (leftAt ?? now);
    const until = Math.max(
      lastRefresh.getTime() + REFRESHED_MS,
      joinedAt.getTime() + this.joinLifeMs(),
    );
    const { tokensVoidBefore } = standing.facts;
    const refreshed = { madeAt: lastRefresh, isRefreshed: true };
    const isVoid = tokensVoidBefore !== null && isVoided(refreshed, tokensVoidBefore, session);
    return {
      room,
      identity,
      name: standing.facts.user?.name ?? null,
      template: standing.template,
      version: standing.version,
      source: 'session',
      until: new Date(until + LEEWAY_MS),
      isRenewed: isPresent,
      jti: null,
      refreshed: true,
      issuanceId: null,
      issuedAt: null,
      issuer: null,
      isUnreadable: false,
      entrance: isVoid ? VOID : standing.entrance,
    };
  }

  private async standingsOf(seats: readonly SeatName[]): Promise<(of: SeatName) => Standing> {
    const names = new Map(seats.map((seat) => [keyOf(seat), seat]));
    const standings = new Map<string, Standing>();
    await inParallel([...names], DECIDED_AT_ONCE, async ([key, seat]) => {
      standings.set(key, await this.standing(seat));
    });
    return (of) => standings.get(keyOf(of)) as Standing;
  }

  private async standing({ room, identity }: SeatName): Promise<Standing> {
    const { facts, decision } = await this.policy.decide({ room, identity });
    const role = decision?.verdict === 'allow' ? decision : null;
    const grants = role && (await this.policy.version(role.template, role.version)).grants;
    const unlistedParticipants = facts.room?.unlistedParticipants ?? 'allow';
    // A token of Rolecall was issued for them, or they came in by one that was not.
    const entrance = entranceOf(decision, {
      grants,
      wasIssued: facts.wasIssued,
      unlistedParticipants,
    });
    return {
      facts,
      template: role?.template ?? null,
      version: role?.version ?? null,
      grants,
      entrance,
    };
  }

  private isGated(): boolean {
    return this.config.isGateOn || this.config.gateSecret !== null;
  }

  private longestMs(): number {
    return this.config.tokenTtlMax * 1_000;
  }

  /** How long the token lives that opened a connection: behind the gate it is the gate's own. */
  private joinLifeMs(): number {
    return this.isGated() ? 0 : this.longestMs();
  }
}

const VOID: Entrance = {
  canComeIn: false,
  code: 'token.voided',
  text: 'The token was voided.',
};

function keyOf({ room, identity }: SeatName): string {
  return JSON.stringify([room, identity]);
}

function assertScope(act: RevokingAct | undefined, { room, identity }: ExposureQuery): void {
  const needsRoom = act === 'block' || act === 'close_room';
  const needsIdentity = act === 'block' || act === 'suspend';
  if (needsRoom && room === undefined) throw fieldError('room', `is required with revoke=${act}`);
  if (needsIdentity && identity === undefined) {
    throw fieldError('identity', `is required with revoke=${act}`);
  }
}

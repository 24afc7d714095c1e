import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';
import { WHY_NOT_IN } from '../common/errors/why-not-in.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { DatabaseClock } from '../database/database-clock.js';
import { isGateTokenId } from '../livekit/gate-token.js';
import type { BroughtByToken } from '../grants/brought.js';
import { samePermission } from '../grants/compile-grant.js';
import { namesOf, type TokenBound } from '../grants/issuer-ceiling.js';
import { LiveKitClock } from '../livekit/livekit-clock.js';
import { isPathStep, isReservedIdentity } from '../grants/names.js';
import { isStorable } from '../livekit/storable.js';
import { type TokenFacts, TokenReader } from '../livekit/token-reader.js';
import { awaitedCeilings } from '../policy/policy-facts.js';
import { beyondIssuer, type Evaluation, SeatPolicy } from '../seats/public/policy.js';
import { type Admission, AdmissionStore, SeatTokens } from '../seats/public/tokens.js';
import { isVoided } from './voided.js';

/** A token that identifies a participant, and what policy says of them now. */
export interface ValidProof {
  readonly kind: 'proved';
  readonly token: TokenFacts;
  readonly evaluation: Evaluation;
  /** What the connection is bound to, under its own name; null: to nothing. */
  readonly bound: TokenBound | null;
  /** It may be of the connection that the gate let in last, and of no other one that it knows. */
  readonly isOfLastConnection: boolean;
}

/** A connect that was let in, by the name of its decision; null: it leaves its seat as it is. */
export interface Takeover {
  readonly room: string;
  readonly identity: string;
  readonly key: string | null;
}

/** How a connect goes on. */
export interface Entrance {
  /** The caller joins the sockets, and says with `takesOver` or `withdraw` what came of it. */
  readonly isJoinedHere: boolean;
  /** It opens a connection: no resume. */
  readonly isNew: boolean;
}

export interface Admittance {
  /** They must not connect before, by this server's clock. */
  readonly notBefore: Date | null;
  readonly takeover: Takeover;
}

export interface RefusedProof {
  readonly kind: 'refused';
  readonly status: 401 | 403;
  readonly code: string;
  /** For the participant: reveals nothing that they may not know. */
  readonly text: string;
  /** Null for what is no valid token. */
  readonly token: TokenFacts | null;
  readonly evaluation: Evaluation | null;
}

export type Proof = ValidProof | RefusedProof;

const REFUSALS: Readonly<Record<string, string>> = {
  ...WHY_NOT_IN,
  'room.not_found': 'There is no such room.',
  'peek.over': 'The peek is over.',
  'gate.token_is_no_proof': 'This token does not identify you. Use the one that you were given.',
  'gate.above_issuer_ceiling':
    'Your link does not cover the role that you have now. Ask somebody who may give this role for a new link.',
  'gate.identity_reserved': 'This identity is reserved for Rolecall.',
  'token.voided': 'This link is no longer valid. Ask for a new one.',
  unlisted: 'This room is for invited participants only.',
};

/**
 * Identifies participants by the LiveKit token for their room; its rights do not matter. Used at
 * every connect and by every route for participants.
 */
@Injectable()
export class ParticipantProofs {
  private readonly reader: TokenReader;

  constructor(
    private readonly policy: SeatPolicy,
    private readonly admissions: AdmissionStore,
    private readonly seatTokens: SeatTokens,
    private readonly database: DatabaseClock,
    private readonly livekit: LiveKitClock,
    @Inject(APP_CONFIG) config: AppConfig,
  ) {
    this.reader = new TokenReader(config.livekit);
  }

  /** The content of a valid token; the time of a refreshed one is converted from LiveKit's clock. */
  read(presented: string): TokenFacts | null {
    const token = this.reader.read(presented, this.database.now());
    if (!token?.isRefreshed || !token.madeAt) return token;
    return { ...token, madeAt: this.livekit.toDatabase(token.madeAt) };
  }

  /**
   * Refuses a token that is not valid or was voided, and people who may not be in the room now.
   * Writes nothing but an end that is due of the seat. Throws `unavailable` when Postgres cannot be
   * asked.
   */
  async check(presented: string): Promise<Proof> {
    const token = this.read(presented);
    if (!token) {
      const text = 'The token is not valid.';
      const code = 'gate.token_invalid';
      return { kind: 'refused', status: 401, code, text, token: null, evaluation: null };
    }
    if (isGateTokenId(token.jti)) return refuseProof('gate.token_is_no_proof', token, null);
    const isKnowable = isStorable(token.identity) && isStorable(token.room);
    const evaluation = isKnowable ? await this.evaluate(token) : null;
    if (!evaluation) return refuseProof('room.not_found', token, null);
    const isNobodys =
      isPathStep(token.identity) ||
      (isReservedIdentity(token.identity) && evaluation.input.seat?.peeksAt == null);
    if (isNobodys) {
      return refuseProof('gate.identity_reserved', token, evaluation);
    }
    if (evaluation.wanted.kind === 'out') {
      return refuseProof(evaluation.wanted.code, token, evaluation);
    }
    if (await this.isVoided(token, evaluation)) {
      return refuseProof('token.voided', token, evaluation);
    }
    const { admitted } = evaluation.facts;
    const isAnotherAwaited = awaitedCeilings({ ...evaluation.facts, admitted: null }).length > 0;
    if (!token.bound) {
      const isOfLastConnection = admitted === null && !isAnotherAwaited;
      return { kind: 'proved', token, evaluation, bound: null, isOfLastConnection };
    }
    if (!token.bound.isCut && beyondIssuer(evaluation, token.bound).length > 0) {
      return refuseProof('gate.above_issuer_ceiling', token, evaluation);
    }
    const isKnown = token.bound.id !== null && token.bound.id === admitted?.id;
    const isOfLastConnection = isKnown && evaluation.facts.awaited.length === 0;
    const bound = { ...token.bound, id: isKnown ? token.bound.id : randomUUID() };
    return { kind: 'proved', token, evaluation, bound, isOfLastConnection };
  }

  /**
   * Notes an admission where that decides anything later: which refreshed tokens are valid while
   * older ones are void, and what the connection that comes up is bound to.
   */
  async admit(proved: ValidProof, entrance: Entrance): Promise<Admittance> {
    const [from, takeover] = await Promise.all([
      this.admitAfterVoiding(proved),
      this.awaitConnection(proved, entrance),
    ]);
    const notBefore = from && new Date(Date.now() + from.getTime() - this.database.now().getTime());
    return { notBefore, takeover };
  }

  /**
   * What a stranger comes with is what they have when the role ends that replaces it. A refreshed
   * token counts only while nothing is noted: then they had no role yet, and it is from before one.
   * What a scene or a hold took from them is given back in the same way.
   */
  async noteBrought(
    { token: { room, identity, isRefreshed }, evaluation: { facts, wanted } }: ValidProof,
    brought: BroughtByToken | null,
  ): Promise<void> {
    if (facts.wasIssued || !brought) return;
    const { uncovered } = facts;
    if (
      uncovered?.isKept &&
      !isRefreshed &&
      !samePermission(uncovered.permission, brought.permission)
    ) {
      await this.admissions.bringUnderScene(room, identity, brought.permission);
    }
    if (wanted.kind !== 'role' && (isRefreshed || !facts.brought)) return;
    await this.admissions.bring(room, identity, brought, { mayReplace: !isRefreshed });
  }

  /**
   * LiveKit has let a new connection in. False when another one has taken the seat since, or may have
   * done so; for one that is not noted: when a bound one was let in at the same time.
   */
  takesOver({ room, identity, key }: Takeover): Promise<boolean> {
    return key === null
      ? this.admissions.isUnbound(room, identity)
      : this.admissions.confirm(room, identity, key);
  }

  /** LiveKit has not let it in. */
  async withdraw({ room, identity, key }: Takeover): Promise<void> {
    if (key !== null) await this.admissions.withdraw(room, identity, key);
  }

  /** A connection without a ceiling costs no write where none with one can be there. */
  private async awaitConnection(
    { token, evaluation, bound }: ValidProof,
    { isJoinedHere, isNew }: Entrance,
  ): Promise<Takeover> {
    const { room, identity } = token;
    const { admitted, awaited } = evaluation.facts;
    if (!isNew || (!bound && !admitted && awaited.length === 0)) {
      return { room, identity, key: null };
    }
    const key = isJoinedHere ? randomUUID() : null;
    await this.admissions.await(room, identity, {
      ...(key === null ? {} : { key }),
      id: bound?.id ?? null,
      ceiling: bound && bound.ceiling.map(namesOf),
    });
    return { room, identity, key };
  }

  private async admitAfterVoiding({ token, evaluation }: ValidProof): Promise<Date | null> {
    const { tokensVoidBefore, now } = evaluation.facts;
    if (!tokensVoidBefore || token.isRefreshed) return null;
    // The first connect after voiding waits for the next second: tokens that LiveKit refreshed from a
    // voided one then have an earlier time, and this connect ends the connection that they were for.
    const from = new Date(Math.ceil(now.getTime() / 1_000) * 1_000);
    return this.admissions.admitAfterVoiding(token.room, token.identity, {
      proofAt: token.madeAt,
      from,
      voidBefore: tokensVoidBefore,
      now,
    });
  }

  /** Null for a room that Rolecall does not have. */
  private async evaluate({ room, identity }: TokenFacts): Promise<Evaluation | null> {
    try {
      const evaluation = await this.seatTokens.onceNothingIsDue(
        () => this.policy.evaluate(room, identity),
        ({ facts }) => facts,
      );
      if (evaluation.facts.wasIssued) return evaluation;
      // They never came before: only the ledger can tell that a token was issued to them.
      if (!(await this.admissions.findIssued(room, identity))) return evaluation;
      return await this.policy.evaluate(room, identity);
    } catch (error) {
      if (error instanceof AppError && error.kind === 'not_found') return null;
      throw error;
    }
  }

  private async isVoided(token: TokenFacts, { facts }: Evaluation): Promise<boolean> {
    const { tokensVoidBefore } = facts;
    if (!tokensVoidBefore) return false;
    return isVoided(token, tokensVoidBefore, await this.lastAdmission(token));
  }

  private async lastAdmission({ room, identity, isRefreshed }: TokenFacts): Promise<Admission> {
    if (!isRefreshed) return { proofAt: null, admittedAt: null };
    return this.admissions.lastAdmission(room, identity);
  }
}

export function refuseProof(
  code: string,
  token: TokenFacts,
  evaluation: Evaluation | null,
  text = REFUSALS[code] ?? 'You have no role in this room.',
): RefusedProof {
  return { kind: 'refused', status: 403, code, text, token, evaluation };
}

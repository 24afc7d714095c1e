import { randomUUID } from 'node:crypto';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';
import { networkOf } from '../common/http/client-address.js';
import { RateLimit } from '../common/rate-limit.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { compileGrant } from '../grants/compile-grant.js';
import { reasonsForAll } from '../grants/reasons.js';
import { publishOnly } from '../grants/withhold.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { newGateTokenId } from '../livekit/gate-token.js';
import { RoomsPort } from '../livekit/rooms-port.js';
import { type TokenClaims, TokenSigner } from '../livekit/signer.js';
import { LiveKitClock } from '../livekit/livekit-clock.js';
import { isStorable } from '../livekit/storable.js';
import type { TokenFacts } from '../livekit/token-reader.js';
import { isWhipToken, WHIP_KIND } from '../livekit/whip.js';
import type { PolicyUser } from '../policy/policy-facts.js';
import { PolicyReader } from '../policy/policy-reader.js';
import { LiveRooms } from '../rooms/live-rooms.js';
import type { Evaluation } from '../seats/public/policy.js';
import {
  BUSY,
  type ConnectRequest,
  type GateAdmission,
  type GateAnswer,
  type GateRefusal,
  NO_SESSION,
  NOT_RUNNING,
  NOTHING_TO_PUBLISH,
  PATH_CLOSED,
} from './gate-answers.js';
import {
  broughtBy,
  markedAsWhip,
  mayPublishByWhip,
  nobodysClaims,
  openedGrants,
  TOKEN_SECONDS,
  uncoveredClaims,
} from './gate-claims.js';
import {
  bareResume,
  type GateTarget,
  isProbe,
  isResume,
  isWhip,
  presentedToken,
} from './gate-paths.js';
import {
  type Admittance,
  ParticipantProofs,
  type Proof,
  type ValidProof,
  refuseProof,
} from '../proofs/participant-proofs.js';

/**
 * Decides every connect. The token that a client presents identifies it and gives it no rights; the
 * gate sends LiveKit a new token with what policy gives now.
 */
@Injectable()
export class GateService {
  private readonly log = new Logger(GateService.name);
  private readonly connects: RateLimit;

  constructor(
    private readonly proofs: ParticipantProofs,
    private readonly templates: PolicyReader,
    private readonly signer: TokenSigner,
    private readonly ledger: LedgerService,
    private readonly liveRooms: LiveRooms,
    private readonly rooms: RoomsPort,
    private readonly clock: LiveKitClock,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {
    this.connects = new RateLimit(config.rateConnect);
  }

  /** Fails closed: without Postgres, or without the decision's ledger entry, every connect is refused. */
  async decide(connectRequest: ConnectRequest): Promise<GateAnswer> {
    if (isWhip(connectRequest.target) && !this.config.isWhipOn) return PATH_CLOSED;
    // LiveKit would let `x` in as `x#name`: an identity that nobody has checked.
    if (connectRequest.target.query.has('publish')) {
      const text = 'Connections that only publish are not allowed.';
      return { status: 403, code: 'gate.publish_only', text };
    }
    const presented = presentedToken(connectRequest.target, connectRequest.authorization);
    if (await this.isTooOften(connectRequest, presented)) return BUSY;
    try {
      return await this.answer(connectRequest, await this.proofs.check(presented));
    } catch (error) {
      if (!(error instanceof AppError) || error.kind !== 'unavailable') throw error;
      this.log.warn(`every connect is refused: ${error.message}`, { error });
      return { status: 503, code: error.code, text: 'Rolecall cannot decide now. Try again.' };
    }
  }

  /**
   * Every connect with a valid token is written down, also of somebody who is blocked: they must not
   * fill the log. By address as well, so that a token in wrong hands keeps nobody out.
   */
  private async isTooOften({ target, ip }: ConnectRequest, presented: string): Promise<boolean> {
    const token = this.proofs.read(presented);
    if (!token) return false;
    const key = [target.action, token.room, token.identity, networkOf(ip)];
    try {
      await this.connects.consume(JSON.stringify(key));
      return false;
    } catch (error) {
      if (error instanceof AppError && error.kind === 'too_many') return true;
      throw error;
    }
  }

  /**
   * Looks at a resume again when LiveKit has begun with it: `refreshed` is the token of the connection
   * that LiveKit gave it, and the client has heard nothing yet. Null: it may go on.
   */
  async checkResumed(
    connectRequest: ConnectRequest,
    refreshed: string | null,
  ): Promise<GateAnswer | null> {
    const { target, authorization } = connectRequest;
    const proof = await this.proofs.check(presentedToken(target, authorization));
    if (proof.kind === 'proved' && this.isOwnConnection(proof, refreshed)) return null;
    if (proof.kind === 'refused') return this.answer(connectRequest, proof);
    await this.recordRefusal(connectRequest, proof.token, proof.evaluation, NO_SESSION.code);
    return this.refuseResume(connectRequest, proof);
  }

  /**
   * Whether a connection that LiveKit has let in is the seat's. Its token may be bound, and another
   * connection may have taken the seat since the decision.
   */
  takesOver({ takeover }: GateAdmission): Promise<boolean> {
    return this.proofs.takesOver(takeover);
  }

  /** LiveKit has not let it in. The connection that is there keeps what it is bound to. */
  async withdraw({ takeover }: Pick<GateAdmission, 'takeover'>): Promise<void> {
    await this.proofs.withdraw(takeover).catch((error: unknown) => {
      this.log.warn(`a connect that failed counts as awaited: ${String(error)}`);
    });
  }

  /** LiveKit said that the room does not run though it should. */
  async startRoom(room: string): Promise<void> {
    const { room: known } = await this.templates.read({ room, identity: '' });
    if (known) await this.liveRooms.ensure(known);
  }

  private async answer(connectRequest: ConnectRequest, proof: Proof): Promise<GateAnswer> {
    if (proof.kind === 'refused') {
      await this.recordRefusal(connectRequest, proof.token, proof.evaluation, proof.code);
      return { status: proof.status, code: proof.code, text: proof.text };
    }
    const refusal = await this.refusalOf(connectRequest, proof);
    if (refusal) {
      await this.recordRefusal(connectRequest, proof.token, proof.evaluation, refusal.code);
      const isResumeRefused = refusal === NO_SESSION && isResume(connectRequest.target);
      return isResumeRefused ? this.refuseResume(connectRequest, proof) : refusal;
    }
    return isProbe(connectRequest.target)
      ? this.confirm(connectRequest, proof)
      : this.admit(connectRequest, proof);
  }

  /** Why a participant who may be in the room may not do this now; null when they may. */
  private async refusalOf(
    { target, isJoinedHere = false }: ConnectRequest,
    proof: ValidProof,
  ): Promise<GateRefusal | null> {
    const { action, sid } = target;
    const { token, evaluation } = proof;
    const { wanted } = evaluation;
    if (wanted.kind === 'role' && !wanted.role.grants.roomJoin) {
      const { status, code, text } = refuseProof('gate.role_does_not_join', token, evaluation);
      return { status, code, text };
    }
    if (isResume(target) && !(await this.mayResume(proof, isJoinedHere))) return NO_SESSION;
    if (action === 'whip_publish') {
      if (!mayPublishByWhip(proof)) return NOTHING_TO_PUBLISH;
      // LiveKit would make the room, with none of its options, whatever `auto_create` says.
      if (!(await this.liveRooms.isRunning(token.room))) return NOT_RUNNING;
    }
    if (action === 'whip_session' && !(await this.isOwnSession(token, sid))) return NO_SESSION;
    return null;
  }

  /**
   * LiveKit (v1.13.5) gives a resume the connection of its identity, whichever token that came with,
   * and then that connection's refreshed token. Where nobody looks at that one, it may be a wider one.
   */
  private async mayResume(
    { token, bound, isOfLastConnection }: ValidProof,
    isLookedAtAgain: boolean,
  ): Promise<boolean> {
    if (!isOfLastConnection || (bound !== null && !isLookedAtAgain)) return false;
    const participant = await this.rooms.findParticipant(token.room, token.identity);
    return participant?.kind !== WHIP_KIND;
  }

  private isOwnConnection(
    { bound, isOfLastConnection }: ValidProof,
    refreshed: string | null,
  ): boolean {
    const connection = refreshed === null ? null : this.proofs.read(refreshed);
    if (!connection || !isOfLastConnection || isWhipToken(connection)) return false;
    return connection.bound?.id === bound?.id;
  }

  /**
   * LiveKit's clients try to resume until they give up, unless LiveKit itself says that it does not
   * have their connection: then they connect afresh at once. So LiveKit is asked for one of nobody.
   */
  private async refuseResume(
    { target }: ConnectRequest,
    { token: { room }, evaluation }: ValidProof,
  ): Promise<GateAdmission> {
    await this.liveRooms.ensureSoon(evaluation.room);
    const identity = `nobody:${randomUUID()}`;
    const token = this.signer.sign(nobodysClaims(identity, room, this.clock.now()));
    return {
      ...admission(bareResume(target), token, unnoted(room, identity)),
      isResumeRefused: true,
    };
  }

  /** LiveKit finds a WHIP session by its id alone; only its list of participants says whose it is. */
  private async isOwnSession({ room, identity }: TokenFacts, sid: string | null): Promise<boolean> {
    const participant = await this.rooms.findParticipant(room, identity);
    return participant !== null && participant.sid === sid;
  }

  /** The answer to a probe, as LiveKit would give it, without a token for it. */
  private async confirm(
    { target }: ConnectRequest,
    { token: { identity }, evaluation: { room } }: ValidProof,
  ): Promise<GateAnswer> {
    await this.liveRooms.ensureSoon(room);
    if (!(await this.liveRooms.isRunning(room.name))) return NOT_RUNNING;
    return admission(target, null, unnoted(room.name, identity));
  }

  private async admit(connectRequest: ConnectRequest, proof: ValidProof): Promise<GateAnswer> {
    const { token, evaluation } = proof;
    const { target, isJoinedHere = false } = connectRequest;
    const isNew = target.action !== 'whip_session' && !isResume(target);
    const admitting =
      target.action === 'whip_session'
        ? Promise.resolve(unnoted(token.room, token.identity))
        : this.proofs.admit(proof, { isJoinedHere, isNew });
    try {
      // At once, since each asks Postgres: who waits here hears nothing of the room.
      const [given, admittance] = await Promise.all([
        this.mintToken(proof, isWhip(target)),
        admitting,
        // Also at a resume: LiveKit may read a `join_request` that the gate cannot read.
        ...(target.action === 'whip_session'
          ? []
          : [this.proofs.noteBrought(proof, broughtBy(token))]),
        this.record(connectRequest, token, evaluation, null),
      ]);
      if (target.action === 'connect') {
        await this.liveRooms.ensureSoon(evaluation.room, token.agents);
      }
      return admission(target, given, admittance);
    } catch (error) {
      // Nobody will say what became of a decision that is not given out.
      const noted = await admitting.catch(() => null);
      if (noted) await this.withdraw(noted);
      throw error;
    }
  }

  /** The token that goes on to LiveKit. It opens one connect, and proves nothing here. */
  private async mintToken(proved: ValidProof, byWhip: boolean): Promise<string> {
    const { token, evaluation } = proved;
    const claims =
      evaluation.wanted.kind === 'role'
        ? await this.claimsOf(proved, byWhip)
        : uncoveredClaims(token, evaluation, byWhip, this.clock.now());
    return this.signer.sign(byWhip ? markedAsWhip(claims) : claims);
  }

  private async claimsOf(proved: ValidProof, byWhip: boolean): Promise<TokenClaims> {
    const { token, evaluation, bound } = proved;
    const { room, facts, role } = evaluation;
    if (!role) throw new Error('a token without a role');
    const { user } = facts;
    const content = await this.templates.version(role.template, role.version);
    const grants = openedGrants(role.tokenGrants, proved);
    // What the token was issued with counts until the user is changed after it.
    const isUserNewer = user !== null && isChangedSince(user, token.issuedAt);
    const [first, second] = isUserNewer ? [user, token] : [token, user];
    return {
      ...compileGrant({
        grants: byWhip ? publishOnly(grants) : grants,
        room: room.name,
        identity: token.identity,
        kind: user?.kind ?? 'standard',
        name: first?.name || second?.name || '',
        metadata: first?.metadata || second?.metadata || content.metadata,
        attributes: { ...content.attributes, ...second?.attributes, ...first?.attributes },
        ttlSeconds: TOKEN_SECONDS,
        issuer: this.config.livekit.apiKey,
        now: this.clock.now(),
        jti: newGateTokenId(),
        bound,
        issuedJti: token.issuedJti,
        agents: token.agents,
      }),
    };
  }

  /** Probes are not written down, nor is what proves nothing: anybody can send that, for ever. */
  private async recordRefusal(
    connectRequest: ConnectRequest,
    token: TokenFacts | null,
    evaluation: Evaluation | null,
    code: string,
  ): Promise<void> {
    const isStorableRoom = token !== null && isStorable(token.identity) && isStorable(token.room);
    if (!isStorableRoom || isProbe(connectRequest.target)) return;
    await this.record(connectRequest, token, evaluation, code);
  }

  /** The entry is committed before the connect goes on; `refused` is null for an admission. */
  private async record(
    { target, ip, requestId }: ConnectRequest,
    token: TokenFacts,
    evaluation: Evaluation | null,
    refused: string | null,
  ): Promise<void> {
    await this.ledger.appendDurably({
      kind: refused === null ? 'gate.admitted' : 'gate.refused',
      outcome: refused === null ? 'ok' : 'refused',
      actor: { kind: 'system', id: null, label: 'Gate', ip, requestId },
      room: token.room,
      identity: token.identity,
      payload: {
        path: target.path,
        jti: token.jti,
        issuedJti: token.issuedJti,
        template: evaluation?.role?.template ?? null,
        version: evaluation?.role?.version ?? null,
        source: evaluation?.role?.source ?? null,
        ...(refused === null ? {} : { refusal: refused }),
        because: reasonsForAll(evaluation?.decision.because ?? []),
      },
    });
  }
}

/** An admission that leaves its seat as it is. */
function unnoted(room: string, identity: string): Admittance {
  return { notBefore: null, takeover: { room, identity, key: null } };
}

function admission(
  target: GateTarget,
  token: string | null,
  { notBefore, takeover }: Admittance,
): GateAdmission {
  const { room } = takeover;
  return { status: 200, token, target, isResumeRefused: false, room, notBefore, takeover };
}

/** Tokens tell whole seconds. */
function isChangedSince({ updatedAt }: PolicyUser, at: Date | null): boolean {
  return at === null || updatedAt.getTime() >= at.getTime() + 1_000;
}

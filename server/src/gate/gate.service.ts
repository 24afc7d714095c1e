import { Inject, Injectable, Logger } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { compileGrant } from '../grants/compile-grant.js';
import { reasonsForAll } from '../grants/reasons.js';
import { withheldFromUncovered } from '../grants/scene.js';
import {
  canonicalSources,
  publishableSources,
  type RoleGrants,
  TRACK_SOURCES,
  type TrackSource,
} from '../grants/role-grants.js';
import { silencingOf } from '../grants/silencing.js';
import { withinIssuer } from '../grants/issuer-ceiling.js';
import { publishOnly } from '../grants/withhold.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { newGateTokenId } from '../livekit/gate-token.js';
import { RoomsPort } from '../livekit/rooms-port.js';
import { type TokenClaims, TokenSigner } from '../livekit/signer.js';
import { LiveKitClock } from '../livekit/livekit-clock.js';
import { isStorable } from '../livekit/storable.js';
import type { TokenFacts } from '../livekit/token-reader.js';
import { WHIP_CLAIMS, WHIP_KIND } from '../livekit/whip.js';
import type { PolicyUser } from '../policy/policy-facts.js';
import { PolicyReader } from '../policy/policy-reader.js';
import { LiveRooms } from '../rooms/live-rooms.js';
import { beyondIssuer, type Evaluation } from '../seats/public/policy.js';
import { type GateTarget, isProbe, isResume, isWhip, presentedToken } from './gate-paths.js';
import {
  ParticipantProofs,
  type Proof,
  type ValidProof,
  refuseProof,
  type Takeover,
} from '../proofs/participant-proofs.js';

/** LiveKit checks it once, at the connect. */
const TOKEN_SECONDS = 30;

const PATH_CLOSED: GateRefusal = {
  status: 404,
  code: 'gate.path_closed',
  text: 'There is nothing here.',
};
/** In LiveKit's words, which its clients know. */
const NOT_RUNNING: GateRefusal = {
  status: 404,
  code: 'gate.room_not_running',
  text: 'requested room does not exist',
};
const NOTHING_TO_PUBLISH: GateRefusal = {
  status: 403,
  code: 'gate.nothing_to_publish',
  text: 'You may publish neither camera nor microphone in this room now.',
};
export const OTHER_CONNECTION: GateRefusal = {
  status: 503,
  code: 'gate.other_connection',
  text: 'Another connection of yours came up. Try again.',
};
export const NO_SESSION: GateRefusal = {
  status: 404,
  code: 'gate.no_such_session',
  text: 'You have no such session.',
};

export interface ConnectRequest {
  readonly target: GateTarget;
  readonly authorization: string | undefined;
  readonly ip: string;
  readonly requestId: string;
  /** The caller joins the sockets, and says with `takesOver` or `withdraw` what came of it. */
  readonly isJoinedHere?: boolean;
}

export interface GateAdmission {
  readonly status: 200;
  /** What goes on to LiveKit; null for a probe, which gets none. */
  readonly token: string | null;
  readonly room: string;
  /** They must not connect before; a second at most. */
  readonly notBefore: Date | null;
  /** Says which decision a connection came by. */
  readonly takeover: Takeover;
}

export interface GateRefusal {
  readonly status: 401 | 403 | 404 | 503;
  readonly code: string;
  /** For the participant: reveals nothing that they may not know. */
  readonly text: string;
}

export type GateAnswer = GateAdmission | GateRefusal;

/**
 * Decides every connect. The token that a client presents identifies it and gives it no rights; the
 * gate sends LiveKit a new token with what policy gives now.
 */
@Injectable()
export class GateService {
  private readonly log = new Logger(GateService.name);

  constructor(
    private readonly proofs: ParticipantProofs,
    private readonly templates: PolicyReader,
    private readonly signer: TokenSigner,
    private readonly ledger: LedgerService,
    private readonly liveRooms: LiveRooms,
    private readonly rooms: RoomsPort,
    private readonly clock: LiveKitClock,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  /** Fails closed: without Postgres, or without the decision's ledger entry, every connect is refused. */
  async decide(connectRequest: ConnectRequest): Promise<GateAnswer> {
    if (isWhip(connectRequest.target) && !this.config.isWhipOn) return PATH_CLOSED;
    // LiveKit would let `x` in as `x#name`: an identity that nobody has checked.
    if (connectRequest.target.query.has('publish')) {
      const text = 'Connections that only publish are not allowed.';
      return { status: 403, code: 'gate.publish_only', text };
    }
    const presented = presentedToken(connectRequest.target, connectRequest.authorization);
    try {
      return await this.answer(connectRequest, await this.proofs.check(presented));
    } catch (error) {
      if (!(error instanceof AppError) || error.kind !== 'unavailable') throw error;
      this.log.warn(`every connect is refused: ${error.message}`, { error });
      return { status: 503, code: error.code, text: 'Rolecall cannot decide now. Try again.' };
    }
  }

  /**
   * Whether a resume that LiveKit has begun took over their own connection. Another one may have come
   * up since the decision, and LiveKit tells whoever resumes it its token.
   */
  async isStillTheirs({ target, authorization }: ConnectRequest): Promise<boolean> {
    const proof = await this.proofs.check(presentedToken(target, authorization));
    return proof.kind === 'proved' && (await this.mayResume(proof));
  }

  /**
   * Whether a connection that LiveKit has let in is the seat's. Its token may be bound, and another
   * connection may have taken the seat since the decision.
   */
  takesOver({ takeover }: GateAdmission): Promise<boolean> {
    return this.proofs.takesOver(takeover);
  }

  /** LiveKit has not let it in. The connection that is there keeps what it is bound to. */
  async withdraw({ takeover }: GateAdmission): Promise<void> {
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
      return refusal;
    }
    return isProbe(connectRequest.target) ? this.confirm(proof) : this.admit(connectRequest, proof);
  }

  /** Why a participant who may be in the room may not do this now; null when they may. */
  private async refusalOf(
    { target }: ConnectRequest,
    proof: ValidProof,
  ): Promise<GateRefusal | null> {
    const { action, sid } = target;
    const { token, evaluation } = proof;
    const { wanted } = evaluation;
    if (wanted.kind === 'role' && !wanted.role.grants.roomJoin) {
      const { status, code, text } = refuseProof('gate.role_does_not_join', token, evaluation);
      return { status, code, text };
    }
    if (isResume(target) && !(await this.mayResume(proof))) return NO_SESSION;
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
   * and then that connection's refreshed token. One by WHIP would get signalling. LiveKit's clients
   * do not connect afresh by themselves when they may not resume.
   */
  private async mayResume({ token, isOfLastConnection }: ValidProof): Promise<boolean> {
    if (!isOfLastConnection) return false;
    const participant = await this.rooms.findParticipant(token.room, token.identity);
    return participant?.kind !== WHIP_KIND;
  }

  /** LiveKit finds a WHIP session by its id alone; only its list of participants says whose it is. */
  private async isOwnSession({ room, identity }: TokenFacts, sid: string | null): Promise<boolean> {
    const participant = await this.rooms.findParticipant(room, identity);
    return participant !== null && participant.sid === sid;
  }

  /** The answer to a probe, as LiveKit would give it, without a token for it. */
  private async confirm({ evaluation: { room } }: ValidProof): Promise<GateAnswer> {
    await this.liveRooms.ensureSoon(room);
    if (!(await this.liveRooms.isRunning(room.name))) return NOT_RUNNING;
    const takeover = { room: room.name, identity: '', key: null };
    return { status: 200, token: null, room: room.name, notBefore: null, takeover };
  }

  private async admit(connectRequest: ConnectRequest, proof: ValidProof): Promise<GateAnswer> {
    const { token, evaluation } = proof;
    const { target, isJoinedHere = false } = connectRequest;
    const isNew = target.action !== 'whip_session' && !isResume(target);
    // At once, since each asks Postgres: who waits here hears nothing of the room.
    const [given, admittance] = await Promise.all([
      this.mintToken(proof, isWhip(target)),
      target.action === 'whip_session' ? null : this.proofs.admit(proof, { isJoinedHere, isNew }),
      this.record(connectRequest, token, evaluation, null),
    ]);
    if (target.action === 'connect') await this.liveRooms.ensureSoon(evaluation.room, token.agents);
    const { notBefore, takeover } = admittance ?? {
      notBefore: null,
      takeover: { room: token.room, identity: token.identity, key: null },
    };
    return { status: 200, token: given, room: token.room, notBefore, takeover };
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

/** A role, without what a token that was asked for with less does not open. */
function openedGrants(grants: RoleGrants, { evaluation, bound }: ValidProof): RoleGrants {
  const isCut = bound?.isCut === true && beyondIssuer(evaluation, bound).length > 0;
  return isCut ? withinIssuer(grants, bound.ceiling) : grants;
}

/** Whether they may send what a WHIP connection sends: LiveKit takes it for camera and microphone. */
function mayPublishByWhip(proved: ValidProof): boolean {
  const { token, evaluation } = proved;
  const { wanted } = evaluation;
  const sources =
    wanted.kind === 'role'
      ? publishableSources(openedGrants(wanted.role.tokenGrants, proved))
      : sourcesOf(uncoveredVideo(token, evaluation, true));
  return sources.includes('camera') || sources.includes('microphone');
}

/** No rule covers them and the room allows that: they are what their token says. */
function uncoveredClaims(
  token: TokenFacts,
  evaluation: Evaluation,
  byWhip: boolean,
  now: Date,
): TokenClaims {
  const { claims } = token;
  const soon = Math.floor(now.getTime() / 1_000) + TOKEN_SECONDS;
  return {
    ...claims,
    // Never longer than their own: else a connect would make its life longer.
    exp: Math.min(Number(claims['exp']), soon),
    jti: newGateTokenId(),
    video: uncoveredVideo(token, evaluation, byWhip),
  };
}

/** Without what a hold or the room's scene keeps from the others. */
function uncoveredVideo({ claims }: TokenFacts, evaluation: Evaluation, byWhip: boolean) {
  const { wanted, room } = evaluation;
  const video = { ...(claims['video'] as Record<string, unknown>) };
  if (byWhip) video['canSubscribe'] = false;
  const { sources, data } =
    wanted.kind === 'uncovered' ? wanted.withheld : withheldFromUncovered(room.scene);
  if (data) video['canPublishData'] = false;
  // Who publishes once keeps the right, and is muted when they do.
  const kind = typeof claims['kind'] === 'string' ? claims['kind'] : null;
  if (sources.length === 0 || silencingOf({ kind }) === 'mute') return video;
  const left = sourcesOf(video).filter((source) => !sources.includes(source));
  if (left.length > 0) return { ...video, canPublishSources: left };
  const { canPublishSources: _, ...rest } = video;
  return { ...rest, canPublish: false };
}

/** As LiveKit reads a token: in either case, and none named is every one. */
function sourcesOf({ canPublish, canPublishSources }: Record<string, unknown>): TrackSource[] {
  if (canPublish === false) return [];
  if (!Array.isArray(canPublishSources) || canPublishSources.length === 0)
    return [...TRACK_SOURCES];
  return canonicalSources(canPublishSources.map((source) => String(source).toLowerCase()));
}

function markedAsWhip(claims: TokenClaims): TokenClaims {
  const attributes = claims['attributes'] as Record<string, string> | undefined;
  const { kind, attribute } = WHIP_CLAIMS;
  return { ...claims, kind, attributes: { ...attributes, [attribute]: '1' } };
}

/** Tokens tell whole seconds. */
function isChangedSince({ updatedAt }: PolicyUser, at: Date | null): boolean {
  return at === null || updatedAt.getTime() >= at.getTime() + 1_000;
}

import { randomUUID } from 'node:crypto';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { compileGrant } from '../grants/compile-grant.js';
import { withheldFromUncovered } from '../grants/scene.js';
import { silencingOf } from '../grants/silencing.js';
import { isAnythingWithheld } from '../grants/withhold.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { TokenSigner } from '../livekit/signer.js';
import { isStorable } from '../livekit/storable.js';
import type { TokenFacts } from '../livekit/token-reader.js';
import { PolicyReader, type PolicyUser } from '../policy/policy-reader.js';
import { LiveRooms } from '../rooms/live-rooms.js';
import type { Standing } from '../seats/seat-policy.js';
import { type GateTarget, isProbe, presentedToken } from './gate-paths.js';
import { ParticipantProofs, type Proof, type Proved, unproved } from './participant-proofs.js';

/** LiveKit looks at it once, in the moment of the connect. */
const TOKEN_SECONDS = 30;

export interface Knock {
  readonly target: GateTarget;
  readonly authorization: string | undefined;
  readonly ip: string;
  readonly requestId: string;
}

export type GateAnswer =
  | {
      readonly status: 200;
      readonly token: string;
      readonly room: string;
      /** They must not connect before; a second at most. */
      readonly notBefore: Date | null;
    }
  | {
      readonly status: 401 | 403 | 503;
      readonly code: string;
      /** For the participant: says no more than they may know. */
      readonly text: string;
    };

/**
 * Decides every connect anew. The token that a client presents proves who it is, whatever rights
 * it carries; what it gets is a token of this moment, with what policy gives now.
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
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  /** Fails closed: without Postgres, or without an entry of what was decided, nobody comes in. */
  async decide(knock: Knock): Promise<GateAnswer> {
    // LiveKit would let `x` in as `x#name`: an identity that nobody has checked.
    if (knock.target.query.has('publish')) {
      const text = 'Connections that only publish are not let in.';
      return { status: 403, code: 'gate.publish_only', text };
    }
    const presented = presentedToken(knock.target, knock.authorization);
    try {
      return await this.answer(knock, presented, await this.proofs.check(presented));
    } catch (error) {
      if (!(error instanceof AppError) || error.kind !== 'unavailable') throw error;
      this.log.warn(`nobody is let in: ${error.message}`);
      return { status: 503, code: error.code, text: 'Rolecall cannot decide now. Try again.' };
    }
  }

  /** LiveKit said that the room does not run though it should. */
  async startRoom(room: string): Promise<void> {
    const { room: known } = await this.templates.read({ room, identity: '' });
    if (known) await this.liveRooms.ensure(known);
  }

  private async answer(knock: Knock, presented: string, proof: Proof): Promise<GateAnswer> {
    if (proof.kind === 'refused') {
      await this.recordRefusal(knock, proof.token, proof.standing, proof.code);
      return { status: proof.status, code: proof.code, text: proof.text };
    }
    const { token, standing } = proof;
    const { wanted } = standing;
    if (wanted.kind === 'role' && !wanted.role.grants.roomJoin) {
      const { status, code, text } = unproved('gate.role_does_not_join', token, standing);
      await this.recordRefusal(knock, token, standing, code);
      return { status, code, text };
    }
    const isReal = !isProbe(knock.target);
    // At once, since each asks Postgres: who waits here hears nothing of the room.
    const [given, notBefore] = await Promise.all([
      this.give(proof, presented),
      isReal ? this.proofs.admit(proof) : null,
      isReal ? this.record(knock, token, standing, null) : null,
    ]);
    await this.liveRooms.ensureSoon(standing.room);
    return { status: 200, token: given, room: token.room, notBefore };
  }

  /** The token that goes on to LiveKit. */
  private async give({ token, standing }: Proved, presented: string): Promise<string> {
    if (standing.wanted.kind === 'role') return this.mint(token, standing);
    // No rule covers them and the room allows that: they are what their token says.
    if (!isAnythingWithheld(withheldFromUncovered(standing.room.scene))) return presented;
    return this.silence(token);
  }

  /**
   * What their token says, but for everything that others would hear, see or read of them. Who
   * publishes once keeps the right, and is muted when they do.
   */
  private silence({ claims }: TokenFacts): string {
    const exp = Math.floor(Date.now() / 1_000) + TOKEN_SECONDS;
    const { canPublishSources, ...video } = claims['video'] as Record<string, unknown>;
    const kind = typeof claims['kind'] === 'string' ? claims['kind'] : null;
    const silent =
      silencingOf({ kind }) === 'mute'
        ? { ...video, canPublishSources, canPublishData: false }
        : { ...video, canPublish: false, canPublishData: false };
    return this.signer.sign({ ...claims, exp, video: silent });
  }

  private async mint(token: TokenFacts, { room, facts, role }: Standing): Promise<string> {
    if (!role) throw new Error('a token without a role');
    const { user } = facts;
    const content = await this.templates.version(role.template, role.version);
    // What was asked for with the token stands until the user is changed after it.
    const isUserNewer = user !== null && isChangedSince(user, token.issuedAt);
    const [first, second] = isUserNewer ? [user, token] : [token, user];
    const claims = compileGrant({
      grants: role.tokenGrants,
      room: room.name,
      identity: token.identity,
      kind: user?.kind ?? 'standard',
      name: first?.name || second?.name || '',
      metadata: first?.metadata || second?.metadata || content.metadata,
      attributes: { ...content.attributes, ...second?.attributes, ...first?.attributes },
      ttlSeconds: TOKEN_SECONDS,
      issuer: this.config.livekit.apiKey,
      now: new Date(),
      jti: randomUUID(),
    });
    return this.signer.sign({ ...claims });
  }

  /** Probes are not written down, nor is what proves nothing: anybody can send that, for ever. */
  private async recordRefusal(
    knock: Knock,
    token: TokenFacts | null,
    standing: Standing | null,
    code: string,
  ): Promise<void> {
    const isStorableRoom = token !== null && isStorable(token.identity) && isStorable(token.room);
    if (!isStorableRoom || isProbe(knock.target)) return;
    await this.record(knock, token, standing, code);
  }

  /** The entry is there before anybody comes in; `refused` is null for who is let in. */
  private async record(
    { target, ip, requestId }: Knock,
    token: TokenFacts,
    standing: Standing | null,
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
        template: standing?.role?.template ?? null,
        version: standing?.role?.version ?? null,
        source: standing?.role?.source ?? null,
        ...(refused === null ? {} : { refusal: refused }),
        because: standing?.decision.because ?? [],
      },
    });
  }
}

/** Tokens tell whole seconds. */
function isChangedSince({ updatedAt }: PolicyUser, at: Date | null): boolean {
  return at === null || updatedAt.getTime() >= at.getTime() + 1_000;
}

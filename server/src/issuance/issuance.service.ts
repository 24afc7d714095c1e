import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { AppError, fieldError } from '../common/errors/app-error.js';
import { APP_CONFIG, type AppConfig, clientUrlOf } from '../config/app-config.js';
import { isReservedIdentity } from '../grants/names.js';
import type { Because } from '../grants/policy.js';
import { ledgerId } from '../ledger/ledger-entry.js';
import { LedgerWitnesses } from '../ledger/witness/ledger-witnesses.js';
import { LiveKitClock } from '../livekit/livekit-clock.js';
import { TokenSigner } from '../livekit/signer.js';
import type { PolicyFacts, PolicyQuery } from '../policy/policy-facts.js';
import { PolicyReader } from '../policy/policy-reader.js';
import { SeatTokens } from '../seats/public/tokens.js';
import { LiveRooms } from '../rooms/live-rooms.js';
import { RoomsService } from '../rooms/rooms.service.js';
import type { UserWarnings } from '../users/users.schemas.js';
import { UsersService } from '../users/users.service.js';
import { assertNotVoid } from '../policy/not-void.js';
import { IssuanceRecords } from './issuance-records.js';
import { roomNotFound, userNotFound } from './issuance-refusals.js';
import type { IssueBody } from './issuance.schemas.js';
import { permissionRefused, type TokenPlan, TokenPlanner, TokenRefused } from './token-planner.js';

export interface Issued {
  token: string;
  serverUrl: string;
  issuanceId: string;
  leafHash: string;
  jti: string;
  identity: string;
  room: string | null;
  template: string;
  version: number;
  expiresAt: string;
  because: Because[];
  warnings?: UserWarnings;
}

/**
 * Makes every token that is given away, but for those of moderators' peeks (`PeeksService`). A token
 * leaves after its ledger entry is committed, and not at all when it cannot be (rule 1); refusals are
 * entries too.
 */
@Injectable()
export class IssuanceService {
  constructor(
    private readonly policy: PolicyReader,
    private readonly planner: TokenPlanner,
    private readonly records: IssuanceRecords,
    private readonly signer: TokenSigner,
    private readonly users: UsersService,
    private readonly rooms: RoomsService,
    private readonly liveRooms: LiveRooms,
    private readonly seatTokens: SeatTokens,
    private readonly clock: LiveKitClock,
    private readonly witnesses: LedgerWitnesses,
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
    const { plan, warnings } = await this.prepare(actor, body, identity);
    assertNotVoid(plan.facts);
    this.clock.assertTokensHold();
    this.witnesses.assertCosigned();
    await this.ensureLiveRoom(plan, body);
    const token = this.signer.sign(plan.claims);
    const ref = await this.records.issued(actor, body, plan, token);
    return {
      token,
      serverUrl: clientUrlOf(this.config),
      issuanceId: ledgerId(ref),
      leafHash: ref.leafHash,
      jti: plan.claims.jti,
      identity,
      room: body.room ?? null,
      template: plan.template,
      version: plan.version,
      expiresAt: new Date(plan.claims.exp * 1000).toISOString(),
      because: plan.because,
      // They name other users.
      ...(warnings.length > 0 && actor.can('user.read') ? { warnings } : {}),
    };
  }

  /** What `issue` would do for somebody who may ask for anything; signs and records nothing. */
  async preview(actor: Actor, body: IssueBody) {
    const identity = await this.identityOf(body);
    const facts = await this.policy.read(questionOf(body, identity));
    this.assertVisible(actor, 'token.preview', body.room);
    if (body.room !== undefined && !facts.room) throw roomNotFound(body.room);
    if (!facts.user && !body.createUser) throw userNotFound(identity);
    const role = await this.planner.chooseRole(actor, body, facts, true);
    const plan = await this.planner.compile(actor, 'token.preview', body, facts, role);
    const { claims, template, version, because } = plan;
    return { claims, template, version, because };
  }

  /** For what is refused before anything is decided. */
  recordRefusal(
    actor: Actor,
    body: { room: string; identity: string },
    code: string,
  ): Promise<void> {
    return this.records.refused(actor, body, body.identity, code);
  }

  private async identityOf(body: IssueBody): Promise<string> {
    if (body.identity !== undefined) return body.identity;
    const identity = await this.users.identityOf(body.user ?? '');
    if (identity === null) throw fieldNotFound('user', 'no user has this id');
    if (isReservedIdentity(identity)) {
      throw fieldError('user', 'has an identity that is reserved for Rolecall');
    }
    return identity;
  }

  /** Decides, and only then creates what the request asks to be created: a refusal leaves nothing. */
  private async prepare(
    actor: Actor,
    body: IssueBody,
    identity: string,
  ): Promise<{ plan: TokenPlan; warnings: UserWarnings }> {
    const { room } = body;
    this.assertVisible(actor, 'token.issue', room);
    const facts = await this.seatTokens.onceNothingIsDue(
      () => this.policy.read(questionOf(body, identity)),
      (read) => read,
    );
    if (room !== undefined && !facts.room) {
      await this.records.refused(actor, body, identity, 'room.not_found');
      throw roomNotFound(room);
    }
    if (!facts.user && !body.createUser) {
      await this.records.refused(actor, body, identity, 'user.not_found');
      throw userNotFound(identity);
    }
    return this.recordingRefusals(actor, body, identity, async () => {
      if (facts.isRoomNew && !actor.can('room.create', room)) {
        throw permissionRefused('room.create');
      }
      if (!facts.user && !actor.can('user.create')) throw permissionRefused('user.create');
      const plan = await this.plan(actor, body, facts);
      if (!facts.isRoomNew && facts.user) return { plan, warnings: [] };
      if (facts.isRoomNew && room !== undefined) await this.rooms.ensure(actor, room);
      const warnings = facts.user ? [] : await this.users.ensure(actor, identity, body.name);
      // Somebody else may have been faster, and have made it otherwise.
      const now = await this.policy.read(questionOf(body, identity));
      return { plan: await this.plan(actor, body, now), warnings };
    });
  }

  private async plan(actor: Actor, body: IssueBody, facts: PolicyFacts): Promise<TokenPlan> {
    const mayAskForAny = actor.can('token.issue_as', body.room);
    const role = await this.planner.chooseRole(actor, body, facts, mayAskForAny);
    this.planner.assertWithinCeiling(actor, role, body);
    this.planner.assertMayDispatch(actor, body, role);
    return this.planner.compile(actor, 'token.issue', body, facts, role);
  }

  private async recordingRefusals<T>(
    actor: Actor,
    body: IssueBody,
    identity: string,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof TokenRefused) {
        await this.records.refused(actor, body, identity, error.refusal, error.because);
      }
      throw error;
    }
  }

  /**
   * LiveKit refuses a join to a room that does not run. `createRoom: true` promises that it runs
   * before the answer; otherwise it is tried for a moment, and issuing goes on without LiveKit.
   */
  private async ensureLiveRoom(plan: TokenPlan, body: IssueBody): Promise<void> {
    const { room } = plan.facts;
    if (!room || !plan.claims.video.roomJoin || body.createRoom === false) return;
    if (body.createRoom) {
      await this.liveRooms.ensure(room, body.agents);
    } else {
      await this.liveRooms.ensureSoon(room, body.agents);
    }
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

function questionOf({ room, createRoom }: IssueBody, identity: string): PolicyQuery {
  return { room: room ?? null, identity, mayRoomBeNew: createRoom === true };
}

function fieldNotFound(field: string, text: string): AppError {
  return new AppError('not_found', 'user.not_found', `${field}: ${text}`, {
    errors: { [field]: text },
  });
}

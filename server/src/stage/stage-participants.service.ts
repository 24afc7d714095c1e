import { Injectable } from '@nestjs/common';
import { Actor, type ActorRef, type RequestFacts } from '../actor/actor.js';
import type { Participant } from '../proofs/participant-auth.js';
import { AuthService } from '../auth/auth.service.js';
import { AppError } from '../common/errors/app-error.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import { exceeds } from '../grants/ceiling.js';
import { exceedsIssuer } from '../grants/issuer-ceiling.js';
import { promotesTo } from '../grants/presets.js';
import { NOTHING_WITHHELD, withhold } from '../grants/withhold.js';
import { RoomsPort } from '../livekit/rooms-port.js';
import { awaitedCeilings } from '../policy/policy-facts.js';
import { SeatsService } from '../seats/public/acts.js';
import { type Evaluation, SeatPolicy } from '../seats/public/policy.js';
import { SeatReader } from '../seats/public/seats.js';
import { StageLimits } from './stage-limits.js';
import { StageNotifier } from './stage-notifier.js';
import { StageOffers } from './stage-offers.js';
import type { StageRequest } from './stage-request.js';
import { type OwnRequest, StageStore } from './stage-store.js';
import { isCode } from './stage-refusals.js';
import type { OwnStageView, RaiseBody, UnmuteAnswerBody } from './stage.schemas.js';

/** What participants do for themselves, with the token that they hold as the proof of who they are. */
@Injectable()
export class StageParticipantsService {
  constructor(
    private readonly store: StageStore,
    private readonly limits: StageLimits,
    private readonly offers: StageOffers,
    private readonly notifier: StageNotifier,
    private readonly seats: SeatsService,
    private readonly seatStore: SeatReader,
    private readonly policy: SeatPolicy,
    private readonly auth: AuthService,
    private readonly rooms: RoomsPort,
    private readonly transactions: Transactions,
  ) {}

  async view(participant: Participant): Promise<OwnStageView> {
    const { room, identity } = participant;
    const { evaluation } = participant;
    const [own, limits, canRaise, canStepDown] = await Promise.all([
      this.store.listOwn(room, identity),
      this.limits.listRecent(room),
      this.canRaise(evaluation),
      this.canStepDown(evaluation),
    ]);
    const invite = own.find(({ kind, state }) => kind === 'invite' && state === 'waiting');
    return {
      ...toHand(own),
      invite: invite
        ? {
            template: invite.template ?? promotesTo(evaluation.room),
            by: invite.askedBy,
            byKind: invite.by?.kind ?? null,
            since: invite.createdAt.toISOString(),
            expiresAt: (invite.expiresAt ?? invite.createdAt).toISOString(),
          }
        : null,
      asks: own
        .filter(({ kind, state }) => kind === 'unmute' && state === 'waiting')
        .map(({ source, askedBy, by, createdAt, note, expiresAt }) => ({
          source: source ?? 'microphone',
          by: askedBy,
          byKind: by?.kind ?? null,
          at: createdAt.toISOString(),
          reason: note,
          expiresAt: (expiresAt ?? createdAt).toISOString(),
        })),
      canRaise,
      canStepDown,
      hold: holdOf(evaluation),
      scene: isTakenByScene(evaluation) ? (evaluation.room.scene?.name ?? null) : null,
      limits,
      promotesTo: promotesTo(evaluation.room),
    };
  }

  async raise(participant: Participant, { note }: RaiseBody): Promise<OwnStageView> {
    const { room, identity, evaluation, ref } = participant;
    if (!(await this.canRaise(evaluation))) {
      throw new AppError(
        'conflict',
        'stage.cannot_raise',
        'Your role already includes what you would ask for.',
      );
    }
    await this.assertPresent(participant);
    await this.transactions.run(async (tx) => {
      const { request, isNew } = await this.store.raise(tx, room, identity, note ?? null);
      if (isNew) this.notifier.record(tx, request, ref);
      else if (note) tx.afterCommit(() => this.notifier.notifyRoom(room));
    });
    return this.view(participant);
  }

  async lower(participant: Participant): Promise<OwnStageView> {
    await this.settle(participant, 'hand', 'withdrawn');
    return this.view(participant);
  }

  /**
   * Promotes by the authority of the inviter as it is now: an inviter who lost it, or was disabled,
   * promotes nobody.
   */
  async accept(participant: Participant): Promise<OwnStageView> {
    const { room, identity, ref } = participant;
    const invite = await this.store.findOpen(room, identity, 'invite');
    if (!invite?.by) throw noInvite();
    const inviter = await this.inviterOf(invite.by, ref);
    if (!inviter?.can('stage.manage', room)) return this.giveUp(participant);
    await this.assertInvited(participant, invite);
    const body = { template: invite.template ?? undefined, reason: 'came up by invitation' };
    try {
      await this.seats.act(inviter, 'promote', { room, identity }, body, {
        within: async (tx: Tx, operationId: string) => {
          const settled = await this.store.settle(tx, invite.id, 'accepted');
          if (!settled) throw noInvite();
          this.notifier.record(tx, settled, ref, { operationId, invitedBy: inviter.label });
        },
      });
    } catch (error) {
      if (error instanceof AppError && error.kind === 'forbidden') return this.giveUp(participant);
      throw error;
    }
    return this.viewAfterChange(participant);
  }

  /**
   * What is given in the room is for the connection that the moderator saw. One that came later, by a
   * token that does not cover the role, has not been invited.
   */
  private async assertInvited({ evaluation }: Participant, invite: StageRequest): Promise<void> {
    const { facts } = evaluation;
    const { admitted } = facts;
    const isLater = admitted !== null && invite.createdAt <= admitted.at;
    const bounds = [...(isLater ? [admitted.ceiling] : []), ...awaitedCeilings(facts)];
    if (bounds.length === 0) return;
    const { grants } = await this.offers.offer(evaluation, invite.template ?? undefined);
    if (bounds.every((ceiling) => exceedsIssuer(grants, ceiling).length === 0)) return;
    throw new AppError(
      'forbidden',
      'gate.above_issuer_ceiling',
      'Your link does not cover the role that you were invited to. Ask to be invited again.',
    );
  }

  async decline(participant: Participant): Promise<OwnStageView> {
    await this.settle(participant, 'invite', 'declined');
    return this.view(participant);
  }

  /**
   * Gives back what a moderator gave. Never a way to shake off a demotion: that would gain something,
   * and is refused again by the seat itself.
   */
  async stepDown(participant: Participant): Promise<OwnStageView> {
    const { room, identity, ref } = participant;
    if (!(await this.canStepDown(participant.evaluation))) throw notOnStage();
    const self = new Actor(
      'participant',
      ref.id,
      ref.label,
      [{ permissions: new Set(['seat.demote']), rooms: null, ceiling: null }],
      ref.requestId,
      ref.ip,
    );
    try {
      await this.seats.act(self, 'demote', { room, identity }, { reason: 'stepped down' });
    } catch (error) {
      if (isCode(error, 'access.denied') || isCode(error, 'seat.no_other_role')) throw notOnStage();
      throw error;
    }
    return this.viewAfterChange(participant);
  }

  async answerUnmute(participant: Participant, answer: UnmuteAnswerBody): Promise<OwnStageView> {
    const { accepted, source } = answer;
    await this.settle(participant, 'unmute', accepted ? 'accepted' : 'declined', source);
    return this.view(participant);
  }

  /** Repeating it is harmless: a request that no longer waits is left as it is. */
  private async settle(
    { room, identity, ref }: Participant,
    kind: 'hand' | 'invite' | 'unmute',
    state: 'withdrawn' | 'accepted' | 'declined',
    source?: 'microphone' | 'camera',
  ): Promise<void> {
    await this.transactions.run(async (tx) => {
      const settled = await this.store.settleOf(tx, room, identity, kind, state, source);
      for (const request of settled) this.notifier.record(tx, request, ref);
    });
  }

  /** With what they hold now; null when they may no longer do anything. */
  private async inviterOf(
    { kind, id }: ActorRef,
    { requestId, ip }: RequestFacts,
  ): Promise<Actor | null> {
    if ((kind !== 'operator' && kind !== 'api_key') || id === null) return null;
    const known = await this.auth.actorById(kind, id);
    return known && new Actor(kind, known.id, known.label, known.holds, requestId, ip);
  }

  private async giveUp({ room, identity }: Participant): Promise<never> {
    await this.transactions.run(async (tx) => {
      const settled = await this.store.settleOf(tx, room, identity, 'invite', 'expired');
      const because = 'the person who invited them may no longer do so';
      const actor = { kind: 'system', id: null, label: 'Rolecall' } as const;
      for (const request of settled) this.notifier.record(tx, request, actor, { because });
    });
    throw new AppError(
      'conflict',
      'stage.invite_void',
      'This invitation is no longer valid: the person who sent it may no longer give this role.',
    );
  }

  /** After a change of one's own role. */
  private async viewAfterChange(participant: Participant): Promise<OwnStageView> {
    const evaluation = await this.policy.evaluate(participant.room, participant.identity);
    return this.view({ ...participant, evaluation });
  }

  /** Whether a promotion would give them anything. It gives back what a scene takes, but not a hold. */
  private async canRaise(evaluation: Evaluation): Promise<boolean> {
    const { role, facts } = evaluation;
    if ((facts.user?.kind ?? 'standard') !== 'standard') return false; // agents follow their job
    const offer = await this.offers.find(evaluation);
    if (!offer) return false;
    if (!role) return true;
    const withheld = isTakenByScene(evaluation) ? role.withheld : NOTHING_WITHHELD;
    return exceeds(offer.grants, withhold(role.grants, withheld)).length > 0;
  }

  private async canStepDown(evaluation: Evaluation): Promise<boolean> {
    const { role, input, room, identity } = evaluation;
    if (role?.source !== 'override') return false;
    const seat = await this.seatStore.find(room.name, identity);
    if (!seat) return false;
    const { now } = evaluation.facts;
    const { override } = await this.seats.steppedDown({ seat, evaluation, now });
    const desired = { override, block: input.seat?.block ?? null };
    const after = await this.policy.simulate(evaluation, desired);
    if (!after.role) return role.grants.canPublish; // the seat finds them a role of the least
    return (
      exceeds(role.grants, after.role.grants).length > 0 &&
      exceeds(after.role.grants, role.grants).length === 0
    );
  }

  private async assertPresent({ room, identity }: Participant): Promise<void> {
    const seat = await this.seatStore.find(room, identity);
    if (seat?.isPresent || (await this.rooms.findParticipant(room, identity))) return;
    throw new AppError('conflict', 'seat.not_present', 'You are not in the room.');
  }
}

function toHand(own: readonly OwnRequest[]): Pick<OwnStageView, 'hand' | 'lastDecision'> {
  const hand = own.find(({ kind }) => kind === 'hand');
  if (!hand) return { hand: null, lastDecision: null };
  if (hand.state === 'waiting') {
    const { createdAt, position, note } = hand;
    return {
      hand: { since: createdAt.toISOString(), position: position ?? 1, note },
      lastDecision: null,
    };
  }
  const { state, word, decidedAt, createdAt } = hand;
  const isTold = state === 'approved' || state === 'declined' || state === 'expired';
  if (!isTold) return { hand: null, lastDecision: null };
  return { hand: null, lastDecision: { state, word, at: (decidedAt ?? createdAt).toISOString() } };
}

function holdOf({ input, role, facts }: Evaluation): OwnStageView['hold'] {
  const hold = input.seat?.hold;
  if (!hold || (hold.until && hold.until <= facts.now)) return null;
  const sources = hold.sources.filter((source) => role?.grants.canPublishSources.includes(source));
  if (sources.length === 0) return null;
  return { sources, until: hold.until?.toISOString() ?? null, reason: hold.reason };
}

/** Whether it is the room's scene that keeps them from something, and not (only) a hold. */
function isTakenByScene({ decision, role, wanted }: Evaluation): boolean {
  if (wanted.kind === 'uncovered') return !wanted.isRestored;
  return (
    role !== null &&
    decision.verdict === 'allow' &&
    decision.because.some(({ rule }) => rule === 'scene')
  );
}

function noInvite(): AppError {
  return new AppError('conflict', 'stage.no_invite', 'The invitation is no longer open.');
}

function notOnStage(): AppError {
  return new AppError(
    'conflict',
    'stage.not_on_stage',
    'Nobody promoted you in this room, so there is nothing to give back.',
  );
}

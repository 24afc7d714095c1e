import { Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { AppError, fieldError } from '../common/errors/app-error.js';
import { roleAboveCeiling } from '../common/errors/refusals.js';
import { exceeds } from '../grants/ceiling.js';
import { promotesTo } from '../grants/presets.js';
import { Transactions } from '../ledger/transactions.js';
import { RoomsPort } from '../livekit/rooms-port.js';
import { type Evaluation, SeatPolicy } from '../seats/public/policy.js';
import { SeatReader } from '../seats/public/seats.js';
import { StageLimits } from './stage-limits.js';
import { StageNotifier } from './stage-notifier.js';
import { StageOffers } from './stage-offers.js';
import { notThere } from './stage-refusals.js';
import { type StageRequest, toRef, toRequestView } from './stage-request.js';
import type { AskUnmuteBody, InviteBody, RequestView, StageView } from './stage.schemas.js';
import { StageStore } from './stage-store.js';

/** How long an invitation and a question wait for an answer. */
const ANSWER_SECONDS = 120;
const LONGEST_INVITATION_SECONDS = 86_400;
/** The stage as moderators see it, and what they offer and ask. */
@Injectable()
export class StageService {
  constructor(
    private readonly store: StageStore,
    private readonly limits: StageLimits,
    private readonly offers: StageOffers,
    private readonly notifier: StageNotifier,
    private readonly seats: SeatReader,
    private readonly policy: SeatPolicy,
    private readonly rooms: RoomsPort,
    private readonly transactions: Transactions,
  ) {}

  async view(room: string): Promise<StageView> {
    const [evaluation, waiting, limits] = await Promise.all([
      this.policy.evaluate(room, ''),
      this.store.listWaiting(room),
      this.limits.list(room),
    ]);
    const hands = waiting.filter(({ kind }) => kind === 'hand');
    const hasNoPlace = limits.some(
      ({ template, free }) => template === promotesTo(evaluation.room) && free === 0,
    );
    const next = hasNoPlace ? undefined : hands.find(({ isPresent }) => isPresent);
    return {
      hands: hands.map(({ id, identity, name, createdAt, note, isPresent }, i) => ({
        id,
        identity,
        name,
        since: createdAt.toISOString(),
        note,
        position: i + 1,
        isPresent,
      })),
      invites: waiting
        .filter(({ kind }) => kind === 'invite')
        .map((request) => ({ ...toAsk(request), template: request.template })),
      asks: waiting
        .filter(({ kind }) => kind === 'unmute')
        .map((request) => ({ ...toAsk(request), source: request.source ?? 'microphone' })),
      limits,
      next: next?.identity ?? null,
    };
  }

  /** Asks somebody to come up. What the moderator may not give is refused here already. */
  async invite(
    actor: Actor,
    room: string,
    identity: string,
    body: InviteBody,
  ): Promise<RequestView> {
    if (body.for !== undefined && body.for > LONGEST_INVITATION_SECONDS) {
      throw fieldError('for', 'must be at most a day');
    }
    const evaluation = await this.policy.evaluate(room, identity);
    assertTakesPart(evaluation);
    const offer = await this.offers.offer(evaluation, body.template);
    const beyond = actor.exceeding('seat.promote', offer.grants, room);
    if (beyond.length > 0) throw roleAboveCeiling(offer.template, beyond);
    if (evaluation.role && exceeds(offer.grants, evaluation.role.grants).length === 0) {
      throw new AppError(
        'conflict',
        'seat.holds_more',
        `They are ${evaluation.role.template}, which has all of ${offer.template}.`,
      );
    }
    await this.assertPresent(room, identity);
    return this.ask(actor, {
      room,
      identity,
      kind: 'invite',
      template: offer.template,
      by: toRef(actor),
      seconds: body.for ?? ANSWER_SECONDS,
    });
  }

  /** Nobody can be unmuted from here: they are asked, and do it themselves. */
  async askUnmute(
    actor: Actor,
    room: string,
    identity: string,
    { source, reason }: AskUnmuteBody,
  ): Promise<RequestView> {
    const evaluation = await this.policy.evaluate(room, identity);
    assertTakesPart(evaluation);
    await this.assertPresent(room, identity);
    if (evaluation.role && !evaluation.role.permission.canPublishSources.includes(source)) {
      throw new AppError(
        'conflict',
        'seat.may_not_publish',
        `They may not turn on a ${source} now: promote or release them first.`,
      );
    }
    const seat = await this.seats.find(room, identity);
    if (seat?.tracks.some((track) => track.source === source && !track.isMuted)) {
      throw new AppError('conflict', 'seat.not_muted', `Their ${source} is on.`);
    }
    return this.ask(actor, {
      room,
      identity,
      kind: 'unmute',
      source,
      note: reason ?? null,
      by: toRef(actor),
      seconds: ANSWER_SECONDS,
    });
  }

  /** People who have a place keep it when there are fewer from now on. */
  async setLimit(actor: Actor, room: string, template: string, slots: number | null) {
    await this.offers.offer(await this.policy.evaluate(room, ''), template, 'key');
    await this.transactions.run(async (tx) => {
      const before = await this.limits.set(tx, room, template, slots);
      if (before === slots) return;
      tx.record({
        kind: 'stage.limit_changed',
        outcome: 'ok',
        actor,
        room,
        payload: { template, before: { slots: before }, after: { slots } },
      });
      tx.afterCommit(() => this.notifier.notifyRoom(room));
    });
    const limit = (await this.limits.list(room)).find((each) => each.template === template);
    return { template, slots, taken: limit?.taken ?? null, free: limit?.free ?? null };
  }

  private async ask(actor: Actor, ask: Parameters<StageStore['ask']>[1]): Promise<RequestView> {
    const request = await this.transactions.run(async (tx) => {
      const asked = await this.store.ask(tx, ask);
      this.notifier.record(tx, asked, actor);
      return asked;
    });
    return toRequestView(request);
  }

  private async assertPresent(room: string, identity: string): Promise<void> {
    const seat = await this.seats.find(room, identity);
    if (seat?.isPresent || (await this.rooms.findParticipant(room, identity))) return;
    throw notThere();
  }
}

function assertTakesPart({ wanted, input }: Evaluation): void {
  if (wanted.kind === 'out') {
    throw new AppError('conflict', wanted.code, 'They may not be in the room.');
  }
  if (input.seat?.peeksAt == null) return;
  const text = 'This is a moderator who peeks at somebody.';
  throw new AppError('conflict', 'seat.is_peek', text);
}

function toAsk(request: StageRequest & { name: string | null }) {
  const { id, identity, name, createdAt, expiresAt, by } = request;
  return {
    id,
    identity,
    name,
    since: createdAt.toISOString(),
    expiresAt: expiresAt?.toISOString() ?? null,
    by: by?.label ?? '',
    byKind: by?.kind ?? null,
  };
}

import { Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { AppError, type AppErrorKind, fieldError } from '../common/errors/app-error.js';
import { roleAboveCeiling } from '../common/errors/refusals.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import { exceeds } from '../grants/ceiling.js';
import { promotesTo } from '../grants/presets.js';
import { RoomsPort } from '../livekit/rooms-port.js';
import { SeatsService } from '../seats/public/acts.js';
import { type Evaluation, SeatPolicy } from '../seats/public/policy.js';
import { SeatReader } from '../seats/public/seats.js';
import type { SeatChange } from '../seats/views/seats.schemas.js';
import { StageLimits } from './stage-limits.js';
import { StageNotifier } from './stage-notifier.js';
import { StageOffers } from './stage-offers.js';
import type { StageRequest } from './stage-request.js';
import { StageStore, type WaitingRequest } from './stage-store.js';
import type {
  ApproveBody,
  ApproveManyBody,
  ApproveNextBody,
  AskUnmuteBody,
  DeclineBody,
  InviteBody,
  RequestView,
  StageView,
} from './stage.schemas.js';
import { actorName } from '../grants/actor-name.js';

/** How long an invitation and a question wait for an answer. */
const ANSWER_SECONDS = 120;
const LONGEST_INVITATION_SECONDS = 86_400;
/** The most that one request promotes; calling again goes on. */
const MAX_AT_ONCE = 200;

export interface ApprovedHand extends SeatChange {
  readonly requestId: string;
  readonly identity: string;
}

/** A person in the queue who cannot be promoted now, and why. */
export interface SkippedHand {
  readonly requestId: string;
  readonly identity: string;
  readonly code: string;
  readonly detail: string;
}

export interface ApprovedNext extends ApprovedHand {
  /** Who was before them in the queue. */
  readonly skipped: SkippedHand[];
}

export interface ApprovedHands {
  readonly approved: ApprovedHand[];
  readonly failed: SkippedHand[];
  readonly remaining: number;
  /** The limit that ended it, or null. */
  readonly full: { template: string; slots: number; taken: number } | null;
}

/** What moderators do with the stage. A hand that is approved is a promotion like any other. */
@Injectable()
export class StageService {
  constructor(
    private readonly store: StageStore,
    private readonly limits: StageLimits,
    private readonly offers: StageOffers,
    private readonly notifier: StageNotifier,
    private readonly seats: SeatsService,
    private readonly seatStore: SeatReader,
    private readonly policy: SeatPolicy,
    private readonly rooms: RoomsPort,
    private readonly transactions: Transactions,
  ) {}

  async view(room: string): Promise<StageView> {
    const [standing, waiting, limits] = await Promise.all([
      this.policy.evaluate(room, ''),
      this.store.listWaiting(room),
      this.limits.list(room),
    ]);
    const hands = waiting.filter(({ kind }) => kind === 'hand');
    const hasNoPlace = limits.some(
      ({ template, free }) => template === promotesTo(standing.room) && free === 0,
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

  /** The hand is down and the promotion committed in one transaction, or neither is. */
  async approve(actor: Actor, room: string, id: string, body: ApproveBody): Promise<ApprovedHand> {
    return this.promoteHand(actor, await this.hand(room, id), body);
  }

  /** Promotes the first person in the queue who can be, and says who was skipped and why. */
  async approveNext(
    actor: Actor,
    room: string,
    { expect, ...body }: ApproveNextBody,
  ): Promise<ApprovedNext> {
    await this.policy.assertRoom(room);
    const skipped: SkippedHand[] = [];
    const hands = await this.hands(room);
    const isNext = expect === undefined || hands.find((one) => one.isPresent)?.identity === expect;
    if (!isNext) throw nextChanged();
    for (const request of hands.slice(0, MAX_AT_ONCE)) {
      if (!request.isPresent) {
        skipped.push(toSkippedHand(request, notThere()));
        continue;
      }
      try {
        return { ...(await this.promoteHand(actor, request, body)), skipped };
      } catch (error) {
        const refusal = await this.refusalOfOne(error, actor, room, body);
        if (refusal.code !== 'stage.request_decided') skipped.push(toSkippedHand(request, refusal));
        else if (request.identity === expect) throw nextChanged();
      }
    }
    throw nobodyLeft(skipped);
  }

  /** In the order of the queue, until the places are taken. People who cannot be promoted are skipped. */
  async approveAll(actor: Actor, room: string, body: ApproveManyBody): Promise<ApprovedHands> {
    await this.policy.assertRoom(room);
    const approved: ApprovedHand[] = [];
    const failed: SkippedHand[] = [];
    let full: ApprovedHands['full'] = null;
    for (const request of (await this.presentHands(room)).slice(0, MAX_AT_ONCE)) {
      try {
        approved.push(await this.promoteHand(actor, request, body));
      } catch (error) {
        if (isCode(error, 'stage.full')) {
          full = (error as AppError).options.extra as NonNullable<ApprovedHands['full']>;
          break;
        }
        const refusal = await this.refusalOfOne(error, actor, room, body);
        if (refusal.code !== 'stage.request_decided') failed.push(toSkippedHand(request, refusal));
      }
    }
    return { approved, failed, full, remaining: (await this.presentHands(room)).length };
  }

  async decline(actor: Actor, room: string, id: string, body: DeclineBody): Promise<RequestView> {
    const request = await this.hand(room, id);
    const declined = await this.transactions.run(async (tx) => {
      const settled = await this.store.settle(tx, request.id, 'declined', {
        word: body.word ?? null,
        by: toRef(actor),
      });
      if (!settled) throw decided(request);
      this.notifier.record(tx, settled, actor);
      return settled;
    });
    return toRequestView(declined);
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
    const standing = await this.policy.evaluate(room, identity);
    assertTakesPart(standing);
    const offer = await this.offers.offer(standing, body.template);
    const beyond = actor.exceeding('seat.promote', offer.grants, room);
    if (beyond.length > 0) throw roleAboveCeiling(offer.template, beyond);
    if (standing.role && exceeds(offer.grants, standing.role.grants).length === 0) {
      throw new AppError(
        'conflict',
        'seat.holds_more',
        `They are ${standing.role.template}, which has all of ${offer.template}.`,
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
    const standing = await this.policy.evaluate(room, identity);
    assertTakesPart(standing);
    await this.assertPresent(room, identity);
    if (standing.role && !standing.role.permission.canPublishSources.includes(source)) {
      throw new AppError(
        'conflict',
        'seat.may_not_publish',
        `They may not turn on a ${source} now: promote or release them first.`,
      );
    }
    const seat = await this.seatStore.find(room, identity);
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

  /** Who has a place keeps it when there are fewer from now on. */
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

  private async promoteHand(
    actor: Actor,
    request: StageRequest,
    body: ApproveBody,
  ): Promise<ApprovedHand> {
    const { id, room, identity } = request;
    const change = await this.seats.act(actor, 'promote', { room, identity }, body, {
      within: async (tx: Tx, operationId: string) => {
        const settled = await this.store.settle(tx, id, 'approved', { by: toRef(actor) });
        if (!settled) throw decided((await this.store.find(id)) ?? request);
        this.notifier.record(tx, settled, actor, { operationId });
      },
    });
    return { ...change, requestId: id, identity };
  }

  private async ask(actor: Actor, ask: Parameters<StageStore['ask']>[1]): Promise<RequestView> {
    const request = await this.transactions.run(async (tx) => {
      const asked = await this.store.ask(tx, ask);
      this.notifier.record(tx, asked, actor);
      return asked;
    });
    return toRequestView(request);
  }

  /**
   * The refusal of one person. Throws a refusal that would be the same for the next one: a full stage,
   * an unavailable database, or a role that the moderator may not give.
   */
  private async refusalOfOne(
    error: unknown,
    actor: Actor,
    room: string,
    { template }: ApproveManyBody,
  ): Promise<AppError> {
    if (!(error instanceof AppError) || error.code === 'stage.full') throw error;
    if (!ABOUT_ONE.has(error.kind)) throw error;
    if (error.kind === 'forbidden') {
      const offer = await this.offers.offer(await this.policy.evaluate(room, ''), template);
      if (actor.exceeding('seat.promote', offer.grants, room).length > 0) throw error;
    }
    return error;
  }

  private async hands(room: string): Promise<WaitingRequest[]> {
    return (await this.store.listWaiting(room)).filter(({ kind }) => kind === 'hand');
  }

  private async presentHands(room: string): Promise<WaitingRequest[]> {
    return (await this.hands(room)).filter(({ isPresent }) => isPresent);
  }

  private async hand(room: string, id: string): Promise<StageRequest> {
    const request = await this.store.find(id);
    if (!request || request.room !== room || request.kind !== 'hand') {
      throw new AppError('not_found', 'stage.request_not_found', 'There is no such hand.');
    }
    if (request.state !== 'waiting') throw decided(request);
    return request;
  }

  private async assertPresent(room: string, identity: string): Promise<void> {
    const seat = await this.seatStore.find(room, identity);
    if (seat?.isPresent || (await this.rooms.findParticipant(room, identity))) return;
    throw notThere();
  }
}

/** Refusals of these kinds may be about the person; all others are about everybody. */
const ABOUT_ONE: ReadonlySet<AppErrorKind> = new Set(['conflict', 'forbidden', 'not_found']);

function toRef({ kind, id, label }: Actor): Pick<Actor, 'kind' | 'id' | 'label'> {
  return { kind, id, label };
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof AppError && error.code === code;
}

const DECIDED: Readonly<Record<StageRequest['state'], string>> = {
  waiting: 'Somebody else is deciding this.',
  approved: 'This hand has been approved already',
  accepted: 'This has been accepted already',
  declined: 'This hand has been declined already',
  withdrawn: 'The hand has been lowered.',
  expired: 'The hand is gone: they left the room.',
};

function decided({ state, by }: StageRequest): AppError {
  const isByModerator = state === 'approved' || state === 'declined';
  const text = DECIDED[state] + (isByModerator && by ? ` by ${actorName(by.label, by.kind)}.` : '');
  return new AppError('conflict', 'stage.request_decided', text, { extra: { state } });
}

function toSkippedHand({ id, identity }: StageRequest, { code, message }: AppError): SkippedHand {
  return { requestId: id, identity, code, detail: message };
}

function nextChanged(): AppError {
  return new AppError('conflict', 'stage.next_changed', 'Somebody else is next now.');
}

function nobodyLeft(skipped: SkippedHand[]): AppError {
  const refused = skipped.find(({ code }) => code !== 'seat.not_present');
  if (refused) {
    const text = `Nobody in the queue can be promoted. ${refused.identity}: ${refused.detail}`;
    return new AppError('conflict', 'stage.nobody_fits', text, { extra: { skipped } });
  }
  const text =
    skipped.length > 0 ? 'Everybody in the queue has just left.' : 'Nobody has a hand up.';
  return new AppError('conflict', 'stage.queue_empty', text, { extra: { skipped } });
}

function notThere(): AppError {
  return new AppError('conflict', 'seat.not_present', 'They are not in the room.');
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

function toRequestView({ id, state, identity, word, expiresAt }: StageRequest): RequestView {
  return { id, state, identity, word, expiresAt: expiresAt?.toISOString() ?? null };
}

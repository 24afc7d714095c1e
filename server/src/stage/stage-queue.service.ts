import { Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { AppError, type AppErrorKind } from '../common/errors/app-error.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import { SeatsService } from '../seats/public/acts.js';
import { SeatPolicy } from '../seats/public/policy.js';
import type { SeatChange } from '../seats/views/seats.schemas.js';
import { StageNotifier } from './stage-notifier.js';
import { StageOffers } from './stage-offers.js';
import { decided, isCode, notThere } from './stage-refusals.js';
import { type StageRequest, toRef, toRequestView } from './stage-request.js';
import type {
  ApproveBody,
  ApproveManyBody,
  ApproveNextBody,
  DeclineBody,
  RequestView,
} from './stage.schemas.js';
import { StageStore, type WaitingRequest } from './stage-store.js';

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

/** What moderators do with raised hands. An approved hand is a promotion like any other. */
@Injectable()
export class StageQueue {
  constructor(
    private readonly store: StageStore,
    private readonly offers: StageOffers,
    private readonly notifier: StageNotifier,
    private readonly seats: SeatsService,
    private readonly policy: SeatPolicy,
    private readonly transactions: Transactions,
  ) {}

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
}

/** Refusals of these kinds may be about the person; all others are about everybody. */
const ABOUT_ONE: ReadonlySet<AppErrorKind> = new Set(['conflict', 'forbidden', 'not_found']);

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

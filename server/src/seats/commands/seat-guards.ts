import { foldText } from '../../grants/fold-text.js';
import { Injectable } from '@nestjs/common';
import { type Act, actsThat } from '../../acts/acts.js';
import type { Actor } from '../../actor/actor.js';
import type { Permission } from '../../actor/permissions.js';
import { AppError, fieldError } from '../../common/errors/app-error.js';
import { exceeds } from '../../grants/ceiling.js';
import { listInWords } from '../../grants/grant-catalogue.js';
import { isReservedIdentity, PEEK_PREFIX } from '../../grants/names.js';
import { reasonsWithin } from '../../grants/reasons.js';
import { LedgerService } from '../../ledger/ledger.service.js';
import { KINDS_WITH_A_ROLE } from '../../livekit/whip.js';
import type { SeatAct, SeatAction } from '../model/seat.js';
import type { Context } from '../model/context.js';
import { type EffectiveRole, SeatPolicy, type Evaluation } from '../model/seat-policy.js';
import { SeatViews } from '../views/seat-views.js';

const STANDARD = 'standard';

const FOR_PEOPLE = actionsThat(({ isForPeople }) => isForPeople);
/** A moderator's seat for a peek is for nothing else. */
const NOT_FOR_PEEKS = actionsThat(({ isForPeeks }) => !isForPeeks);
const NEEDS_CONFIRM = actionsThat(({ needsConfirm }) => needsConfirm);

/** Whether the actor may do this to the seat. Every guard throws, and changes nothing. */
@Injectable()
export class SeatGuards {
  constructor(
    private readonly policy: SeatPolicy,
    private readonly views: SeatViews,
    private readonly ledger: LedgerService,
  ) {}

  /** 409 with the seat as it is now, where the caller saw an older one. */
  async assertEpoch({ seat, evaluation }: Context, expected: number | undefined): Promise<void> {
    if (expected === undefined || expected === evaluation.epoch) return;
    const current = await this.views.one(seat.room, seat.identity, { mayBeUnknown: true });
    const by = current.lastChange ? ` by ${current.lastChange.by}` : '';
    throw new AppError('conflict', 'seat.changed', `The seat has been changed${by}.`, {
      extra: { current },
    });
  }

  assertSensible(actor: Actor, action: SeatAction, context: Context, isConfirmed: boolean): void {
    const { identity, peeksAt } = context.seat;
    if (peeksAt === null && isReservedIdentity(identity) && action !== 'peek_end') {
      throw fieldError('identity', `begins with ${PEEK_PREFIX}, which Rolecall keeps to itself`);
    }
    if (peeksAt !== null && NOT_FOR_PEEKS.has(action)) {
      throw new AppError(
        'conflict',
        'seat.is_peek',
        'This is a moderator who peeks at somebody. Remove or block them instead.',
        { extra: { peeksAt } },
      );
    }
    const kind = kindOf(context);
    const isHeldByMute = action === 'hold' && context.evaluation.silencing === 'mute';
    if (FOR_PEOPLE.has(action) && !KINDS_WITH_A_ROLE.has(kind) && !isHeldByMute) {
      throw new AppError(
        'conflict',
        'seat.not_a_person',
        `This is not a person (${kind}). Remove or mute it instead.`,
        { extra: { participantKind: kind } },
      );
    }
    const isSelf = actor.kind === 'operator' && foldText(actor.label) === foldText(identity);
    if (isSelf && !isConfirmed && NEEDS_CONFIRM.has(action)) {
      throw new AppError(
        'conflict',
        'seat.self',
        'This is you. Send `confirm: true` to do it anyway.',
      );
    }
  }

  /** The ceiling binds both ways: who has more is not touched, and nobody is given more. */
  async assertMay(
    actor: Actor,
    { action, permission }: { action: SeatAction; permission: Permission },
    context: Context,
    after: Evaluation,
    isPreview = false,
  ): Promise<void> {
    const { evaluation } = context;
    // Who may peek may stop, although nobody may give the hidden role.
    if (action === 'peek_end') return;
    if ((action === 'promote' || action === 'extend') && after.decision.verdict === 'refuse') {
      throw new AppError(
        'conflict',
        after.decision.code,
        after.decision.because[0]?.text ?? 'They may not be in the room.',
        { extra: { because: reasonsWithin(after.decision.because, actor.roomLimit()) } },
      );
    }
    // A closed room or a block hides a role, which comes back; that one counts as well.
    for (const one of [evaluation, after]) {
      const role = await this.policy.roleBehind(one, context.now);
      await this.assertWithinCeiling(actor, permission, context, role, isPreview);
    }
    if (action !== 'demote' || actor.can('seat.promote', evaluation.room.name)) return;
    const gains = after.role ? exceeds(after.role.grants, evaluation.role?.grants ?? null) : [];
    if (gains.length === 0) return;
    throw new AppError(
      'forbidden',
      'access.denied',
      'This gives more than they have now, which needs the permission seat.promote.',
      { extra: { permission: 'seat.promote', beyond: gains } },
    );
  }

  async assertWithinCeiling(
    actor: Actor,
    permission: Permission,
    { seat }: Pick<Context, 'seat'>,
    role: EffectiveRole | null,
    isPreview = false,
  ): Promise<void> {
    const beyond = role ? actor.exceeding(permission, role.grants, seat.room) : [];
    if (beyond.length === 0) return;
    if (!isPreview) {
      await this.ledger
        .appendDurably({
          kind: 'access.refused',
          outcome: 'refused',
          actor,
          room: seat.room,
          identity: seat.identity,
          payload: { permission, template: role?.template, beyond },
        })
        .catch(() => undefined);
    }
    throw new AppError(
      'forbidden',
      'seat.above_ceiling',
      `The role ${role?.template ?? ''} goes beyond what you may handle: ${listInWords(beyond)}.`,
      { extra: { beyond } },
    );
  }
}

/** Who is there counts; of somebody away, what they are known to be. */
function kindOf({ seat, evaluation }: Context): string {
  if (seat.isPresent) return seat.kind ?? STANDARD;
  return evaluation.facts.user?.kind ?? seat.kind ?? STANDARD;
}

function actionsThat(test: (act: Act) => boolean): ReadonlySet<SeatAction> {
  return new Set(actsThat<SeatAct>(test));
}

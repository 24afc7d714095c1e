import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors/app-error.js';
import { samePermission } from '../../grants/compile-grant.js';
import { NOTHING_WITHHELD, type Withheld } from '../../grants/withhold.js';
import type { OperationResult } from '../model/seat.js';
import { emptySeat, type RoleState, type Seat, type SeatOperation } from '../model/seat.js';
import { type SeatExtra, SeatExtras } from '../model/extensions.js';
import { isMutedAsWanted } from '../model/mutes.js';
import {
  type EffectiveRole,
  permissionWanted,
  SeatPolicy,
  type Evaluation,
} from '../model/seat-policy.js';
import { SeatReader } from '../store/seat-reader.js';
import type { OperationView, SeatChange, SeatOperationView, SeatView } from './seats.schemas.js';

/** Seats as the API and the event stream show them; operations below. */
@Injectable()
export class SeatViews {
  constructor(
    private readonly store: SeatReader,
    private readonly policy: SeatPolicy,
    private readonly extras: SeatExtras,
  ) {}

  /** Everybody in the room, and who is away but has an override, a block or a hold. */
  async list(room: string): Promise<SeatView[]> {
    const [seats, extraOf] = await Promise.all([
      this.store.listVisible(room),
      this.extras.read(room, null),
    ]);
    return this.viewsOf(seats, extraOf);
  }

  /** Those of `identities` that `list` would show. */
  async some(room: string, identities: readonly string[]): Promise<SeatView[]> {
    const [seats, extraOf] = await Promise.all([
      this.store.findMany(room, identities),
      this.extras.read(room, identities),
    ]);
    return this.viewsOf(seats, extraOf);
  }

  /** One seat, also of somebody who has never been there. Throws 404 for an unknown identity. */
  async one(room: string, identity: string, { mayBeUnknown = false } = {}): Promise<SeatView> {
    const seat = await this.store.find(room, identity);
    const evaluation = await this.policy.evaluate(room, identity, seat);
    if (!seat && !evaluation.facts.user && !mayBeUnknown) {
      throw new AppError('not_found', 'seat.not_found', 'Nobody has this identity.');
    }
    const extraOf = await this.extras.read(room, [identity]);
    return toView(seat ?? emptySeat(room, identity), evaluation, extraOf(identity));
  }

  private async viewsOf(
    seats: readonly Seat[],
    extraOf: (identity: string) => SeatExtra,
  ): Promise<SeatView[]> {
    const views = await Promise.all(
      seats.map(async (seat) => {
        const { room, identity } = seat;
        return toView(seat, await this.policy.evaluate(room, identity, seat), extraOf(identity));
      }),
    );
    return views.filter(isShown);
  }
}

function isShown({ isPresent, override, block, hold }: SeatView): boolean {
  return isPresent || override !== null || block !== null || hold !== null;
}

export function toView(seat: Seat, evaluation: Evaluation, extra: SeatExtra): SeatView {
  const { role, decision, wanted, facts } = evaluation;
  const now = facts.now.getTime();
  const block = isCurrent(seat.block, now) ? seat.block : null;
  const override = isCurrent(seat.override, now) ? seat.override : null;
  const hold = isCurrent(seat.hold, now) ? seat.hold : null;
  const why = silentWhy(seat);
  return {
    id: seat.identity,
    identity: seat.identity,
    user: facts.user?.id ?? null,
    name: seat.name || facts.user?.name || null,
    kind: seat.kind ?? facts.user?.kind ?? null,
    state: seat.isPresent ? (seat.state ?? 'joined') : 'absent',
    isPresent: seat.isPresent,
    role: role && { template: role.template, version: role.version, source: role.source },
    refusal:
      wanted.kind === 'out' ? wanted.code : decision.verdict === 'refuse' ? decision.code : null,
    observed:
      seat.isPresent && seat.permission
        ? { ...seat.permission, canPublishSources: [...seat.permission.canPublishSources] }
        : null,
    inSync: isInSync(seat, evaluation),
    epoch: seat.epoch,
    override: override && {
      template: override.template,
      version: override.version,
      until: override.until?.toISOString() ?? null,
      by: override.by,
      byKind: override.byKind,
      reason: override.reason,
    },
    block: block && {
      at: block.at.toISOString(),
      until: block.until?.toISOString() ?? null,
      by: block.by,
      byKind: block.byKind,
      reason: block.reason,
    },
    blockedUntil: block?.until?.toISOString() ?? null,
    hold: hold && {
      sources: [...hold.sources],
      at: hold.at.toISOString(),
      until: hold.until?.toISOString() ?? null,
      by: hold.by,
      byKind: hold.byKind,
      reason: hold.reason,
    },
    withheld: withheldFrom(evaluation),
    aboveCeiling: seat.isPresent ? [...(role?.aboveCeiling ?? [])] : [],
    silencing: evaluation.silencing,
    hand: extra.hand,
    invite: extra.invite,
    tracks: seat.tracks.map(({ isLate: _, ...track }) => track),
    joinedAt: seat.isPresent ? (seat.joinedAt?.toISOString() ?? null) : null,
    pendingOperation: seat.pendingOperation,
    lastChange: seat.lastChange && {
      ...seat.lastChange,
      byKind: seat.lastChange.byKind ?? null,
    },
    isUnlisted: seat.isPresent && seat.isUnlisted,
    isSilent: why !== null,
    silentSince: why && (seat.joinedAt?.toISOString() ?? null),
    silentWhy: why,
    peeksAt: seat.peeksAt,
  };
}

/** Why the others do not know that they are there, or do not think of it; null: they do. */
function silentWhy({ isPresent, state, permission, kind, tracks }: Seat): SeatView['silentWhy'] {
  if (!isPresent) return null;
  // No webhook has come, and nobody in the room sees them: there is only a connection so far.
  if (state !== 'active') return 'no_media';
  if (permission?.recorder) return 'recorder';
  if (permission?.hidden) return 'hidden';
  const isAgent = kind === 'agent' || permission?.agent;
  return isAgent && tracks.length === 0 ? 'agent' : null;
}

function withheldFrom({ role, wanted }: Evaluation): SeatView['withheld'] {
  const withheld: Withheld =
    role?.withheld ?? (wanted.kind === 'uncovered' ? wanted.withheld : NOTHING_WITHHELD);
  return { sources: [...withheld.sources], data: withheld.data };
}

function isInSync({ isPresent, permission, tracks }: Seat, evaluation: Evaluation): boolean {
  const { wanted } = evaluation;
  if (!isPresent) return true;
  if (!isMutedAsWanted(evaluation, tracks)) return false;
  if (wanted.kind === 'free') return true;
  const desired = permissionWanted(wanted);
  return desired !== null && permission !== null && samePermission(permission, desired);
}

function isCurrent(period: { until: Date | null } | null, now: number): boolean {
  return period !== null && (period.until === null || period.until.getTime() > now);
}

export function toStateOf(role: EffectiveRole | null): RoleState {
  return {
    template: role?.template ?? null,
    version: role?.version ?? null,
    permission: role?.permission ?? null,
  };
}

export function toStateResponse({ template, version, permission }: RoleState) {
  return {
    template,
    version,
    permission: permission && {
      ...permission,
      canPublishSources: [...permission.canPublishSources],
    },
  };
}

export function toChange(
  operation: SeatOperation,
  { outcome, detail, effects }: OperationResult,
): SeatChange {
  const { id, before, after, epoch, undoUntil } = operation;
  return {
    operationId: id,
    // Superseded: what was asked never came about, because somebody else asked something else.
    outcome: outcome === 'superseded' ? 'failed' : outcome,
    detail,
    before: toStateResponse(before),
    after: toStateResponse(after),
    effects: [...(effects ?? after.effects)],
    epoch,
    undoUntil: undoUntil?.toISOString() ?? null,
  };
}

export function toOperationView(operation: SeatOperation): OperationView {
  const { id, outcome, before, after } = operation;
  const isOver = outcome !== 'intent' && outcome !== 'pending';
  return {
    id,
    operationId: id,
    room: operation.room,
    identity: operation.identity,
    action: operation.action,
    status: !isOver ? 'running' : outcome === 'failed' ? 'failed' : 'done',
    outcome,
    detail: operation.detail,
    total: 1,
    done: isOver ? 1 : 0,
    applied: outcome === 'applied' ? 1 : 0,
    pending: outcome === 'pending' ? 1 : 0,
    failed: outcome === 'failed' ? 1 : 0,
    by: operation.actor.label,
    byKind: operation.actor.kind,
    reason: operation.reason,
    before: toStateResponse(before),
    after: toStateResponse(after),
    effects: [...after.effects],
    epoch: operation.epoch,
    ms: operation.ms,
    goneMs: operation.goneMs,
    undoUntil: operation.undoUntil?.toISOString() ?? null,
    undoneBy: operation.undoneBy,
    createdAt: operation.createdAt.toISOString(),
  };
}

/** One of the last operations on a seat, for the panel beside it. */
export function toSeatOperationView(operation: SeatOperation): SeatOperationView {
  const { id, action, actor, createdAt, outcome, detail, reason, ms, goneMs } = operation;
  return {
    id,
    action,
    by: actor.label,
    byKind: actor.kind,
    at: createdAt.toISOString(),
    outcome,
    detail,
    reason,
    ms,
    goneMs,
    effects: [...operation.after.effects],
    undoUntil: operation.undoUntil?.toISOString() ?? null,
    undoneBy: operation.undoneBy,
  };
}

export function operationNotFound(): AppError {
  return new AppError('not_found', 'operation.not_found', 'There is no such operation.');
}

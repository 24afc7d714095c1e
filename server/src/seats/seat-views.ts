import { Injectable } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';
import { samePermission } from '../grants/compile-grant.js';
import type { Seat } from './seat.js';
import { permissionWanted, SeatPolicy, type Standing } from './seat-policy.js';
import { SeatStore } from './seat-store.js';
import type { SeatView } from './seats.schemas.js';

/** Seats as the API and the event stream show them. */
@Injectable()
export class SeatViews {
  constructor(
    private readonly store: SeatStore,
    private readonly policy: SeatPolicy,
  ) {}

  /** Everybody in the room, and who is away but has an override or a block. */
  async list(room: string): Promise<SeatView[]> {
    const views = await this.viewsOf(await this.store.listVisible(room));
    return views.filter(isShown);
  }

  /** Those of `identities` that `list` would show. */
  async some(room: string, identities: readonly string[]): Promise<SeatView[]> {
    const views = await this.viewsOf(await this.store.findMany(room, identities));
    return views.filter(isShown);
  }

  /** One seat, also of somebody who has never been there. Throws 404 for an unknown identity. */
  async one(room: string, identity: string, { mayBeUnknown = false } = {}): Promise<SeatView> {
    const seat = await this.store.find(room, identity);
    const standing = await this.policy.stand(room, identity, seat?.kind);
    if (!seat && !standing.facts.user && !mayBeUnknown) {
      throw new AppError('not_found', 'seat.not_found', 'Nobody has this identity.');
    }
    return toView(seat ?? emptySeat(room, identity), standing);
  }

  private viewsOf(seats: readonly Seat[]): Promise<SeatView[]> {
    return Promise.all(
      seats.map(async (seat) =>
        toView(seat, await this.policy.stand(seat.room, seat.identity, seat.kind)),
      ),
    );
  }
}

function isShown(view: SeatView): boolean {
  return view.isPresent || view.override !== null || view.block !== null;
}

export function toView(seat: Seat, { role, decision, wanted, facts }: Standing): SeatView {
  const now = Date.now();
  const block = isCurrent(seat.block, now) ? seat.block : null;
  const override = isCurrent(seat.override, now) ? seat.override : null;
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
    inSync: isInSync(seat, wanted),
    epoch: seat.epoch,
    override: override && {
      template: override.template,
      version: override.version,
      until: override.until?.toISOString() ?? null,
      by: override.by,
      reason: override.reason,
    },
    block: block && {
      at: block.at.toISOString(),
      until: block.until?.toISOString() ?? null,
      by: block.by,
      reason: block.reason,
    },
    blockedUntil: block?.until?.toISOString() ?? null,
    tracks: seat.tracks.map((track) => ({ ...track })),
    joinedAt: seat.isPresent ? (seat.joinedAt?.toISOString() ?? null) : null,
    pendingOperation: seat.pendingOperation,
    lastChange: seat.lastChange,
    isUnlisted: seat.isPresent && seat.isUnlisted,
    isSilent:
      seat.isPresent &&
      (seat.state !== 'active' ||
        (seat.permission?.hidden ?? false) ||
        (seat.permission?.recorder ?? false)),
  };
}

function isInSync({ isPresent, permission }: Seat, wanted: Standing['wanted']): boolean {
  if (!isPresent || wanted.kind === 'free') return true;
  const desired = permissionWanted(wanted);
  return desired !== null && permission !== null && samePermission(permission, desired);
}

function isCurrent(wish: { until: Date | null } | null, now: number): boolean {
  return wish !== null && (wish.until === null || wish.until.getTime() > now);
}

export function emptySeat(room: string, identity: string): Seat {
  return {
    room,
    identity,
    epoch: 0,
    override: null,
    block: null,
    hold: null,
    lastIssuedAt: null,
    isUnlisted: false,
    isPresent: false,
    sid: null,
    state: null,
    name: '',
    kind: null,
    permission: null,
    tracks: [],
    joinedAt: null,
    pendingOperation: null,
    lastChange: null,
  };
}

import type { Hold, Override } from '../../grants/policy.js';
import { canonicalSources } from '../../grants/role-grants.js';
import { WHIP_KIND } from '../../livekit/whip.js';
import type {
  LastChange,
  NewOperation,
  Seat,
  SeatBase,
  SeatOperation,
  DesiredState,
  Period,
  DesiredPeriods,
} from '../model/seat.js';
import { type OverrideRow, toOverride } from '../../policy/override-row.js';

// The columns of `seat` and `seat_operation`, and what a row is to the rest of the server.

export const SEAT_COLUMNS = `room, identity, epoch, override_template, override_version, override_scope,
  override_until, override_at, override_by, override_reason, block_at, block_until, block_by,
  block_reason, hold_sources, hold_at, hold_until, hold_by, hold_reason, override_by_kind,
  block_by_kind, hold_by_kind, last_issued_at, peeks_at, is_unlisted,
  is_present, sid, state, name, kind, permission, tracks, joined_at, awaited, pending_operation, last_change`;

export const OPERATION_COLUMNS = `id, room, identity, action, actor_kind, actor_id, actor_label, reason,
  before, after, epoch, outcome, detail, ms, undo_until, undone_by, created_at, settled_at, request_id,
  gone_ms, bulk`;

/** Parameters $3 to $21 are `desiredValues`; $1 is the room, $2 the identity. */
export const SET_DESIRED_STATE = `override_template = $3, override_version = $4, override_scope = $5,
  override_until = $6, override_at = $7, override_by = $8, override_reason = $9,
  block_at = $10, block_until = $11, block_by = $12, block_reason = $13,
  hold_sources = $14, hold_at = $15, hold_until = $16, hold_by = $17, hold_reason = $18,
  override_by_kind = $19, block_by_kind = $20, hold_by_kind = $21`;

/** Followed by a SELECT of what `operationValues` gives, and of the seat's name and epoch. */
export const INSERT_OPERATION = `INSERT INTO seat_operation (id, action, actor_kind, actor_id, actor_label,
  reason, before, after, undo_until, request_id, created_at, watched_tracks, bulk, room, identity, epoch)`;

/** Operations, as `o`, that may write an override. */
export const GIVES_OVERRIDE = `o.action IN ('promote', 'demote', 'lease_end', 'block', 'unblock')`;

export interface SeatRow extends OverrideRow {
  room: string;
  identity: string;
  epoch: number;
  block_at: Date | null;
  block_until: Date | null;
  block_by: string | null;
  block_by_kind: Override['byKind'];
  block_reason: string | null;
  hold_sources: Hold['sources'] | null;
  hold_at: Date;
  hold_until: Date | null;
  hold_by: string | null;
  hold_by_kind: Override['byKind'];
  hold_reason: string | null;
  last_issued_at: Date | null;
  peeks_at: string | null;
  is_unlisted: boolean;
  is_present: boolean;
  sid: string | null;
  state: Seat['state'];
  name: string;
  kind: string | null;
  permission: Seat['permission'];
  tracks: Seat['tracks'];
  joined_at: Date | null;
  awaited: readonly unknown[] | null;
  pending_operation: string | null;
  last_change: LastChange | null;
}

export interface OperationRow {
  id: string;
  room: string;
  identity: string;
  action: SeatOperation['action'];
  actor_kind: SeatOperation['actor']['kind'];
  actor_id: string | null;
  actor_label: string;
  reason: string | null;
  before: SeatOperation['before'];
  /** `wish` is what older servers call `desired`. */
  after: SeatOperation['after'] & { wish?: DesiredPeriods | null };
  epoch: number;
  outcome: SeatOperation['outcome'];
  detail: string | null;
  ms: number | null;
  undo_until: Date | null;
  undone_by: string | null;
  created_at: Date;
  settled_at: Date | null;
  request_id: string | null;
  gone_ms: number | null;
  bulk: string | null;
}

/** The columns with the periods of the desired state. */
export interface PeriodsRow {
  override_at: Date | null;
  override_until: Date | null;
  block_at: Date | null;
  block_until: Date | null;
  hold_at: Date | null;
  hold_until: Date | null;
}

/** How a seat stood before the operation that wrote its override. */
export type Origin = Pick<SeatOperation['before'], 'base' | 'override'>;

export function toPeriods(row: PeriodsRow): DesiredPeriods {
  const terms = (at: Date | null, until: Date | null): Period | null => at && { at, until };
  return {
    override: terms(row.override_at, row.override_until),
    block: terms(row.block_at, row.block_until),
    hold: terms(row.hold_at, row.hold_until),
  };
}

export function toSeat(row: SeatRow): Seat {
  return {
    room: row.room,
    identity: row.identity,
    epoch: row.epoch,
    override: toOverride(row),
    block:
      row.block_at === null
        ? null
        : {
            at: row.block_at,
            until: row.block_until,
            by: row.block_by ?? '',
            byKind: row.block_by_kind,
            reason: row.block_reason,
          },
    hold:
      row.hold_sources === null
        ? null
        : {
            sources: canonicalSources(row.hold_sources),
            at: row.hold_at,
            until: row.hold_until,
            by: row.hold_by ?? '',
            byKind: row.hold_by_kind,
            reason: row.hold_reason,
          },
    lastIssuedAt: row.last_issued_at,
    peeksAt: row.peeks_at,
    isUnlisted: row.is_unlisted,
    isPresent: row.is_present,
    sid: row.sid,
    state: row.state,
    name: row.name,
    // A way in ends with its connection: who comes back may come by another one.
    kind: row.kind === WHIP_KIND && !row.is_present ? null : row.kind,
    permission: row.permission,
    tracks: row.tracks,
    joinedAt: row.joined_at,
    isAwaited: row.awaited !== null,
    pendingOperation: row.pending_operation,
    lastChange: row.last_change,
  };
}

export function toOperation(row: OperationRow): SeatOperation {
  const { wish, ...after } = row.after;
  const desired = after.desired ?? wish ?? null;
  return {
    id: row.id,
    room: row.room,
    identity: row.identity,
    action: row.action,
    actor: {
      kind: row.actor_kind,
      id: row.actor_id,
      label: row.actor_label,
      requestId: row.request_id,
    },
    reason: row.reason,
    before: {
      ...row.before,
      override: revive(row.before.override),
      block: revive(row.before.block),
      hold: revive(row.before.hold),
      base: reviveBase(row.before.base),
    },
    after: {
      ...after,
      desired: desired && {
        override: revive(desired.override),
        block: revive(desired.block),
        hold: revive(desired.hold),
      },
    },
    epoch: row.epoch,
    outcome: row.outcome,
    detail: row.detail,
    ms: row.ms,
    undoUntil: row.undo_until,
    undoneBy: row.undone_by,
    createdAt: row.created_at,
    settledAt: row.settled_at,
    goneMs: row.gone_ms,
    bulk: row.bulk,
  };
}

export function toOrigin({ base, override }: Origin): Origin {
  return { base: reviveBase(base), override: revive(override) };
}

function reviveBase(base: SeatBase | null): SeatBase | null {
  return base && 'override' in base ? { override: revive(base.override) as Override } : base;
}

/** Times come out of jsonb as text. What older entries do not have is missing there. */
function revive<T extends Period>(period: T | null | undefined): T | null {
  return period ? { ...period, at: new Date(period.at), until: toDate(period.until) } : null;
}

function toDate(value: Date | string | null): Date | null {
  return value === null ? null : new Date(value);
}

export function columnsOf(alias: string, columns = OPERATION_COLUMNS): string {
  return columns.replaceAll(/\b(\w+)\b/g, `${alias}.$1`);
}

/** The values of `SET_DESIRED_STATE`. */
export function desiredValues({ override, block, hold }: DesiredState): unknown[] {
  return [
    override?.template ?? null,
    override?.version ?? null,
    override?.scope ?? null,
    override?.until ?? null,
    override?.at ?? null,
    override?.by ?? null,
    override?.reason ?? null,
    block?.at ?? null,
    block?.until ?? null,
    block?.by ?? null,
    block?.reason ?? null,
    hold?.sources ?? null,
    hold?.at ?? null,
    hold?.until ?? null,
    hold?.by ?? null,
    hold?.reason ?? null,
    override?.byKind ?? null,
    block?.byKind ?? null,
    hold?.byKind ?? null,
  ];
}

/** The values of `INSERT_OPERATION`, but for the seat's own. */
export function operationValues(operation: NewOperation): unknown[] {
  const { takes } = operation.after;
  return [
    operation.id,
    operation.action,
    operation.actor.kind,
    operation.actor.id,
    operation.actor.label,
    operation.reason,
    JSON.stringify(operation.before),
    JSON.stringify(operation.after),
    operation.undoUntil,
    operation.actor.requestId ?? null,
    operation.createdAt,
    takes.length > 0 ? takes.map(({ sid }) => sid) : null,
    operation.bulk,
  ];
}

/** How a seat shows an operation that has just begun. */
export function lastChange({ id, action, actor, createdAt }: NewOperation): LastChange {
  return {
    operationId: id,
    at: createdAt.toISOString(),
    by: actor.label,
    byKind: actor.kind,
    kind: action,
    outcome: 'intent',
    ms: null,
  };
}

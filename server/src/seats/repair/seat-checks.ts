import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { SYSTEM_ACTOR } from '../../actor/actor.js';
import { Alarms } from '../../alarms/alarms.service.js';
import { DatabaseClock } from '../../database/database-clock.js';
import { samePermission } from '../../grants/compile-grant.js';
import type { LedgerOutcome } from '../../ledger/ledger-entry.js';
import type { LedgerKind } from '../../ledger/ledger-kinds.js';
import { LedgerService } from '../../ledger/ledger.service.js';
import type {
  ObservedPermission,
  ObservedTrack,
  ParticipantState,
} from '../../livekit/participant-view.js';
import { LeasesService } from '../commands/leases.service.js';
import { BatchesInProgress } from '../convergence/batches-in-progress.js';
import { seatKey } from '../convergence/keyed-mutex.js';
import { SeatApplier } from '../convergence/seat-applier.js';
import { SeatCalls } from '../convergence/seat-calls.js';
import { SeatOperations } from '../store/seat-operations.js';
import { type Push, resultOf, isStillDesired } from '../model/outcomes.js';
import { concernsMutes, isMutedAsWanted, trackWork } from '../model/mutes.js';
import { permissionWanted, SeatPolicy, type Evaluation } from '../model/seat-policy.js';
import type { SeatOperation } from '../model/seat.js';
import { OperationReader } from '../store/operation-reader.js';
import { SeatReader } from '../store/seat-reader.js';
import { PermissionOrigins } from './permission-origins.js';
import { SettledSeats } from './settled-seats.js';

/** Somebody who is in a room now, as LiveKit reports. */
export interface Occupant {
  readonly identity: string;
  readonly sid: string;
  readonly kind: string;
  readonly state: ParticipantState | null;
  readonly permission: ObservedPermission;
  /** Left out where they are not known. */
  readonly tracks?: readonly ObservedTrack[];
}

/** What caused the check. */
export type CheckReason = 'join' | 'track' | 'sweep' | 'policy';

interface Drift {
  readonly operationId: string;
  /** What drifted from what: the same drift is recorded once, however often it is repaired. */
  readonly signature: string;
  /** Policy is newer than what LiveKit was told: nobody has changed it there. */
  readonly isUpdate: boolean;
}

/** Scenes that are still being carried out, and the seats that they have not reached yet. */
export interface PendingScenes {
  isScenePending(room: string, identity: string): Promise<boolean>;
  /** Seats that some server is going to call; null: it is still finding out which. */
  listSceneCalls(room: string): Promise<string[] | null>;
}

/** Compares what LiveKit has with what it should have, and repairs it. Harmless to repeat. */
@Injectable()
export class SeatChecks {
  private readonly log = new Logger(SeatChecks.name);
  /** Seat → the drift that is recorded and not repaired yet. */
  private readonly drifts = new Map<string, Drift>();
  private pendingScenes: PendingScenes | null = null;

  constructor(
    private readonly policy: SeatPolicy,
    private readonly applier: SeatApplier,
    private readonly calls: SeatCalls,
    private readonly batches: BatchesInProgress,
    private readonly seats: SeatReader,
    private readonly operationReader: OperationReader,
    private readonly operations: SeatOperations,
    private readonly leases: LeasesService,
    private readonly ledger: LedgerService,
    private readonly origins: PermissionOrigins,
    private readonly settled: SettledSeats,
    private readonly alarms: Alarms,
    private readonly clock: DatabaseClock,
  ) {}

  /** Whether nothing has to be repaired. Asked about many at once it costs one statement. */
  async isInSync(room: string, occupant: Occupant): Promise<boolean> {
    const { identity } = occupant;
    const evaluation = await this.policy.evaluateConnection(room, identity, occupant);
    const isFine = isAsWanted(evaluation, occupant);
    if (isFine) this.noteSettled(evaluation, occupant.sid);
    return isFine;
  }

  /** A seat that a scene has not reached yet has not drifted. */
  usePendingScenes(scenes: PendingScenes): void {
    this.pendingScenes = scenes;
  }

  /**
   * Those who are not part of work in progress: that work will reach them in its own order and at its
   * own pace.
   */
  async withoutPending<T extends Occupant>(room: string, occupants: readonly T[]): Promise<T[]> {
    const rest = occupants.filter((one) => !this.batches.include(room, one.identity));
    if (rest.length === 0) return rest;
    const calls = this.pendingScenes ? await this.pendingScenes.listSceneCalls(room) : [];
    if (calls === null) return [];
    const called = new Set(calls);
    return rest.filter(({ identity }) => !called.has(identity));
  }

  /** Ends leases, timed holds and timed blocks that are due. */
  endDue(): Promise<void> {
    return this.leases.endDue();
  }

  /** True when the seat is in sync, or could be repaired. */
  async check(room: string, occupant: Occupant, by: CheckReason): Promise<boolean> {
    if (await this.isInSync(room, occupant)) return true;
    return this.repair(room, occupant, by);
  }

  /** Repairs a seat that is known to differ. */
  async repair(room: string, occupant: Occupant, by: CheckReason): Promise<boolean> {
    if (await this.leases.endDueOf(room, occupant.identity)) return true;
    return this.applier.withLock(room, occupant.identity, () =>
      this.repairLocked(room, occupant, by),
    );
  }

  /** Ends an operation that was left open: superseded, applied meanwhile, or still waiting. */
  async settle(operation: SeatOperation): Promise<void> {
    const { id, room, identity, action } = operation;
    await this.applier.withLock(room, identity, async () => {
      const seat = await this.seats.find(room, identity);
      if (!seat) return;
      if (action === 'mute') {
        await this.operations.settle(id, { outcome: 'failed', detail: 'cut short', ms: null });
        return;
      }
      if (action === 'remove') {
        await this.settleRemoval(operation, seat.isPresent && seat.sid === operation.before.sid);
        return;
      }
      if (seat.epoch !== operation.epoch && !isStillDesired(operation, seat)) {
        await this.operations.settle(id, { outcome: 'superseded', detail: null, ms: null });
        return;
      }
      const pushes = await this.applier.converge(room, identity, operation.after.fallback);
      await this.operations.settle(
        id,
        resultOf(operation, pushes, msBetween(operation.createdAt, this.clock.now())),
      );
    });
  }

  private async settleRemoval(operation: SeatOperation, isStillThere: boolean): Promise<void> {
    if (isStillThere && !(await this.calls.remove(operation.room, operation.identity))) return;
    await this.operations.settle(operation.id, {
      outcome: 'applied',
      detail: isStillThere ? null : 'is no longer in the room',
      ms: msBetween(operation.createdAt, this.clock.now()),
    });
  }

  private async repairLocked(room: string, occupant: Occupant, by: CheckReason): Promise<boolean> {
    const { identity } = occupant;
    // Another writer may have put it right while this one waited for its turn.
    const { evaluation, facts, seat, observed } = await this.readAgain(room, occupant);
    if (isAsWanted(evaluation, observed)) {
      this.noteSettled(evaluation, occupant.sid);
      return true;
    }
    if (facts.awaited.length > 0) {
      // Calls hold to connections that may come up yet: what they gave has not drifted.
      const called = await this.policy.evaluateFacts(facts, observed);
      if (isAsWanted(called, observed)) {
        this.noteSettled(called, occupant.sid);
        return true;
      }
    }
    // Work that began after this round asked for it; who has just joined does not wait for it.
    const isRound = by === 'sweep' || by === 'policy';
    if (isRound && (await this.withoutPending(room, [occupant])).length === 0) return true;

    const open = (await this.operationReader.listOpen(room, identity)).filter(
      ({ after: { desired } }) => desired !== null,
    );
    const waiting = open.find((one) => {
      return one.epoch === evaluation.epoch || (seat !== null && isStillDesired(one, seat));
    });
    if (waiting) {
      const pushes = await this.applier.converge(room, identity, waiting.after.fallback);
      for (const one of open) {
        await this.operations.settle(
          one.id,
          resultOf(one, pushes, msBetween(one.createdAt, this.clock.now())),
        );
      }
      return pushes.at(-1)?.outcome === 'applied';
    }
    if (await this.pendingScenes?.isScenePending(room, identity)) {
      return (await this.applier.converge(room, identity)).at(-1)?.outcome === 'applied';
    }
    return this.repairDrift(room, occupant, evaluation, observed, by);
  }

  private async readAgain(room: string, occupant: Occupant) {
    const { identity } = occupant;
    const read = async () => {
      const [facts, seat] = await Promise.all([
        this.policy.read(room, identity),
        this.seats.find(room, identity),
      ]);
      const isSame = seat?.isPresent === true && seat.sid === occupant.sid;
      const observed =
        isSame && seat.permission
          ? { ...seat, sid: occupant.sid, permission: seat.permission }
          : occupant;
      const evaluation = await this.policy.evaluateConnection(room, identity, observed, facts);
      return { evaluation, facts, seat, observed };
    };
    const first = await read();
    if (!concernsMutes(first.evaluation)) return first;
    // A mute that was made meanwhile is in LiveKit's answer, and not in a list of before.
    await this.calls.observeAgain(room, identity);
    return read();
  }

  private async repairDrift(
    room: string,
    { identity, sid }: Occupant,
    evaluation: Evaluation,
    { permission: observed, tracks = [] }: Pick<Occupant, 'permission' | 'tracks'>,
    by: CheckReason,
  ): Promise<boolean> {
    const key = seatKey(room, identity);
    const signature = JSON.stringify([sid, evaluation.key]);
    const known = this.drifts.get(key);
    const drift =
      known?.signature === signature
        ? known
        : {
            operationId: randomUUID(),
            signature,
            isUpdate:
              by === 'policy' || (await this.settled.isPolicyNewer(evaluation, sid, observed)),
          };
    const { operationId, isUpdate } = drift;
    const kind = isUpdate ? 'seat.updated' : 'drift.repaired';
    const payload = {
      operationId,
      by,
      sid,
      observed,
      ...describeWanted(evaluation),
      ...describeMutes(evaluation, tracks),
    };
    const write = (what: LedgerKind, outcome: LedgerOutcome, extra: Record<string, unknown> = {}) =>
      this.ledger.appendDurably({
        kind: what,
        outcome,
        actor: SYSTEM_ACTOR,
        room,
        identity,
        payload: { ...payload, ...extra },
      });
    if (drift !== known) {
      const isUnexplained = !isUpdate && (await this.isUnexplained(evaluation, sid, observed));
      const extra = isUnexplained ? { isUnexplained, knownKeys: this.alarms.knownKeys } : {};
      // One after the other, and written down together.
      const detected = isUpdate ? null : write('drift.detected', 'ok', extra);
      await Promise.all([detected, write(kind, 'intent')]);
      if (isUnexplained) {
        await this.alarms.raise([
          {
            kind: 'drift.detected',
            key: [room, sid],
            room,
            identity,
            about: { operationId, sid, observed, knownKeys: this.alarms.knownKeys },
            isRecorded: true,
          },
        ]);
      }
      this.drifts.set(key, drift);
    }
    const started = performance.now();
    const last = (await this.applier.converge(room, identity)).at(-1);
    const ms = Math.round((performance.now() - started) * 10) / 10;
    return this.concludeRepair(last, key, (outcome) => {
      if (outcome === 'applied') this.noteSettled(evaluation, sid);
      return write(kind, outcome, { ms });
    });
  }

  /** LiveKit has a permission that nothing here gave, so somebody set it there. */
  private async isUnexplained(
    { room, identity, wanted }: Evaluation,
    sid: string,
    observed: ObservedPermission,
  ): Promise<boolean> {
    // Who may not be here came with a token; who does not fit may have any.
    if (wanted.kind !== 'role' || samePermission(observed, permissionWanted(wanted) ?? observed)) {
      return false;
    }
    // Of this connection LiveKit had what was wanted before: only a call changes that.
    if (this.settled.has(room.name, identity, sid)) return true;
    return !(await this.origins.explain(room.name, identity, observed));
  }

  private noteSettled(evaluation: Evaluation, sid: string): void {
    this.drifts.delete(seatKey(evaluation.room.name, evaluation.identity));
    this.settled.note(evaluation, sid);
  }

  private async concludeRepair(
    last: Push | undefined,
    key: string,
    write: (outcome: LedgerOutcome) => Promise<unknown>,
  ): Promise<boolean> {
    // Unavailable or failing: the next sweep tries again, and the drift stays written down as open.
    if (last?.outcome === 'unavailable' || last?.outcome === 'failed') {
      this.log.warn(`a seat could not be repaired: ${last.detail ?? 'no reason given'}`);
      return false;
    }
    this.drifts.delete(key);
    const hasLeft = last?.outcome === 'absent';
    await write(hasLeft ? 'superseded' : 'applied');
    return true;
  }
}

function isAsWanted(
  evaluation: Evaluation,
  { permission, tracks = [] }: Pick<Occupant, 'permission' | 'tracks'>,
): boolean {
  const { wanted } = evaluation;
  if (!isMutedAsWanted(evaluation, tracks)) return false;
  if (wanted.kind === 'free') return true;
  const desired = permissionWanted(wanted);
  return desired !== null && samePermission(permission, desired) && !isToForget(wanted);
}

/** What was heard though it should be muted, and the other way round. */
function describeMutes(
  evaluation: Evaluation,
  tracks: readonly ObservedTrack[],
): Record<string, unknown> {
  const { mute, unmute } = trackWork(evaluation, tracks);
  const named = (sids: readonly string[]) =>
    tracks.flatMap(({ sid, source }) => (sids.includes(sid) ? { sid, source } : []));
  return {
    ...(mute.length > 0 ? { unmuted: named(mute) } : {}),
    ...(unmute.length > 0 ? { muted: named(unmute) } : {}),
  };
}

/** They have it back, so what was kept of it can be forgotten. */
function isToForget(wanted: Evaluation['wanted']): boolean {
  return wanted.kind === 'uncovered' && wanted.isRestored;
}

function describeWanted({ wanted, decision }: Evaluation): Record<string, unknown> {
  if (wanted.kind === 'out') return { wanted: null, because: wanted.code };
  const role = wanted.kind === 'role' ? wanted.role : null;
  return {
    wanted: permissionWanted(wanted),
    template: role?.template ?? null,
    version: role?.version ?? null,
    because: decision.because[0]?.text ?? null,
  };
}

function msBetween(from: Date, to: Date): number {
  return Math.max(0, to.getTime() - from.getTime());
}

import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { SYSTEM_ACTOR } from '../../actor/actor.js';
import { DatabaseClock } from '../../database/database-clock.js';
import { samePermission } from '../../grants/compile-grant.js';
import type { LedgerOutcome } from '../../ledger/ledger-entry.js';
import { LedgerService } from '../../ledger/ledger.service.js';
import type { ObservedPermission, ObservedTrack } from '../../livekit/participant-view.js';
import { LeasesService } from '../commands/leases.service.js';
import { SeatApplier, seatKey } from '../convergence/seat-applier.js';
import { SeatOperations } from '../store/seat-operations.js';
import { type Push, settlementOf, stands } from '../model/outcomes.js';
import { concernsMutes, isMutedAsWanted, trackWork } from '../model/mutes.js';
import { permissionWanted, SeatPolicy, type Standing } from '../model/seat-policy.js';
import type { SeatOperation } from '../model/seat.js';
import { SeatStore } from '../store/seat-store.js';

/** Somebody who is in a room now, as LiveKit tells it. */
export interface Occupant {
  readonly identity: string;
  readonly sid: string;
  readonly kind: string;
  readonly permission: ObservedPermission;
  /** Left out by who does not know them. */
  readonly tracks?: readonly ObservedTrack[];
}

/** What made us look. */
export type CheckReason = 'join' | 'track' | 'sweep' | 'policy';

interface Drift {
  readonly operationId: string;
  /** What drifted from what: the same drift is written down once, however often it is tried. */
  readonly signature: string;
}

/** Whoever tells many people of a change, and knows who has not heard of it yet. */
export interface Telling {
  isToBeTold(room: string, identity: string): Promise<boolean>;
  /** Those whom somebody is telling now, at any server. */
  listBeingTold(room: string): Promise<string[]>;
}

/** Compares what LiveKit has with what it should have, and puts it right. Harmless to repeat. */
@Injectable()
export class SeatChecks {
  private readonly log = new Logger(SeatChecks.name);
  /** Seat → the drift that is written down and not repaired yet. */
  private readonly drifts = new Map<string, Drift>();
  private telling: Telling | null = null;

  constructor(
    private readonly policy: SeatPolicy,
    private readonly applier: SeatApplier,
    private readonly store: SeatStore,
    private readonly operations: SeatOperations,
    private readonly leases: LeasesService,
    private readonly ledger: LedgerService,
    private readonly clock: DatabaseClock,
  ) {}

  /** Whether nothing has to be put right. Asked about many at once it costs one statement. */
  async isAsWished(room: string, occupant: Occupant): Promise<boolean> {
    const { identity } = occupant;
    const standing = await this.policy.stand(room, identity, occupant);
    const isFine = isAsWanted(standing, occupant);
    if (isFine) this.drifts.delete(seatKey(room, identity));
    return isFine;
  }

  /**
   * Whoever is about to tell people of a change says so here: that they have not heard of it yet is
   * no drift.
   */
  expect(telling: Telling): void {
    this.telling = telling;
  }

  /**
   * Those of them whom nobody is about to tell: somebody who is will look at them again, in an order
   * and at a pace that whoever comes between would spoil.
   */
  async leftAlone<T extends Occupant>(room: string, occupants: readonly T[]): Promise<T[]> {
    const rest = occupants.filter((one) => !this.applier.isInHand(room, one.identity));
    if (rest.length === 0) return rest;
    const told = new Set(await this.telling?.listBeingTold(room));
    return rest.filter(({ identity }) => !told.has(identity));
  }

  /** Ends leases, timed holds and timed blocks that are due. */
  endDue(): Promise<void> {
    return this.leases.endDue();
  }

  /** True when all is as it should be, or could be put right. */
  async check(room: string, occupant: Occupant, by: CheckReason): Promise<boolean> {
    if (await this.isAsWished(room, occupant)) return true;
    return this.putRight(room, occupant, by);
  }

  /** The same for one about whom it is known that something has to be put right. */
  async putRight(room: string, occupant: Occupant, by: CheckReason): Promise<boolean> {
    if (await this.leases.endDueOf(room, occupant.identity)) return true;
    return this.applier.inTurn(room, occupant.identity, () => this.repair(room, occupant, by));
  }

  /** Ends an operation that was left open: superseded, applied meanwhile, or still waiting. */
  async settle(operation: SeatOperation): Promise<void> {
    const { id, room, identity, action } = operation;
    await this.applier.inTurn(room, identity, async () => {
      const seat = await this.store.find(room, identity);
      if (!seat) return;
      if (action === 'mute') {
        await this.operations.settle(id, { outcome: 'failed', detail: 'cut short', ms: null });
        return;
      }
      if (action === 'remove') {
        await this.settleRemoval(operation, seat.isPresent && seat.sid === operation.before.sid);
        return;
      }
      if (seat.epoch !== operation.epoch && !stands(operation, seat)) {
        await this.operations.settle(id, { outcome: 'superseded', detail: null, ms: null });
        return;
      }
      const pushes = await this.applier.converge(room, identity, operation.after.fallback);
      await this.operations.settle(
        id,
        settlementOf(operation, pushes, msBetween(operation.createdAt, this.clock.now())),
      );
    });
  }

  private async settleRemoval(operation: SeatOperation, isStillThere: boolean): Promise<void> {
    if (isStillThere && !(await this.applier.remove(operation.room, operation.identity))) return;
    await this.operations.settle(operation.id, {
      outcome: 'applied',
      detail: isStillThere ? null : 'is not in the room any more',
      ms: msBetween(operation.createdAt, this.clock.now()),
    });
  }

  private async repair(room: string, occupant: Occupant, by: CheckReason): Promise<boolean> {
    const { identity } = occupant;
    // Another writer may have put it right while this one waited for its turn.
    const { standing, seat, observed } = await this.readAgain(room, occupant);
    if (isAsWanted(standing, observed)) return true;

    const open = (await this.store.listOpenOperations(room, identity)).filter(
      ({ after: { wish } }) => wish !== null,
    );
    const waiting = open.find((one) => {
      return one.epoch === standing.epoch || (seat !== null && stands(one, seat));
    });
    if (waiting) {
      const pushes = await this.applier.converge(room, identity, waiting.after.fallback);
      for (const one of open) {
        await this.operations.settle(
          one.id,
          settlementOf(one, pushes, msBetween(one.createdAt, this.clock.now())),
        );
      }
      return pushes.at(-1)?.outcome === 'applied';
    }
    if (await this.telling?.isToBeTold(room, identity)) {
      return (await this.applier.converge(room, identity)).at(-1)?.outcome === 'applied';
    }
    return this.repairDrift(room, occupant, standing, observed, by);
  }

  private async readAgain(room: string, occupant: Occupant) {
    const { identity } = occupant;
    const read = async () => {
      const [facts, seat] = await Promise.all([
        this.policy.read(room, identity),
        this.store.find(room, identity),
      ]);
      const isSame = seat?.isPresent === true && seat.sid === occupant.sid;
      const observed =
        isSame && seat.permission ? { ...seat, permission: seat.permission } : occupant;
      return { standing: await this.policy.judge(facts, observed), seat, observed };
    };
    const first = await read();
    if (!concernsMutes(first.standing)) return first;
    // A mute that was made meanwhile is in LiveKit's answer, and not in a list of before.
    await this.applier.lookAgain(room, identity);
    return read();
  }

  private async repairDrift(
    room: string,
    { identity, sid }: Occupant,
    standing: Standing,
    { permission: observed, tracks = [] }: Pick<Occupant, 'permission' | 'tracks'>,
    by: CheckReason,
  ): Promise<boolean> {
    const key = seatKey(room, identity);
    const signature = JSON.stringify([sid, standing.key]);
    const known = this.drifts.get(key);
    const drift = known?.signature === signature ? known : { operationId: randomUUID(), signature };
    const payload = {
      operationId: drift.operationId,
      by,
      sid,
      observed,
      ...describeWanted(standing),
      ...describeMutes(standing, tracks),
    };
    const write = (kind: string, outcome: LedgerOutcome, extra: Record<string, unknown> = {}) =>
      this.ledger.appendDurably({
        kind,
        outcome,
        actor: SYSTEM_ACTOR,
        room,
        identity,
        payload: { ...payload, ...extra },
      });
    if (drift !== known) {
      // One after the other, and written down together.
      await Promise.all([write('drift.detected', 'ok'), write('drift.repaired', 'intent')]);
      this.drifts.set(key, drift);
    }
    const started = performance.now();
    const last = (await this.applier.converge(room, identity)).at(-1);
    const ms = Math.round((performance.now() - started) * 10) / 10;
    return this.concludeRepair(last, key, ms, write);
  }

  private async concludeRepair(
    last: Push | undefined,
    key: string,
    ms: number,
    write: (
      kind: string,
      outcome: LedgerOutcome,
      extra: Record<string, unknown>,
    ) => Promise<unknown>,
  ): Promise<boolean> {
    // Unavailable or failing: the next sweep tries again, and the drift stays written down as open.
    if (last?.outcome === 'unavailable' || last?.outcome === 'failed') {
      this.log.warn(`a seat could not be repaired: ${last.detail ?? 'no reason given'}`);
      return false;
    }
    this.drifts.delete(key);
    const hasLeft = last?.outcome === 'absent';
    await write('drift.repaired', hasLeft ? 'superseded' : 'applied', { ms });
    return true;
  }
}

function isAsWanted(
  standing: Standing,
  { permission, tracks = [] }: Pick<Occupant, 'permission' | 'tracks'>,
): boolean {
  const { wanted } = standing;
  if (!isMutedAsWanted(standing, tracks)) return false;
  if (wanted.kind === 'free') return true;
  const desired = permissionWanted(wanted);
  return desired !== null && samePermission(permission, desired) && !isToForget(wanted);
}

/** What was heard though it should be muted, and the other way round. */
function describeMutes(
  standing: Standing,
  tracks: readonly ObservedTrack[],
): Record<string, unknown> {
  const { mute, unmute } = trackWork(standing, tracks);
  const named = (sids: readonly string[]) =>
    tracks.flatMap(({ sid, source }) => (sids.includes(sid) ? { sid, source } : []));
  return {
    ...(mute.length > 0 ? { unmuted: named(mute) } : {}),
    ...(unmute.length > 0 ? { muted: named(unmute) } : {}),
  };
}

/** They have it back: what was kept of it is not needed any more. */
function isToForget(wanted: Standing['wanted']): boolean {
  return wanted.kind === 'uncovered' && wanted.isRestored;
}

function describeWanted({ wanted, decision }: Standing): Record<string, unknown> {
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

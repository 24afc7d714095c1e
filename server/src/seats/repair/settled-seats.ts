import { Injectable } from '@nestjs/common';
import { samePermission } from '../../grants/compile-grant.js';
import type { ObservedPermission } from '../../livekit/participant-view.js';
import { seatKey } from '../convergence/keyed-mutex.js';
import { type Evaluation, permissionWanted } from '../model/seat-policy.js';
import { OperationReader } from '../store/operation-reader.js';

/** Connections whose last comparison is remembered; the oldest are forgotten first. */
const REMEMBERED = 50_000;
/** The newest act that gave something is among them; a mute gives nothing. */
const LAST_ACTS = 5;

/** What was wanted of a connection when LiveKit was last known to have it. */
interface Settled {
  readonly sid: string;
  readonly epoch: number;
  readonly key: string;
}

/** Tells a change of policy from a change that somebody made at LiveKit. */
@Injectable()
export class SettledSeats {
  private readonly settled = new Map<string, Settled>();

  constructor(private readonly operations: OperationReader) {}

  /** LiveKit has what is wanted. */
  note(evaluation: Evaluation, sid: string): void {
    const key = seatKey(evaluation.room.name, evaluation.identity);
    this.settled.delete(key);
    this.settled.set(key, { sid, epoch: evaluation.epoch, key: policyKey(evaluation) });
    if (this.settled.size <= REMEMBERED) return;
    for (const oldest of this.settled.keys()) {
      this.settled.delete(oldest);
      return;
    }
  }

  /** Whether LiveKit once had what was wanted of this connection. */
  has(room: string, identity: string, sid: string): boolean {
    return this.settled.get(seatKey(room, identity))?.sid === sid;
  }

  /** LiveKit has what it was last told, and policy wants something else since. */
  async isPolicyNewer(
    evaluation: Evaluation,
    sid: string,
    observed: ObservedPermission,
  ): Promise<boolean> {
    const { room, identity, epoch } = evaluation;
    const last = this.settled.get(seatKey(room.name, identity));
    if (last?.sid === sid && last.epoch === epoch) return last.key !== policyKey(evaluation);
    // An act has told it since, perhaps from another server.
    const wanted = permissionWanted(evaluation.wanted);
    if (wanted !== null && samePermission(wanted, observed)) return false;
    const acts = await this.operations.list(room.name, identity, LAST_ACTS);
    const act = acts.find(({ after }) => after.desired !== null);
    return (
      act?.epoch === epoch &&
      act.outcome === 'applied' &&
      act.before.sid === sid &&
      act.after.permission !== null &&
      samePermission(act.after.permission, observed)
    );
  }
}

/** What policy wants, whatever the participant does. */
function policyKey({ wanted, role, room }: Evaluation): string {
  return JSON.stringify([
    wanted.kind,
    wanted.kind === 'out' && wanted.code,
    wanted.kind === 'uncovered' && wanted.withheld,
    role?.template,
    role?.version,
    role?.withheld,
    role?.aboveCeiling,
    room.scene?.at,
  ]);
}

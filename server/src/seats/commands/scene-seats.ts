import { Injectable, Logger } from '@nestjs/common';
import { AppError } from '../../common/errors/app-error.js';
import { samePermission } from '../../grants/compile-grant.js';
import type { ActiveScene } from '../../grants/policy.js';
import type { Tx } from '../../ledger/transactions.js';
import type { CallLimiter } from '../../livekit/call-limiter.js';
import { type ConvergeRequest, SeatApplier } from '../convergence/seat-applier.js';
import { permissionAfter, tracksTaken } from '../model/effects.js';
import { isMutedAsWanted } from '../model/mutes.js';
import type { Push } from '../model/outcomes.js';
import type { Seat } from '../model/seat.js';
import { permissionWanted, SeatPolicy, type Evaluation } from '../model/seat-policy.js';
import { SeatRules } from '../model/extensions.js';
import { type SceneClick, SceneSilence, type Silenced } from '../observation/scene-silence.js';
import { SilenceWatch } from '../observation/silence-watch.js';
import { SeatBatchStore } from '../store/seat-batch-store.js';

/** A seat whose participant has something else than the scene gives. */
export interface DifferingSeat {
  readonly seat: Seat;
  readonly silenced: readonly Silenced[];
}

/** A seat that has to be called, as it was read. */
export interface SceneTarget {
  readonly request: ConvergeRequest;
  readonly isPublishing: boolean;
}

/** What came of the last call for a seat. */
export type SceneResult = Pick<Push, 'outcome' | 'detail'>;

/** A scene changes the policy of its room; this finds the seats that follow and brings LiveKit to it. */
@Injectable()
export class SceneSeats {
  private readonly log = new Logger(SceneSeats.name);

  constructor(
    private readonly batches: SeatBatchStore,
    private readonly policy: SeatPolicy,
    private readonly rules: SeatRules,
    private readonly applier: SeatApplier,
    private readonly silence: SceneSilence,
    private readonly watch: SilenceWatch,
  ) {}

  /** Inside the transaction that enters a scene or leaves one (null); refuses by throwing. */
  async replace(tx: Tx, room: string, scene: ActiveScene | null): Promise<void> {
    if (scene) await this.rules.assertMayPlay(tx, room, scene);
    await this.silence.supersede(tx, room);
  }

  /** Those of `seats` that differ from their desired state, or have it back, to be noted. */
  async differing(seats: readonly Seat[]): Promise<DifferingSeat[]> {
    const all = await Promise.all(
      seats.map(async (seat): Promise<DifferingSeat[]> => {
        const evaluation = await this.evaluate(seat.room, seat.identity, seat);
        if (!evaluation || !isToBeCalled(seat, evaluation)) return [];
        return [{ seat, silenced: silencedOf(seat, evaluation) }];
      }),
    );
    return all.flat();
  }

  /** Waits for the tracks that the scene takes. Harmless to repeat. */
  watchTracks(tx: Tx, click: SceneClick, seats: readonly DifferingSeat[]): Promise<void> {
    return this.silence.begin(
      tx,
      click,
      seats.flatMap(({ silenced }) => silenced),
    );
  }

  /** Reads seats again, in their order: null where nothing is to do, `failed` where it cannot be evaluated. */
  async read(
    room: string,
    identities: readonly string[],
  ): Promise<(SceneTarget | 'failed' | null)[]> {
    const { seats, at } = await this.batches.readSnapshots(room, identities);
    const readAt = performance.now();
    return Promise.all(
      identities.map(async (identity) => {
        const seat = seats.get(identity) ?? null;
        const evaluation = await this.evaluate(room, identity, seat);
        if (!evaluation) return 'failed';
        if (seat && !isToBeCalled(seat, evaluation)) return null;
        const reading = { evaluation, snapshot: { seat, at }, at: readAt };
        const isPublishing = (seat?.tracks.length ?? 0) > 0;
        return { request: { reading, fallback: null }, isPublishing };
      }),
    );
  }

  /** Calls LiveKit for each, as `through` lets them. Undefined: others changed it too often. */
  async converge(
    room: string,
    targets: readonly SceneTarget[],
    through: CallLimiter,
  ): Promise<(SceneResult | undefined)[]> {
    const requests = targets.map(({ request }) => request);
    const pushes = await this.applier.convergeAll(room, requests, through);
    return targets.map((_, i) => pushes[i]?.at(-1));
  }

  /** Asks soon whether the tracks are gone: one question for the whole room. */
  checkTracksSoon(room: string): void {
    this.watch.checkRoomSoon(room);
  }

  /** Null, and logged, for one that cannot be evaluated: the others follow the scene all the same. */
  private async evaluate(
    room: string,
    identity: string,
    seat: Seat | null,
  ): Promise<Evaluation | null> {
    try {
      return await this.policy.evaluate(room, identity, seat);
    } catch (error) {
      if (error instanceof AppError) throw error;
      this.log.error('a seat could not be evaluated', error);
      return null;
    }
  }
}

function silencedOf(seat: Seat, evaluation: Evaluation): Silenced[] {
  const takes = tracksTaken(seat, permissionAfter(evaluation, null));
  return takes.length > 0 ? [{ seat, takes, isMuted: evaluation.silencing === 'mute' }] : [];
}

/** Also true for those who have everything back: what was kept for them is forgotten with the call. */
function isToBeCalled({ permission, tracks }: Seat, evaluation: Evaluation): boolean {
  const { wanted } = evaluation;
  if (!isMutedAsWanted(evaluation, tracks)) return true;
  const desired = permissionWanted(wanted);
  if (!desired || !permission) return false;
  if (wanted.kind === 'uncovered' && wanted.isRestored) return true;
  return !samePermission(permission, desired);
}

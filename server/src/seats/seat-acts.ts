import { Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import type { Permission } from '../actor/permissions.js';
import { AppError } from '../common/errors/app-error.js';
import { Transactions } from '../ledger/transactions.js';
import { isUnavailable } from '../livekit/livekit-error.js';
import type { ObservedTrack } from '../livekit/participant-view.js';
import { RoomsPort } from '../livekit/rooms-port.js';
import { JoiningMutex } from './keyed-mutex.js';
import type { NewOperation, SeatOperation } from './seat.js';
import { toChange, toStateOf, toStateResponse } from './seat-answers.js';
import { SeatApplier, seatKey } from './seat-applier.js';
import { type ActOptions, begun, nameOf, newOperation, withinBound } from './seat-changes.js';
import { type Context, SeatContexts } from './seat-context.js';
import { describeMute, describeRemoval, tracksTaken } from './seat-effects.js';
import { SeatGuards } from './seat-guards.js';
import { SilenceWatch } from './silence-watch.js';
import { SeatOperations } from './seat-operations.js';
import { cameTo, type Settlement } from './seat-outcomes.js';
import { SeatStore } from './seat-store.js';
import type { MuteBody, RemoveBody, SeatChange, SeatPreview } from './seats.schemas.js';
import { isBy, mayBeBy } from './seat.js';

type ActName = 'remove' | 'mute';

/** An act that is still the same when it is asked for again this soon, and would find nothing to do. */
const REPEATED_WITHIN_MS = 5_000;

interface Act {
  readonly name: ActName;
  readonly permission: Permission;
  readonly body: {
    reason?: string | undefined;
    expectEpoch?: number | undefined;
    confirm?: boolean | undefined;
  };
  readonly effects: (context: Context) => string[];
  /** Nothing is there that this could still do something to. */
  readonly isDone: (context: Context, last: SeatOperation) => boolean;
  readonly run: () => Promise<Done>;
}

interface Done {
  readonly outcome?: 'applied' | 'superseded';
  readonly detail: string | null;
  /** What did happen, where that is another thing than was foreseen. */
  readonly effects?: string[];
}

/** Acts on who is in the room now, which leave what is wished as it is. */
@Injectable()
export class SeatActs {
  /** Operation → what comes of it, while this process carries it out. */
  private readonly running = new Map<string, Promise<Settlement>>();
  private readonly turns = new JoiningMutex<{ operation: SeatOperation; isNew: boolean }>();

  constructor(
    private readonly contexts: SeatContexts,
    private readonly store: SeatStore,
    private readonly guards: SeatGuards,
    private readonly applier: SeatApplier,
    private readonly operations: SeatOperations,
    private readonly silence: SilenceWatch,
    private readonly rooms: RoomsPort,
    private readonly transactions: Transactions,
  ) {}

  /** Ends the connection and nothing else: whoever holds a token may come back. */
  remove(
    actor: Actor,
    room: string,
    identity: string,
    body: RemoveBody,
    { onlyIf, ...options }: ActOptions & { onlyIf?: () => Promise<boolean> } = {},
  ): Promise<SeatChange> {
    return this.act(actor, room, identity, this.removal(room, identity, body, onlyIf), options);
  }

  /** Mutes what they publish now, of one source or all; they may unmute themselves. */
  mute(
    actor: Actor,
    room: string,
    identity: string,
    body: MuteBody,
    options: ActOptions = {},
  ): Promise<SeatChange> {
    return this.act(actor, room, identity, this.muting(room, identity, body), options);
  }

  /** What one of them would do, without doing it. */
  async preview(
    actor: Actor,
    room: string,
    identity: string,
    name: ActName,
    body: { source?: MuteBody['source'] },
  ): Promise<SeatPreview> {
    const context = await this.contexts.look(room, identity);
    const act =
      name === 'remove'
        ? this.removal(room, identity, {})
        : this.muting(room, identity, { source: body.source });
    const state = toStateResponse(toStateOf(context.standing.role));
    try {
      const { role } = context.standing;
      await this.guards.assertWithinCeiling(actor, act.permission, context, role, true);
      return { before: state, after: state, effects: act.effects(context), problem: null };
    } catch (error) {
      if (!(error instanceof AppError) || error.kind === 'unavailable') throw error;
      return { before: state, after: state, effects: [], problem: error.message };
    }
  }

  /** `onlyIf` is asked right before the call: LiveKit removes by name, whoever has it by then. */
  private removal(
    room: string,
    identity: string,
    body: RemoveBody,
    onlyIf: () => Promise<boolean> = async () => true,
  ): Act {
    return {
      name: 'remove',
      permission: 'seat.remove',
      body,
      effects: ({ seat }) => describeRemoval(seat),
      // Who came back meanwhile has another sid, and is removed again.
      isDone: ({ seat }, last) => !seat.isPresent || seat.sid === last.before.sid,
      run: async () => {
        if (!(await onlyIf()))
          return { outcome: 'superseded', detail: 'there was no need any more' };
        const wasThere = await this.rooms.removeParticipant(room, identity);
        return { detail: wasThere ? null : 'was not in the room' };
      },
    };
  }

  private muting(room: string, identity: string, body: MuteBody): Act {
    const isOfSource = (track: ObservedTrack) =>
      track.type !== 'data' && (body.source === undefined || track.source === body.source);
    const isMeant = (track: ObservedTrack) => !track.isMuted && isOfSource(track);
    return {
      name: 'mute',
      permission: 'seat.mute',
      body,
      effects: ({ seat }) => describeMute(seat.tracks.filter(isMeant)),
      isDone: ({ seat }) => !seat.tracks.some(isMeant),
      run: async () => {
        const participant = await this.rooms.findParticipant(room, identity);
        if (!participant) throw notPresent();
        const tracks = participant.tracks.filter(isMeant);
        // What a moderator mutes stays muted when a hold or a scene ends.
        const sids = participant.tracks.filter(isOfSource).map(({ sid }) => sid);
        await this.store.forgetMuted({ room, identity }, sids);
        await Promise.all(tracks.map(({ sid }) => this.rooms.muteTrack(room, identity, sid)));
        await this.applier.lookAgain(room, identity);
        return { detail: null, effects: describeMute(tracks) };
      },
    };
  }

  private async act(
    actor: Actor,
    room: string,
    identity: string,
    act: Act,
    options: ActOptions,
  ): Promise<SeatChange> {
    const started = performance.now();
    const key = seatKey(room, identity);
    const isNamed = options.operationId !== undefined;
    const what = isNamed ? null : nameOf(actor, { action: act.name, body: act.body });
    const { operation, isNew } = await this.turns.run(key, what, () =>
      this.begin(actor, room, identity, act, options),
    );
    const work = isNew ? this.carryOut(operation, act) : this.follow(operation);
    return toChange(operation, await withinBound(work, started));
  }

  private async begin(
    actor: Actor,
    room: string,
    identity: string,
    act: Act,
    options: ActOptions,
  ): Promise<{ operation: SeatOperation; isNew: boolean }> {
    const known = options.operationId && (await this.store.findOperation(options.operationId));
    if (known) return { operation: known, isNew: false };
    const { clickedAt } = options;
    const context = await this.contexts.look(room, identity, clickedAt ? { clickedAt } : {});
    const { seat, standing } = context;
    await this.guards.assertEpoch(context, act.body.expectEpoch);
    this.guards.assertSensible(actor, act.name, context, act.body.confirm ?? false);
    await this.guards.assertWithinCeiling(actor, act.permission, context, standing.role);
    const isNamed = options.operationId !== undefined;
    const repeated = isNamed ? null : await this.repeated(actor, act, context);
    if (repeated) return { operation: repeated, isNew: false };
    const effects = act.effects(context);
    const operation: NewOperation = {
      ...newOperation(actor, act.name, context, options),
      reason: act.body.reason ?? null,
      before: {
        ...toStateOf(standing.role),
        override: seat.override,
        block: seat.block,
        hold: seat.hold,
        base: null,
        sid: seat.sid,
      },
      after: {
        ...toStateOf(standing.role),
        effects,
        wish: null,
        notes: [],
        fallback: null,
        takes: act.name === 'remove' ? tracksTaken(seat, null) : [],
        ...(act.name === 'remove' ? { allows: null } : {}),
        headMs: context.headMs,
      },
      epoch: standing.epoch,
      undoUntil: null,
    };
    await this.transactions.run((tx) => this.operations.beginAct(tx, operation, actor));
    return { operation: begun(operation), isNew: true };
  }

  /** The seat's last operation, when it is this very act and there is nothing left for it to do. */
  private async repeated(actor: Actor, act: Act, context: Context): Promise<SeatOperation | null> {
    const { lastChange } = context.seat;
    if (lastChange?.kind !== act.name || !mayBeBy(lastChange, actor)) return null;
    if (lastChange.outcome === 'failed') return null;
    if (context.now.getTime() - Date.parse(lastChange.at) > REPEATED_WITHIN_MS) return null;
    const last = await this.store.findOperation(lastChange.operationId);
    return last && isBy(last, actor) && act.isDone(context, last) ? last : null;
  }

  private carryOut(operation: SeatOperation, act: Act): Promise<Settlement> {
    const { id, room, identity } = operation;
    // Whoever asked for the same at the same time waits for the same.
    const running = this.running.get(id);
    if (running) return running;
    const work = this.applier
      .inTurn(room, identity, async () => {
        const settlement = await this.run(act);
        await this.operations.settle(id, settlement).catch(() => undefined);
        if (settlement.outcome === 'applied') this.silence.lookSoon(operation);
        return settlement;
      })
      .finally(() => this.running.delete(id));
    this.running.set(id, work);
    return work;
  }

  /** What comes, or came, of an act that was begun before. */
  private async follow(operation: SeatOperation): Promise<Settlement> {
    const running = this.running.get(operation.id);
    if (running) return running;
    return cameTo(operation) ?? { outcome: 'pending', detail: 'another server does it', ms: null };
  }

  private async run({ name, run }: Act): Promise<Settlement> {
    const started = performance.now();
    const ms = () => Math.round((performance.now() - started) * 10) / 10;
    try {
      if (!(await this.applier.isReachable())) {
        return unreachable(name, 'LiveKit cannot be reached');
      }
      const { outcome = 'applied', detail, effects = null } = await run();
      return { outcome, detail, effects, ms: ms() };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (isUnavailable(error)) return unreachable(name, error.message);
      return { outcome: 'failed', detail: error.message, ms: ms() };
    }
  }
}

/** A removal waits for LiveKit; a mute is about this moment, and the moment has passed. */
function unreachable(name: ActName, detail: string): Settlement {
  return { outcome: name === 'remove' ? 'pending' : 'failed', detail, ms: null };
}

function notPresent(): AppError {
  return new AppError('conflict', 'seat.not_present', 'They are not in the room.');
}

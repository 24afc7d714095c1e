import { path, postJson } from '../providers/httpClient';
import type { Seat } from '../providers/records';
import { problemOf } from '../shared/problem';

export type SeatAction =
  | { kind: 'promote'; template?: string; for?: string; reason?: string }
  | { kind: 'demote'; template?: string; reason?: string }
  | { kind: 'mute'; source?: string }
  | { kind: 'remove'; reason?: string }
  | { kind: 'block'; for?: string; reason?: string }
  | { kind: 'unblock' }
  | { kind: 'undo'; operationId: string };

/** What the server answers to every one of them. */
export interface SeatOutcome {
  operationId: string;
  outcome: 'applied' | 'pending' | 'failed';
  before: unknown;
  after: unknown;
  effects: string[];
  epoch: number;
  undoUntil: string | null;
}

/**
 * requested → accepted → seen: sent; committed and carried out by the server; shown by the room
 * itself. `waiting` is committed and will be put right when the person joins or LiveKit answers.
 */
export type Phase = 'requested' | 'accepted' | 'seen' | 'waiting' | 'failed' | 'conflict';

export interface Attempt {
  id: number;
  identity: string;
  action: SeatAction;
  phase: Phase;
  /** Milliseconds from the key or click until the room showed it. */
  ms: number | null;
  operationId: string | null;
  epoch: number | null;
  /** On this browser's clock, so that a wrong server clock neither hides nor prolongs it. */
  undoUntil: number | null;
  effects: string[];
  error: unknown;
  /** At a conflict: how the seat is now. */
  current: Seat | null;
  /** Done for a while: the row tells its own state again and only the undo remains. */
  isOld: boolean;
}

type Attempts = ReadonlyMap<string, Attempt>;
type Send = (route: string, body: unknown) => Promise<SeatOutcome>;

const UNDO_MS = 10_000;
const LINGER_MS = 8_000;
const IN_FLIGHT = 4;

/** Actions in flight and just done, one per person. They are sent at once, never held back. */
export class SeatActions {
  private attempts: Attempts = new Map();
  private readonly requestedAt = new Map<number, number>();
  private readonly listeners = new Set<() => void>();
  private readonly tellers = new Set<(attempt: Attempt) => void>();
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();
  private count = 0;

  constructor(
    private readonly room: string,
    private readonly seatOf: (identity: string) => Seat | undefined,
    private readonly send: Send = postJson,
    private readonly now: () => number = () => performance.now(),
  ) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly read = (): Attempts => this.attempts;

  /** Every step of every attempt, as it happens. */
  onAttempt(tell: (attempt: Attempt) => void): () => void {
    this.tellers.add(tell);
    return () => {
      this.tellers.delete(tell);
    };
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  async run(identity: string, action: SeatAction, expectEpoch?: number): Promise<Attempt> {
    this.count += 1;
    const attempt: Attempt = {
      id: this.count,
      identity,
      action,
      phase: 'requested',
      ms: null,
      operationId: null,
      epoch: null,
      undoUntil: null,
      effects: [],
      error: null,
      current: null,
      isOld: false,
    };
    this.requestedAt.set(attempt.id, this.now());
    this.put(attempt);
    try {
      const epoch = expectEpoch ?? this.seatOf(identity)?.epoch;
      const outcome = await this.send(...this.callOf(identity, action, epoch));
      return this.takeOutcome(attempt, outcome);
    } catch (error) {
      const problem = problemOf(error);
      const isConflict = problem?.status === 409 && problem.code === 'seat.changed';
      return this.put({
        ...attempt,
        phase: isConflict ? 'conflict' : 'failed',
        error,
        current: isConflict ? ((problem.current as Seat | undefined) ?? null) : null,
      });
    }
  }

  /** The same for several people, a few at a time: LiveKit tells every change to everybody. */
  async runAll(identities: readonly string[], action: SeatAction): Promise<void> {
    const waiting = [...identities];
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        await this.run(next, action);
      }
    };
    await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, waiting.length) }, work));
  }

  /** The newest thing that can still be taken back, of one person or of anybody. */
  undoable(identity?: string): Attempt | null {
    const now = Date.now();
    const open = [...this.attempts.values()].filter(
      (attempt) =>
        (identity === undefined || attempt.identity === identity) &&
        attempt.operationId !== null &&
        attempt.undoUntil !== null &&
        attempt.undoUntil > now,
    );
    return open.sort((a, b) => b.id - a.id)[0] ?? null;
  }

  undo(attempt: Attempt): Promise<Attempt> | null {
    if (attempt.operationId === null) return null;
    return this.run(attempt.identity, { kind: 'undo', operationId: attempt.operationId });
  }

  dismiss(identity: string): void {
    const next = new Map(this.attempts);
    next.delete(identity);
    this.set(next);
  }

  /** What the room shows now may complete what was asked. */
  observe(identities: Iterable<string>): void {
    for (const identity of identities) {
      const attempt = this.attempts.get(identity);
      if (attempt) this.observeOne(attempt);
    }
  }

  private takeOutcome(attempt: Attempt, outcome: SeatOutcome): Attempt {
    const phase =
      outcome.outcome === 'applied'
        ? 'accepted'
        : outcome.outcome === 'pending'
          ? 'waiting'
          : 'failed';
    const taken = this.put({
      ...attempt,
      phase,
      operationId: outcome.operationId,
      epoch: outcome.epoch,
      undoUntil: outcome.undoUntil === null ? null : this.undoDeadline(outcome.undoUntil),
      effects: outcome.effects,
    });
    return this.observeOne(taken);
  }

  private undoDeadline(undoUntil: string): number {
    const left = new Date(undoUntil).getTime() - Date.now();
    return Date.now() + Math.min(Math.max(left, 0), 10 * UNDO_MS);
  }

  private observeOne(attempt: Attempt): Attempt {
    if (attempt.phase !== 'accepted' && attempt.phase !== 'waiting') return attempt;
    if (!isSeen(attempt, this.seatOf(attempt.identity))) return attempt;
    return this.put({ ...attempt, phase: 'seen', ms: this.elapsed(attempt) });
  }

  private elapsed(attempt: Attempt): number {
    return Math.round(this.now() - (this.requestedAt.get(attempt.id) ?? this.now()));
  }

  private put(attempt: Attempt): Attempt {
    // A later action on the same person has taken this one's place.
    const shown = this.attempts.get(attempt.identity);
    if (shown && shown.id > attempt.id) return attempt;
    this.set(new Map(this.attempts).set(attempt.identity, attempt));
    for (const tell of this.tellers) tell(attempt);
    if (attempt.phase === 'seen') this.linger(attempt);
    return attempt;
  }

  /** What is done makes way for the row's own state, and goes when it can no longer be undone. */
  private linger(attempt: Attempt): void {
    const isShown = () => this.attempts.get(attempt.identity)?.id === attempt.id;
    this.after(LINGER_MS, () => {
      if (!isShown()) return;
      this.set(new Map(this.attempts).set(attempt.identity, { ...attempt, isOld: true }));
    });
    this.after(Math.max(LINGER_MS, (attempt.undoUntil ?? 0) - Date.now()), () => {
      if (isShown()) this.dismiss(attempt.identity);
    });
  }

  private after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      act();
    }, ms);
    this.timers.add(timer);
  }

  private set(next: Attempts): void {
    this.attempts = next;
    for (const listener of this.listeners) listener();
  }

  private callOf(
    identity: string,
    action: SeatAction,
    epoch: number | undefined,
  ): [route: string, body: unknown] {
    if (action.kind === 'undo') return [path('operations', action.operationId, 'undo'), {}];
    const { kind, ...body } = action;
    const isRoleChange = kind === 'promote' || kind === 'demote';
    return [
      path('rooms', this.room, 'seats', identity, kind),
      isRoleChange && epoch !== undefined ? { ...body, expectEpoch: epoch } : body,
    ];
  }
}

function isSeen(attempt: Attempt, seat: Seat | undefined): boolean {
  switch (attempt.action.kind) {
    case 'promote':
    case 'demote':
    case 'undo':
      return (
        seat !== undefined && seat.isPresent && seat.inSync && seat.epoch >= (attempt.epoch ?? 0)
      );
    case 'mute': {
      const { source } = attempt.action;
      return (seat?.tracks ?? []).every(
        (track) => track.isMuted || (source !== undefined && track.source !== source),
      );
    }
    case 'remove':
      return !seat?.isPresent;
    case 'block':
      return Boolean(seat?.block) && !seat?.isPresent;
    case 'unblock':
      return !seat?.block;
  }
}

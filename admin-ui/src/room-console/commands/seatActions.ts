import { isServerReachable } from '../../api/connectivity';
import { postJson, ProblemError } from '../../api/httpClient';
import type { Seat } from '../../api/records';
import { serverNow } from '../../api/serverClock';
import { problemOf } from '../../api/problem';
import type { SeatChange } from '@rolecall/server/api';
import {
  areSilent,
  callOf,
  isOvertaken,
  isSeen,
  type SeatAction,
  tracksToSilence,
} from './seatAction';

export type { SeatAction } from './seatAction';

/** An answer without an operation: the act is done with it. */
type Answer = SeatChange | { operationId?: undefined } | undefined;

/**
 * requested → accepted → seen: sent; committed and carried out by the server; shown by the room
 * itself. `waiting` is committed and will be put right when the person joins or LiveKit answers.
 */
export type Phase =
  | 'requested'
  /** The server asks to slow down; it is sent again by itself. */
  | 'paced'
  | 'accepted'
  | 'seen'
  | 'waiting'
  | 'failed'
  | 'conflict';

export interface Attempt {
  id: number;
  identity: string;
  action: SeatAction;
  phase: Phase;
  /** Milliseconds from the key or click until the room showed it. */
  ms: number | null;
  /** The tracks that fall silent by it, and how long until they had. */
  silences: readonly string[];
  silentMs: number | null;
  operationId: string | null;
  epoch: number | null;
  /** By the server's clock. */
  undoUntil: number | null;
  effects: string[];
  error: unknown;
  /** At a conflict: how the seat is now. */
  current: Seat | null;
  /** Done for a while, or no more so: the row tells its own state again, only the undo remains. */
  isOld: boolean;
}

type Attempts = ReadonlyMap<string, Attempt>;
type Send = (
  route: string,
  body: unknown,
  options: { headers: Record<string, string> },
) => Promise<Answer>;

/** What the server gives; what is left of it is never more, whatever the clocks say. */
export const UNDO_MS = 60_000;
const LINGER_MS = 8_000;
/** How long a refusal shows before the row shows the seat's own status again. */
const FAILED_MS = 20_000;
const MOST_PACED = 5;
const PACE_MS = 2_000;

/** Actions in flight and just done, one per person. They are sent at once, never held back. */
export class SeatActions {
  private attempts: Attempts = new Map();
  private readonly requestedAt = new Map<number, number>();
  private readonly listeners = new Set<() => void>();
  private readonly attemptListeners = new Set<(attempt: Attempt) => void>();
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();
  private readonly inFlight = new Map<string, { action: SeatAction; answered: Promise<Attempt> }>();
  /** The last answer may be newer than what the room has shown. */
  private readonly epochs = new Map<string, number>();
  private count = 0;

  constructor(
    private readonly room: string,
    private readonly seatOf: (identity: string) => Seat | undefined,
    private readonly send: Send = postJson,
    private readonly now: () => number = () => performance.now(),
    private readonly isAnswering: () => boolean = isServerReachable,
  ) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly read = (): Attempts => this.attempts;

  /** Every step of every attempt, as it happens. */
  onAttempt(listener: (attempt: Attempt) => void): () => void {
    this.attemptListeners.add(listener);
    return () => {
      this.attemptListeners.delete(listener);
    };
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  /**
   * Sent at once. Only an act on somebody whose last act is still unanswered waits for that answer,
   * or the two would conflict; the same act twice is one act.
   */
  run(identity: string, action: SeatAction, expectEpoch?: number): Promise<Attempt> {
    const before = this.inFlight.get(identity);
    if (before && JSON.stringify(before.action) === JSON.stringify(action)) return before.answered;
    this.count += 1;
    const attempt = this.put({ ...EMPTY, id: this.count, identity, action });
    this.requestedAt.set(attempt.id, this.now());
    const perform = () => this.perform(attempt, expectEpoch);
    const answered = before ? before.answered.then(perform) : perform();
    const mine = { action, answered };
    this.inFlight.set(identity, mine);
    void answered.finally(() => {
      if (this.inFlight.get(identity) === mine) this.inFlight.delete(identity);
    });
    return answered;
  }

  private async perform(attempt: Attempt, expectEpoch: number | undefined): Promise<Attempt> {
    const { identity, action } = attempt;
    const seat = this.seatOf(identity);
    const known = Math.max(seat?.epoch ?? -1, this.epochs.get(identity) ?? -1);
    const epoch = expectEpoch ?? (known < 0 ? undefined : known);
    try {
      const answer = await this.sendPaced(attempt, callOf(this.room, identity, action, epoch));
      return this.takeAnswer(attempt, answer, seat);
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

  /** Rate limited: the row says so, and the same call is sent again. */
  private async sendPaced(attempt: Attempt, [route, body]: [string, unknown]): Promise<Answer> {
    for (let tries = 0; ; tries += 1) {
      try {
        // A call that waited was asked for earlier than it is sent.
        const headers = { 'X-Action-Age': String(this.elapsed(attempt)) };
        return await this.send(route, body, { headers });
      } catch (error) {
        if (problemOf(error)?.status !== 429 || tries === MOST_PACED) throw error;
        this.put({ ...attempt, phase: 'paced' });
        const seconds = error instanceof ProblemError ? error.retryAfter : undefined;
        await this.pause(seconds === undefined ? PACE_MS : seconds * 1_000);
      }
    }
  }

  /** The newest thing that can still be taken back, of one person or of anybody. */
  undoable(identity?: string): Attempt | null {
    const now = serverNow();
    const open = [...this.attempts.values()].filter(
      (attempt) =>
        (identity === undefined || attempt.identity === identity) &&
        attempt.operationId !== null &&
        attempt.undoUntil !== null &&
        attempt.undoUntil > now,
    );
    return open.sort((a, b) => b.id - a.id)[0] ?? null;
  }

  /** How many things were asked for here. */
  get asked(): number {
    return this.count;
  }

  /** Whether something that was asked for after the first `asked` things could be taken back. */
  isUndoableSince(asked: number): boolean {
    return this.inFlight.size > 0 || (this.undoable()?.id ?? 0) > asked;
  }

  async undo(attempt: Attempt): Promise<Attempt | null> {
    if (attempt.operationId === null) return null;
    return this.run(attempt.identity, { kind: 'undo', operationId: attempt.operationId });
  }

  /** Takes back the newest, also one whose answer is still on its way. */
  async undoNewest(identity?: string): Promise<Attempt | null> {
    const open = [...this.inFlight].filter(([each]) => identity === undefined || each === identity);
    await Promise.all(open.map(([, { answered }]) => answered));
    const attempt = this.undoable(identity);
    return attempt && this.undo(attempt);
  }

  /** The outcome of a call that named nobody, such as approving the next in the queue. */
  adopt(identity: string, action: SeatAction, answer: SeatChange, startedAt: number): Attempt {
    this.count += 1;
    const attempt = this.put({ ...EMPTY, id: this.count, identity, action });
    this.requestedAt.set(attempt.id, startedAt);
    return this.takeAnswer(attempt, answer, this.seatOf(identity));
  }

  dismiss(identity: string): void {
    const next = new Map(this.attempts);
    next.delete(identity);
    this.set(next);
  }

  /** What the room shows now may complete an act. */
  observe(identities: Iterable<string>): void {
    for (const identity of identities) {
      const attempt = this.attempts.get(identity);
      if (attempt) this.observeOne(attempt);
    }
  }

  private takeAnswer(attempt: Attempt, answer: Answer, seat: Seat | undefined): Attempt {
    if (answer?.operationId === undefined) {
      return this.put({ ...attempt, phase: 'seen', ms: this.elapsed(attempt) });
    }
    this.epochs.set(attempt.identity, answer.epoch);
    const taken = this.put({
      ...attempt,
      phase: PHASES[answer.outcome],
      silences: tracksToSilence(attempt.action, seat, answer.after),
      operationId: answer.operationId,
      epoch: answer.epoch,
      undoUntil: answer.undoUntil === null ? null : undoDeadline(answer.undoUntil),
      effects: answer.effects,
    });
    return this.observeOne(taken);
  }

  private observeOne(attempt: Attempt): Attempt {
    const seat = this.seatOf(attempt.identity);
    let now = attempt;
    // The server answers again, so this is the seat after the act, or without it. While it does not,
    // an event that was on its way before says nothing about the act.
    if (isUnanswered(now) && this.isAnswering()) this.forget(now);
    if (now.phase === 'accepted' || now.phase === 'waiting') {
      if (isSeen(now.action, seat, now.epoch)) {
        now = { ...now, phase: 'seen', ms: this.elapsed(now) };
      }
    }
    if (now.silentMs === null && now.silences.length > 0 && areSilent(now.silences, seat)) {
      now = { ...now, silentMs: this.elapsed(now) };
    }
    if (now.phase === 'seen' && isOvertaken(now.action, seat, now.epoch)) {
      now = now.isOld ? now : { ...now, isOld: true };
    }
    return now === attempt ? attempt : this.put(now);
  }

  private elapsed(attempt: Attempt): number {
    return Math.round(this.now() - (this.requestedAt.get(attempt.id) ?? this.now()));
  }

  private put(attempt: Attempt): Attempt {
    // A later action on the same person has taken this one's place.
    const shown = this.attempts.get(attempt.identity);
    if (shown && shown.id > attempt.id) return attempt;
    this.set(new Map(this.attempts).set(attempt.identity, attempt));
    for (const listener of this.attemptListeners) listener(attempt);
    if (attempt.phase === 'seen' && shown?.phase !== 'seen') this.linger(attempt);
    if (attempt.phase === 'failed' && !isUnanswered(attempt)) {
      this.after(FAILED_MS, () => this.forget(attempt));
    }
    return attempt;
  }

  /** Shows a finished act for a moment, and keeps it until it can no longer be undone. */
  private linger(attempt: Attempt): void {
    const shown = () => {
      const now = this.attempts.get(attempt.identity);
      return now?.id === attempt.id ? now : null;
    };
    this.after(LINGER_MS, () => {
      const now = shown();
      if (now) this.set(new Map(this.attempts).set(attempt.identity, { ...now, isOld: true }));
    });
    this.after(Math.max(LINGER_MS, (attempt.undoUntil ?? 0) - serverNow()), () => {
      if (shown()) this.dismiss(attempt.identity);
    });
  }

  /** Unless a later action on the same person has taken its place. */
  private forget({ id, identity }: Attempt): void {
    if (this.attempts.get(identity)?.id === id) this.dismiss(identity);
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

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }
}

const undoDeadline = (undoUntil: string) => Math.min(Date.parse(undoUntil), serverNow() + UNDO_MS);

/** Sent, and lost on the way there or back: it may have been done or not. */
export const isUnanswered = ({ phase, error }: Attempt) =>
  phase === 'failed' && problemOf(error)?.status === 0;

const PHASES = { applied: 'accepted', pending: 'waiting', failed: 'failed' } as const;

const EMPTY: Omit<Attempt, 'id' | 'identity' | 'action'> = {
  phase: 'requested',
  ms: null,
  silences: [],
  silentMs: null,
  operationId: null,
  epoch: null,
  undoUntil: null,
  effects: [],
  error: null,
  current: null,
  isOld: false,
};

import type { OwnStage } from '@rolecall/server/api';
import { tab } from '../browser/storage';
import { readClaims } from './joinTicket';
import { callStage, type StageAction, type StageAnswer } from './stageApi';

export interface StageState {
  /** Null until Rolecall has answered, and where it has nothing to say about the room. */
  own: OwnStage | null;
  /** What is being done now. */
  busy: StageAction | null;
  /** Why the last thing could not be done, in words. */
  problem: string | null;
  /** No more requests are possible: the token has expired, and there is no newer one. */
  isExpired: boolean;
  /** The decision that has been read. */
  seenDecision: string | null;
  /** Milliseconds that the server's clock is ahead of ours. */
  ahead: number;
}

export interface Proofs {
  /** The newest token of this connection. */
  current(): string;
  /** Another one from where the first came from; null when it cannot be had. */
  renew(): Promise<string | null>;
}

/** Hints may come in any number, and anybody may forge one: they are answered together, this often. */
const ASK_AT_MOST_EVERY_MS = 500;
const WHILE_WAITING_MS = 20_000;
const RETRY_MS = 5_000;

/**
 * Keeps one's own place on the stage up to date: reads it at the join, after each hint, and every
 * 20 s while a hand is up. A hint from others is never more than a reason to read it again.
 */
export class StageClient {
  private readonly listeners = new Set<() => void>();
  private state: StageState;
  private timer: number | undefined;
  private askedAt = -Infinity;
  private isAsking = false;
  private isAskedAgain = false;
  private isStopped = true;
  /** Of our own making; the connection's may be newer. */
  private renewed: string | null = null;

  constructor(
    private readonly room: string,
    private readonly proofs: Proofs,
    private readonly clock = () => performance.now(),
  ) {
    this.state = {
      own: null,
      busy: null,
      problem: null,
      isExpired: false,
      seenDecision: tab.getItem(this.seenKey),
      ahead: 0,
    };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly read = (): StageState => this.state;

  start(): void {
    this.isStopped = false;
    this.ask();
  }

  stop(): void {
    this.isStopped = true;
    window.clearTimeout(this.timer);
  }

  /** Asks soon; many calls at once are one question. */
  ask(): void {
    if (this.isStopped) return;
    if (this.isAsking) {
      this.isAskedAgain = true;
      return;
    }
    this.askIn(ASK_AT_MOST_EVERY_MS - (this.clock() - this.askedAt));
  }

  /** True when it was done; else `problem` says why not. */
  async act(action: StageAction, body: object = {}): Promise<boolean> {
    if (this.state.busy) return false;
    this.set({ busy: action, problem: null });
    try {
      const answer = await this.call(action, body);
      this.take(answer);
      if (answer.problem) this.set({ problem: answer.problem.detail });
      // What was refused may have changed meanwhile: somebody else was faster.
      if (answer.status === 409) this.ask();
      return answer.problem === null;
    } catch {
      this.set({ problem: 'unreachable' });
      return false;
    } finally {
      this.set({ busy: null });
    }
  }

  answerUnmute(ask: OwnStage['asks'][number], accepted: boolean): Promise<boolean> {
    return this.act('unmute-answer', { accepted, source: ask.source });
  }

  dismissDecision(): void {
    const seen = this.state.own?.lastDecision?.at ?? null;
    if (seen) tab.setItem(this.seenKey, seen);
    this.set({ seenDecision: seen });
  }

  dismissProblem(): void {
    this.set({ problem: null });
  }

  private get seenKey(): string {
    return `rolecall.join.decision:${this.room}`;
  }

  private askIn(ms: number): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.askNow(), Math.max(0, ms));
  }

  private async askNow(): Promise<void> {
    this.isAsking = true;
    this.isAskedAgain = false;
    this.askedAt = this.clock();
    let again: number | null = null;
    try {
      const answer = await this.call(null);
      this.take(answer);
      if (answer.status === 429) again = (answer.retryAfter ?? 1) * 1000;
      else if (answer.status >= 500) again = RETRY_MS;
    } catch {
      again = RETRY_MS;
    }
    this.isAsking = false;
    if (this.isStopped) return;
    if (again === null && this.isAskedAgain) again = ASK_AT_MOST_EVERY_MS;
    again ??= this.isWaiting() ? WHILE_WAITING_MS : null;
    if (again !== null) this.askIn(again);
  }

  /** With the newest proof; once more with another one when that has expired. */
  private async call(action: StageAction | null, body?: object): Promise<StageAnswer> {
    const answer = await callStage(this.room, this.newest(), action, body);
    if (answer.status !== 401) return answer;
    this.renewed = await this.proofs.renew().catch(() => null);
    if (!this.renewed) {
      this.set({ isExpired: true });
      return answer;
    }
    return callStage(this.room, this.renewed, action, body);
  }

  private newest(): string {
    const current = this.proofs.current();
    return this.renewed && expiryOf(this.renewed) > expiryOf(current) ? this.renewed : current;
  }

  private take({ status, stage, ahead }: StageAnswer): void {
    if (stage) this.set({ own: stage, ahead, isExpired: false });
    // Not a room of Rolecall's, or nobody it knows: there is no stage to speak of.
    else if (status === 403 || status === 404) this.set({ own: null });
    const isTimed = stage && !this.isAsking && !this.isStopped && this.isWaiting();
    if (isTimed) this.askIn(WHILE_WAITING_MS);
  }

  private isWaiting(): boolean {
    const { own } = this.state;
    return own !== null && (own.hand !== null || own.invite !== null || own.asks.length > 0);
  }

  private set(change: Partial<StageState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }
}

function expiryOf(token: string): number {
  return (readClaims(token)?.exp ?? Infinity) * 1000;
}

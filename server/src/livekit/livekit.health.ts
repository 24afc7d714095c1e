import { connect, type Socket } from 'node:net';
import {
  Inject,
  Injectable,
  Logger,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { ListRoomsRequest, ListRoomsResponse } from '@livekit/protocol';
import { Loop } from '../common/loop.js';
import { HeaderClock } from './header-clock.js';
import { describeFailure, type LiveKitFailure } from './livekit-error.js';
import type { LiveKitProblem } from './livekit-problem.js';
import { LIVEKIT_SETTINGS, type LiveKitSettings, toHttpUrl } from './livekit.settings.js';
import { TokenSigner } from './signer.js';
import { TwirpClient } from './twirp-client.js';

const POLL_MS = 2_000;
/** While it is down: clients that lost it try again at once, and need their room to be there. */
const EAGER_POLL_MS = 100;
const EAGER_FOR_MS = 60_000;
const TIMEOUT_MS = 1_500;
/** LiveKit counts as down only after this many time-outs in a row; a refused connection at once. */
const SLOW_ANSWERS = 2;
/** A load balancer that ends idle connections sooner than this makes this connection useless. */
const SHORT_LIFE_MS = 60_000;
const MAX_SHORT_LIVES = 5;
/** It may also have been LiveKit that kept crashing: after this it is tried again. */
const IDLE_SOCKET_PAUSE_MS = 10 * 60_000;
const TOKEN_SECONDS = 30;
/** A room that nobody has: the call is the one that the work needs, its answer is empty. */
export const HEALTH_ROOM = 'rolecall-health';
/** It may answer rightly in a moment; what needs an admin is not asked ten times a second. */
const PASSING: ReadonlySet<LiveKitProblem> = new Set(['unreachable', 'timeout', 'failing']);

export interface LiveKitStatus {
  readonly state: 'up' | 'down' | 'absent';
  readonly since: Date;
  /** Why it is down, for programs; left out while it is not known. */
  readonly problem?: LiveKitProblem;
  readonly detail?: string;
}

type Listener = () => void;

/**
 * Whether LiveKit's API answers, at the address and with the key that all calls use. A crash sends no webhook, so LiveKit is polled; and an idle connection is
 * kept open, which breaks when LiveKit dies, even when it is back before the next poll.
 */
@Injectable()
export class LiveKitHealth implements OnModuleInit, OnModuleDestroy {
  private readonly log = new Logger(LiveKitHealth.name);
  private readonly listeners = new Set<Listener>();
  private readonly clock = new HeaderClock();
  private current: LiveKitStatus;
  private readonly polls = new Loop(
    { name: 'polling LiveKit', everyMs: () => this.nextPollMs(), log: this.log },
    () => this.probe(),
  );
  private probing: Promise<LiveKitStatus> | null = null;
  private idleSocket: Socket | null = null;
  private shortLives = 0;
  /** By the monotonic clock. */
  private noIdleSocketUntil = 0;
  private slowAnswers = 0;
  /** It was unavailable since the last response: its rooms may be lost. */
  private wasUnavailable = false;
  private isStopped = false;
  private readonly client: TwirpClient | null;
  private readonly signer: TokenSigner | null;

  constructor(@Inject(LIVEKIT_SETTINGS) private readonly settings: LiveKitSettings | null) {
    this.client = settings && new TwirpClient(toHttpUrl(settings.url), TIMEOUT_MS);
    this.signer = settings && new TokenSigner(settings);
    this.current = settings
      ? { state: 'down', since: new Date(), detail: 'not asked yet' }
      : { state: 'absent', since: new Date() };
  }

  /** LiveKit's milliseconds minus the monotonic clock's; null: not known. */
  get clockOffset(): number | null {
    return this.clock.offset;
  }

  get status(): LiveKitStatus {
    return this.current;
  }

  async onModuleInit(): Promise<void> {
    if (!this.settings) return;
    await this.probe();
    this.polls.start();
  }

  onModuleDestroy(): void {
    this.isStopped = true;
    void this.polls.stop();
    this.idleSocket?.destroy();
    void this.client?.close();
    this.listeners.clear();
  }

  /** Calls the listener each time that LiveKit is back; returns the way to stop listening. */
  onReturn(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Asks now. Calls that come while one is under way share its answer. */
  probe(): Promise<LiveKitStatus> {
    if (!this.settings) return Promise.resolve(this.current);
    this.probing ??= this.ask().finally(() => {
      this.probing = null;
    });
    return this.probing;
  }

  private nextPollMs(): number {
    const downFor = Date.now() - this.current.since.getTime();
    const { state, problem } = this.current;
    const mayPass = problem !== undefined && PASSING.has(problem);
    const isEager = state === 'down' && mayPass && downFor < EAGER_FOR_MS;
    return isEager ? EAGER_POLL_MS : POLL_MS;
  }

  private async ask(): Promise<LiveKitStatus> {
    const wasClockKnown = this.clock.offset !== null;
    let failure = await this.listNoRoom();
    // The refusal tells LiveKit's time, by which the next token is good.
    if (failure?.problem === 'clock' && !wasClockKnown) failure = await this.listNoRoom();
    this.slowAnswers = failure?.problem === 'timeout' ? this.slowAnswers + 1 : 0;
    if (failure === null) this.answered();
    else if (failure.problem !== 'timeout' || this.slowAnswers >= SLOW_ANSWERS)
      this.failed(failure);
    return this.current;
  }

  /** Null when LiveKit did what it was asked. */
  private async listNoRoom(): Promise<LiveKitFailure | null> {
    if (!this.client || !this.signer) return null;
    const sent = performance.now();
    const now = Math.floor(
      (this.clock.offset === null ? Date.now() : this.clock.offset + sent) / 1e3,
    );
    try {
      await this.client.call({
        method: 'ListRooms',
        request: new ListRoomsRequest({ names: [HEALTH_ROOM] }),
        answer: ListRoomsResponse,
        token: this.signer.sign({ nbf: now, exp: now + TOKEN_SECONDS, video: { roomList: true } }),
        onDate: (header) => this.clock.note(header, sent, performance.now()),
      });
      return null;
    } catch (error) {
      return describeFailure(error);
    }
  }

  private answered(): void {
    if (this.isStopped) return;
    const isFirst = this.current.detail === 'not asked yet';
    const isReturn = this.wasUnavailable || (this.current.state === 'down' && !isFirst);
    if (this.current.state !== 'up') {
      this.current = { state: 'up', since: new Date() };
      this.log.log('LiveKit answers');
    }
    this.wasUnavailable = false;
    this.openIdleSocket();
    if (isReturn) for (const listener of this.listeners) listener();
  }

  private failed({ problem, detail }: LiveKitFailure): void {
    if (this.isStopped) return;
    this.wasUnavailable = true;
    if (this.current.detail !== detail) this.log.warn(`LiveKit ${detail}`);
    const since = this.current.state === 'down' ? this.current.since : new Date();
    this.current = { state: 'down', since, problem, detail };
  }

  private openIdleSocket(): void {
    if (this.idleSocket || !this.settings || performance.now() < this.noIdleSocketUntil) return;
    const { hostname, port, protocol } = new URL(toHttpUrl(this.settings.url));
    const openedAt = performance.now();
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port) || (protocol === 'https:' ? 443 : 80),
      keepAlive: true,
    });
    socket.unref();
    socket.on('error', () => undefined); // `close` follows
    socket.on('close', () => {
      this.idleSocket = null;
      if (this.isStopped) return;
      this.wasUnavailable = true;
      const isShort = performance.now() - openedAt < SHORT_LIFE_MS && this.current.state === 'up';
      this.shortLives = isShort ? this.shortLives + 1 : 0;
      if (this.shortLives >= MAX_SHORT_LIVES) {
        this.noIdleSocketUntil = performance.now() + IDLE_SOCKET_PAUSE_MS;
        this.shortLives = 0;
      }
      this.polls.wake();
    });
    this.idleSocket = socket;
  }
}

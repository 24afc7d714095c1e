import {
  Inject,
  Injectable,
  Logger,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { isTimeout } from './livekit-error.js';
import { LIVEKIT_SETTINGS, type LiveKitSettings, toHttpUrl } from './livekit.settings.js';

const POLL_MS = 2_000;
const TIMEOUT_MS = 1_500;
/** LiveKit counts as down only after this many time-outs in a row; a refused connection at once. */
const SLOW_ANSWERS = 2;

export interface LiveKitStatus {
  readonly state: 'up' | 'down' | 'absent';
  readonly since: Date;
  readonly detail?: string;
}

type Listener = (status: LiveKitStatus) => void;

/** Whether LiveKit answers. Polled, because its death sends no word. */
@Injectable()
export class LiveKitHealth implements OnModuleInit, OnModuleDestroy {
  private readonly log = new Logger(LiveKitHealth.name);
  private readonly listeners = new Set<Listener>();
  private current: LiveKitStatus;
  private timer: NodeJS.Timeout | null = null;
  private probing: Promise<LiveKitStatus> | null = null;
  private slowAnswers = 0;
  private isStopped = false;

  constructor(@Inject(LIVEKIT_SETTINGS) private readonly settings: LiveKitSettings | null) {
    this.current = settings
      ? { state: 'down', since: new Date(), detail: 'not asked yet' }
      : { state: 'absent', since: new Date() };
  }

  get status(): LiveKitStatus {
    return this.current;
  }

  async onModuleInit(): Promise<void> {
    if (!this.settings) return;
    await this.probe();
    this.schedule();
  }

  onModuleDestroy(): void {
    this.isStopped = true;
    if (this.timer) clearTimeout(this.timer);
    this.listeners.clear();
  }

  /** Hears every change of state; answers with what ends that. */
  onChange(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Asks now. Calls that come while one is under way share its answer. */
  probe(): Promise<LiveKitStatus> {
    this.probing ??= this.ask().finally(() => {
      this.probing = null;
    });
    return this.probing;
  }

  private schedule(): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => void this.probe().finally(() => this.schedule()), POLL_MS);
    this.timer.unref();
  }

  private async ask(): Promise<LiveKitStatus> {
    if (!this.settings) return this.current;
    try {
      const response = await fetch(toHttpUrl(this.settings.url), {
        signal: AbortSignal.timeout(TIMEOUT_MS),
        redirect: 'manual',
      });
      await response.body?.cancel();
      this.slowAnswers = 0;
      if (response.ok) this.become('up');
      else this.become('down', `answers ${response.status}`);
    } catch (error) {
      const isSlow = isTimeout(error);
      this.slowAnswers = isSlow ? this.slowAnswers + 1 : 0;
      if (!isSlow) this.become('down', 'cannot be reached');
      else if (this.slowAnswers >= SLOW_ANSWERS) this.become('down', 'does not answer in time');
    }
    return this.current;
  }

  private become(state: 'up' | 'down', detail?: string): void {
    if (this.current.state === state && this.current.detail === detail) return;
    const isChange = this.current.state !== state;
    this.current = {
      state,
      since: isChange ? new Date() : this.current.since,
      ...(detail === undefined ? {} : { detail }),
    };
    if (!isChange) return;
    if (state === 'up') this.log.log('LiveKit answers');
    else this.log.warn(`LiveKit ${detail ?? 'is down'}`);
    for (const listener of this.listeners) listener(this.current);
  }
}

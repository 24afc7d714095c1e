import { createHash } from 'node:crypto';
import type { DoubleEvent, WebhookMode } from './model.ts';
import { pause, seconds } from './tokens.ts';

const WEBHOOK_RETRIES_MS = [1_000, 2_000, 4_000, 8_000];
const WEBHOOK_MAX_AGE_MS = 30_000;
const LATE_MS = 1_500;
const REORDER_MS = 150;

/** Where webhooks go, when, and how often. Change it at any time. */
export class Webhooks {
  mode: WebhookMode = 'normal';
  /** Null: nowhere. Asked for each event, so that servers can take turns. */
  to: (event: DoubleEvent) => string | null;
  /** Every event that happened, sent or not. */
  readonly happened: DoubleEvent[] = [];
  /** Ids of events that were answered with 2xx, once for each delivery. */
  readonly delivered: string[] = [];
  private readonly queues = new Map<string, Promise<void>>();
  private readonly held: DoubleEvent[] = [];
  private readonly under = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | null = null;
  private generation = 0;
  private readonly sign: (claims: Record<string, unknown>) => string;

  constructor(url: string | null, sign: (claims: Record<string, unknown>) => string) {
    this.to = () => url;
    this.sign = sign;
  }

  take(event: DoubleEvent): void {
    this.happened.push(event);
    switch (this.mode) {
      case 'lost':
        return;
      case 'normal':
        this.enqueue(event);
        return;
      case 'duplicated':
        this.enqueue(event);
        this.enqueue(event);
        this.later(event, REORDER_MS);
        return;
      case 'late':
        this.enqueue(event, LATE_MS);
        return;
      case 'reordered':
        this.held.unshift(event);
        this.timer ??= setTimeout(() => this.release(), REORDER_MS);
    }
  }

  /** Sends what was held back to be reordered, the newest first. */
  release(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    for (const event of this.held.splice(0)) this.later(event, 0);
  }

  /** Sends an event again, as LiveKit may. */
  repeat(event: DoubleEvent): void {
    this.later(event, 0);
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    this.release();
    while (this.under.size > 0) await Promise.all(this.under);
  }

  /** What was on its way is lost, as with the process that sends it. */
  forget(): void {
    this.generation += 1;
    this.held.splice(0);
    this.queues.clear();
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }

  private later(event: DoubleEvent, ms: number): void {
    const generation = this.generation;
    this.watch(
      pause(ms).then(() => {
        if (generation === this.generation) return this.send(event, generation);
      }),
    );
  }

  /** In order within a room, as LiveKit does, `ms` from now at the earliest. */
  private enqueue(event: DoubleEvent, ms = 0): void {
    const generation = this.generation;
    const key = String(event.room['name']);
    const before = Promise.all([this.queues.get(key), ms > 0 ? pause(ms) : null]);
    const mine = before.then(() => this.send(event, generation));
    this.queues.set(key, mine);
    this.watch(mine);
  }

  private watch(work: Promise<void>): void {
    const watched = work.finally(() => this.under.delete(watched));
    this.under.add(watched);
  }

  private async send(event: DoubleEvent, generation: number): Promise<void> {
    const bornAt = Number(event.createdAt) * 1000;
    for (const wait of [0, ...WEBHOOK_RETRIES_MS]) {
      if (wait > 0) await pause(wait);
      if (generation !== this.generation || Date.now() - bornAt > WEBHOOK_MAX_AGE_MS) return;
      if (await this.post(event)) return;
    }
  }

  /** False when it is worth another try. */
  private async post(event: DoubleEvent): Promise<boolean> {
    const url = this.to(event);
    if (!url) return true;
    const body = JSON.stringify(event);
    const sha256 = createHash('sha256').update(body).digest('base64');
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/webhook+json',
          authorization: this.sign({ sha256, exp: seconds() + 300 }),
        },
        body,
      });
      await response.body?.cancel();
      if (response.ok) this.delivered.push(event.id);
      return response.status !== 429 && response.status < 500;
    } catch {
      return false;
    }
  }
}

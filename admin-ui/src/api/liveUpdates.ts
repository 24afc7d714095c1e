import { useEffect, useRef, useSyncExternalStore } from 'react';
import type { Events } from '@rolecall/server/api';
import { isServerReachable, subscribeToConnectivity } from './connectivity';
import { API } from './httpClient';

export type Topic = 'me' | 'rooms' | `room:${string}`;

/** Each handler gets everything that came since the last flush, oldest first. */
export type LiveHandlers = { [Kind in keyof Events]?: (batch: Events[Kind][]) => void } & {
  /** What was shown may be out of date: read it again. Also the tick while polling. */
  reset?: () => void;
};

export type LiveState = 'live' | 'delayed' | 'polling' | 'offline';

export interface LiveStatus {
  state: LiveState;
  /** Whole seconds since the server last said anything; for `delayed`. */
  seconds: number;
}

interface Subscription {
  topic: Topic;
  handlers: () => LiveHandlers;
  batches: Map<EventKind, unknown[]>;
  isReset: boolean;
}

type EventKind = keyof Events;

const KINDS: EventKind[] = ['seats', 'room', 'rooms', 'me', 'stage', 'scene', 'bulk', 'acting'];
/** The page is drawn again at most so often. */
const FLUSH_MS = 100;
/** Several messages of one change are shown together. */
const GATHER_MS = 15;
/** The server sends something every 15 s. */
const SILENCE_MS = 20_000;
const POLL_AFTER_MS = 10_000;
const POLL_MS = 5_000;
const MAX_BACKOFF_MS = 15_000;

type StreamFactory = (url: string) => EventSource;

/** One event stream for the whole tab, shared by everything that asks for a topic. */
export class LiveConnection {
  private readonly subscriptions = new Set<Subscription>();
  private readonly statusListeners = new Set<() => void>();
  private source: EventSource | null = null;
  private openTopics = '';
  private isOpen = false;
  private lastFrameAt = 0;
  private lostAt = 0;
  private attempts = 0;
  private flushTimer: ReturnType<typeof setTimeout> | undefined;
  private reopenTimer: ReturnType<typeof setTimeout> | undefined;
  private clock: ReturnType<typeof setInterval> | undefined;
  private lastPollAt = 0;
  private lastFlushAt = -Infinity;
  private lastEventId = '';
  private status: LiveStatus = { state: 'delayed', seconds: 0 };

  constructor(
    private readonly open: StreamFactory = (url) => new EventSource(url),
    private readonly now: () => number = () => Date.now(),
  ) {}

  subscribe(topic: Topic, handlers: () => LiveHandlers) {
    const subscription: Subscription = { topic, handlers, batches: new Map(), isReset: false };
    this.subscriptions.add(subscription);
    this.start();
    this.scheduleReopen(0);
    return () => {
      this.subscriptions.delete(subscription);
      this.scheduleReopen(1_000);
      if (this.subscriptions.size === 0) this.stop();
    };
  }

  readonly getStatus = () => this.status;

  readonly onStatus = (listener: () => void) => {
    this.statusListeners.add(listener);
    return () => {
      this.statusListeners.delete(listener);
    };
  };

  /** Reads everything again and reconnects, as after signing in. */
  readonly restart = () => {
    this.attempts = 0;
    this.openTopics = '';
    this.scheduleReopen(0);
  };

  /** The server went away, which is shown at once, or is back: then everything is read again. */
  readonly connectivityChanged = () => {
    if (isServerReachable()) {
      this.restart();
      this.resetAll();
    }
    this.updateStatus();
  };

  private start() {
    if (this.clock) return;
    this.lostAt = this.now();
    this.clock = setInterval(() => this.tick(), 1_000);
    globalThis.addEventListener?.('online', this.restart);
  }

  private stop() {
    clearInterval(this.clock);
    clearTimeout(this.reopenTimer);
    clearTimeout(this.flushTimer);
    this.clock = this.flushTimer = undefined;
    globalThis.removeEventListener?.('online', this.restart);
    this.close();
  }

  private close() {
    this.source?.close();
    this.source = null;
    this.openTopics = '';
    this.isOpen = false;
  }

  private scheduleReopen(delay: number) {
    clearTimeout(this.reopenTimer);
    this.reopenTimer = setTimeout(() => this.reopen(), delay);
  }

  private reopen() {
    if (this.subscriptions.size === 0) return;
    const topics = [...new Set([...this.subscriptions].map(({ topic }) => topic))].sort();
    const wanted = JSON.stringify(topics);
    if (wanted === this.openTopics && this.source && this.source.readyState !== 2) return;
    this.close();
    this.openTopics = wanted;
    const query = new URLSearchParams({ topics: topics.map(encodeTopic).join(',') });
    // A stream of our own making cannot send the header that says where the last one ended.
    if (this.lastEventId) query.set('lastEventId', this.lastEventId);
    const source = this.open(`${API}/events?${query}`);
    this.source = source;
    source.onopen = () => this.frame(source, () => undefined);
    source.onerror = () => this.lost(source);
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => this.frame(source, () => this.receive(kind, event)));
    }
    for (const kind of ['hello', 'ping', 'message']) {
      source.addEventListener(kind, () => this.frame(source, () => undefined));
    }
    source.addEventListener('reset', () => this.frame(source, () => this.resetAll()));
  }

  private frame(source: EventSource, act: () => void) {
    if (source !== this.source) return;
    this.lastFrameAt = this.now();
    if (!this.isOpen) {
      this.isOpen = true;
      // Without a place to resume from, anything may have happened meanwhile.
      if (this.attempts > 0 && !this.lastEventId) this.resetAll();
      this.attempts = 0;
    }
    act();
    this.updateStatus();
  }

  private lost(source: EventSource) {
    if (source !== this.source) return;
    if (this.isOpen) {
      this.isOpen = false;
      this.lostAt = this.now();
    }
    // 2 = closed for good (an HTTP error): the browser will not try again, so we do.
    if (source.readyState === 2) {
      this.attempts += 1;
      this.scheduleReopen(Math.min(MAX_BACKOFF_MS, 500 * 2 ** this.attempts));
    }
    this.updateStatus();
  }

  private receive(kind: EventKind, event: MessageEvent<string>) {
    const data: unknown = JSON.parse(event.data);
    if (event.lastEventId) this.lastEventId = event.lastEventId;
    for (const subscription of this.subscriptions) {
      if (!isFor(subscription.topic, kind, data)) continue;
      const batch = subscription.batches.get(kind) ?? [];
      batch.push(data);
      subscription.batches.set(kind, batch);
    }
    this.scheduleFlush();
  }

  private resetAll() {
    for (const subscription of this.subscriptions) subscription.isReset = true;
    this.scheduleFlush();
  }

  private scheduleFlush() {
    if (this.flushTimer) return;
    // A change that comes after a pause is shown right away; of many, each flush has its share.
    const left = this.lastFlushAt + FLUSH_MS - this.now();
    const wait = Math.min(FLUSH_MS, Math.max(GATHER_MS, left));
    this.flushTimer = setTimeout(() => this.flush(), wait);
  }

  private flush() {
    this.flushTimer = undefined;
    this.lastFlushAt = this.now();
    for (const subscription of [...this.subscriptions]) {
      const handlers = subscription.handlers();
      const batches = subscription.batches;
      const isReset = subscription.isReset;
      subscription.batches = new Map();
      subscription.isReset = false;
      for (const [kind, batch] of batches) {
        (handlers[kind] as ((events: unknown[]) => void) | undefined)?.(batch);
      }
      if (isReset) handlers.reset?.();
    }
  }

  private tick() {
    if (this.isOpen && this.now() - this.lastFrameAt > 3 * SILENCE_MS) {
      // A proxy keeps a dead connection open: nothing has been heard for four heartbeats.
      this.isOpen = false;
      this.lostAt = this.lastFrameAt;
      this.attempts += 1;
      this.openTopics = '';
      this.scheduleReopen(0);
    }
    this.updateStatus();
    // Offline as well: asking is how to notice that the server is back.
    const isLost = this.status.state === 'polling' || this.status.state === 'offline';
    if (isLost && this.now() - this.lastPollAt >= POLL_MS) {
      this.lastPollAt = this.now();
      this.resetAll();
    }
  }

  private updateStatus() {
    const next = this.currentStatus();
    if (next.state === this.status.state && next.seconds === this.status.seconds) return;
    this.status = next;
    for (const listener of this.statusListeners) listener();
  }

  private currentStatus(): LiveStatus {
    if (globalThis.navigator?.onLine === false || !isServerReachable()) {
      return { state: 'offline', seconds: 0 };
    }
    const since = this.now() - (this.isOpen ? this.lastFrameAt : this.lostAt);
    const seconds = Math.floor(since / 1_000);
    if (this.isOpen) {
      return since > SILENCE_MS ? { state: 'delayed', seconds } : { state: 'live', seconds: 0 };
    }
    return since > POLL_AFTER_MS ? { state: 'polling', seconds: 0 } : { state: 'delayed', seconds };
  }
}

function isFor(topic: Topic, kind: EventKind, data: unknown) {
  if (kind === 'me' || kind === 'rooms') return topic === kind;
  if (!topic.startsWith('room:')) return false;
  const { room, operation } = data as { room?: string; operation?: { room: string } };
  const about = room ?? operation?.room;
  return about === undefined || topic === `room:${about}`;
}

/** A room's name may hold a comma, which separates topics: names are encoded once more. */
const encodeTopic = (topic: string) => topic.replaceAll('%', '%25').replaceAll(',', '%2C');

export const liveConnection = new LiveConnection();

subscribeToConnectivity(liveConnection.connectivityChanged);

/** Handlers may change at every render; the stream is opened again only when the topic changes. */
export function useLive(topic: Topic | null, handlers: LiveHandlers) {
  const latest = useRef(handlers);
  useEffect(() => {
    latest.current = handlers;
  });
  useEffect(
    () => (topic === null ? undefined : liveConnection.subscribe(topic, () => latest.current)),
    [topic],
  );
}

export const useLiveStatus = () =>
  useSyncExternalStore(liveConnection.onStatus, liveConnection.getStatus);

/** At most one call a second, and always one after the last request. */
export function throttled(act: () => void, everyMs = 1_000) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isWaiting = false;
  return () => {
    if (timer) {
      isWaiting = true;
      return;
    }
    act();
    timer = setTimeout(function again() {
      timer = undefined;
      if (!isWaiting) return;
      isWaiting = false;
      act();
      timer = setTimeout(again, everyMs);
    }, everyMs);
  };
}

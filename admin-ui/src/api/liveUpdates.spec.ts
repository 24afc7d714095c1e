import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { reportReachable, reportUnreachable } from './connectivity';
import { type LiveHandlers, LiveConnection, throttled, type Topic } from './liveUpdates';

class FakeSource extends EventTarget {
  readyState = 0;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  constructor(readonly url: string) {
    super();
  }
  open() {
    this.readyState = 1;
    this.onopen?.();
  }
  send(kind: string, data: unknown, lastEventId = '') {
    this.dispatchEvent(new MessageEvent(kind, { data: JSON.stringify(data), lastEventId }));
  }
  fail(isForGood: boolean) {
    this.readyState = isForGood ? 2 : 0;
    this.onerror?.();
  }
  close() {
    this.readyState = 2;
  }
}

let sources: FakeSource[];
let live: LiveConnection;
const latest = () => sources.at(-1) as FakeSource;
const pass = (ms: number) => jest.advanceTimersByTime(ms);
const listen = (topic: Topic, handlers: LiveHandlers) => live.subscribe(topic, () => handlers);
const topicsOf = (source: FakeSource) => new URL(source.url, 'http://x').searchParams.get('topics');

beforeEach(() => {
  jest.useFakeTimers();
  sources = [];
  live = new LiveConnection((url) => {
    const source = new FakeSource(url);
    sources.push(source);
    return source as unknown as EventSource;
  });
});
afterEach(() => {
  jest.useRealTimers();
});

describe('one stream', () => {
  it('serves every topic of the page, and opens again only when the topics change', () => {
    listen('rooms', {});
    listen('me', {});
    listen('rooms', {});
    pass(0);
    expect(sources).toHaveLength(1);
    expect(topicsOf(latest())).toBe('me,rooms');
    listen('room:a,b 5%', {});
    pass(0);
    expect(sources).toHaveLength(2);
    expect(topicsOf(latest())).toBe('me,room:a%2Cb 5%25,rooms');
    expect(sources[0]?.readyState).toBe(2);
  });

  it('hands over what came together at once, to those who asked for it', () => {
    const seats = jest.fn();
    const others = jest.fn();
    listen('room:a', { seats });
    listen('room:b', { seats: others });
    pass(0);
    latest().open();
    for (let at = 0; at < 50; at += 1)
      latest().send('seats', { room: 'a', seats: [], removed: [] });
    expect(seats).not.toHaveBeenCalled();
    pass(100);
    expect(seats).toHaveBeenCalledTimes(1);
    expect(seats.mock.calls[0]?.[0]).toHaveLength(50);
    expect(others).not.toHaveBeenCalled();
  });

  it('hands over soon what comes after a pause, and many changes ten times a second', () => {
    const seats = jest.fn();
    listen('room:a', { seats });
    pass(0);
    latest().open();
    pass(1_000);
    const change = () => latest().send('seats', { room: 'a', seats: [], removed: [] });
    change();
    pass(20);
    expect(seats).toHaveBeenCalledTimes(1);
    seats.mockClear();
    for (let at = 0; at < 1_000; at += 10) {
      change();
      pass(10);
    }
    expect(seats.mock.calls.length).toBeGreaterThanOrEqual(9);
    expect(seats.mock.calls.length).toBeLessThanOrEqual(10);
  });

  it('tells everybody to read again when the server lost count', () => {
    const reset = jest.fn();
    listen('rooms', { reset });
    pass(0);
    latest().open();
    latest().send('reset', {});
    pass(100);
    expect(reset).toHaveBeenCalledTimes(1);
  });

  it('closes when nobody listens', () => {
    const stop = listen('rooms', {});
    pass(0);
    stop();
    expect(latest().readyState).toBe(2);
  });
});

describe('status', () => {
  it('is live while frames come, delayed in silence, and polls when the stream stays away', () => {
    const reset = jest.fn();
    listen('rooms', { reset });
    pass(0);
    latest().open();
    expect(live.getStatus().state).toBe('live');
    pass(25_000);
    expect(live.getStatus()).toEqual({ state: 'delayed', seconds: 25 });
    latest().send('ping', {});
    expect(live.getStatus().state).toBe('live');
    latest().fail(true);
    pass(2_000);
    expect(live.getStatus().state).toBe('delayed');
    for (let second = 0; second < 15; second += 1) {
      pass(1_000);
      if (latest().readyState !== 2) latest().fail(true);
    }
    expect(live.getStatus().state).toBe('polling');
    const before = reset.mock.calls.length;
    pass(11_000);
    expect(reset.mock.calls.length - before).toBeGreaterThanOrEqual(2);
  });

  it('goes on after the last event that was seen, and then reads nothing again', () => {
    const reset = jest.fn();
    listen('rooms', { reset });
    pass(0);
    latest().open();
    latest().send('rooms', { rooms: ['a'] }, '41');
    latest().fail(true);
    pass(2_000);
    expect(latest().url).toContain('lastEventId=41');
    latest().open();
    pass(100);
    expect(reset).not.toHaveBeenCalled();
  });

  it('reads everything again after the stream came back without a place to go on from', () => {
    const reset = jest.fn();
    listen('rooms', { reset });
    pass(0);
    latest().open();
    latest().fail(true);
    pass(2_000);
    reset.mockClear();
    latest().open();
    pass(100);
    expect(reset).toHaveBeenCalledTimes(1);
  });

  it('is offline at once when the server is away, asks for it, and reads all when it is back', () => {
    const reset = jest.fn();
    listen('rooms', { reset });
    pass(0);
    latest().open();
    latest().send('rooms', { rooms: ['a'] }, '41');
    reportUnreachable();
    live.connectivityChanged();
    expect(live.getStatus().state).toBe('offline');
    pass(12_000);
    expect(reset.mock.calls.length).toBeGreaterThanOrEqual(2);
    reset.mockClear();
    reportReachable();
    live.connectivityChanged();
    pass(100);
    latest().open();
    pass(100);
    expect(reset).toHaveBeenCalledTimes(1);
    expect(live.getStatus().state).toBe('live');
  });
});

describe('throttled', () => {
  it('acts at once, then at most once a second, and never forgets the last request', () => {
    const act = jest.fn();
    const ask = throttled(act);
    for (let at = 0; at < 20; at += 1) {
      ask();
      pass(100);
    }
    pass(2_000);
    expect(act).toHaveBeenCalledTimes(3);
  });
});

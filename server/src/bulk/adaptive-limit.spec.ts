import { describe, expect, it } from '@jest/globals';
import { AdaptiveLimit } from './adaptive-limit.js';

const busy = new Error('too much');
const never = () => false;
const always = () => true;

function answers(pace: AdaptiveLimit, count: number, ms: number): void {
  for (let i = 0; i < count; i++) pace.note('ok', ms);
}

/** Calls that end when they are told to. */
function calls() {
  const open: (() => void)[] = [];
  return {
    open,
    call: () => new Promise<void>((resolve) => open.push(resolve)),
  };
}

describe('how many calls are out at once', () => {
  it('begins with eight', async () => {
    const pace = new AdaptiveLimit();
    const { open, call } = calls();
    const all = Array.from({ length: 20 }, () => pace.run(call, never));
    await new Promise((resolve) => setImmediate(resolve));
    expect(open).toHaveLength(8);
    while (open.length > 0) {
      open.splice(0).forEach((end) => end());
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(all);
  });

  it('lets what is urgent out at once, up to 32, and the others only after it', async () => {
    const pace = new AdaptiveLimit();
    const first = calls();
    const rest = calls();
    const later = () => new Promise((resolve) => setImmediate(resolve));
    const urgent = Array.from({ length: 40 }, () => pace.run(first.call, never, 'urgent'));
    const others = Array.from({ length: 20 }, () => pace.run(rest.call, never));
    await later();
    expect([first.open.length, rest.open.length]).toEqual([32, 0]);
    first.open.splice(0, 31).forEach((end) => end());
    await later();
    expect(rest.open).toHaveLength(0);
    for (let left = 60; left > 0 && first.open.length + rest.open.length > 0; left--) {
      [...first.open.splice(0), ...rest.open.splice(0)].forEach((end) => end());
      await later();
      expect(first.open.length + rest.open.length).toBeLessThanOrEqual(16);
    }
    await Promise.all([...urgent, ...others]);
  });

  it('lets more out while answers stay as fast as they were, up to 32', () => {
    const pace = new AdaptiveLimit();
    answers(pace, 200, 5);
    expect(pace.inFlight).toBe(32);
  });

  it('lets fewer out when answers slow down, but no fewer than it began with', () => {
    const pace = new AdaptiveLimit();
    answers(pace, 8, 20);
    expect(pace.inFlight).toBe(16);
    answers(pace, 8, 80);
    expect(pace.inFlight).toBe(12);
    answers(pace, 80, 80);
    expect(pace.inFlight).toBe(8);
  });

  it('forgives a slow answer among fast ones', () => {
    const pace = new AdaptiveLimit();
    answers(pace, 8, 5);
    pace.note('ok', 500);
    answers(pace, 7, 5);
    expect(pace.inFlight).toBe(32);
  });

  it('halves at once when LiveKit fails, and never stops altogether', () => {
    const pace = new AdaptiveLimit();
    pace.note('strained', 5);
    expect(pace.inFlight).toBe(4);
    for (let i = 0; i < 10; i++) pace.note('strained', 5);
    expect(pace.inFlight).toBe(1);
  });

  it('after eight failures in a row tries one call a second, and fails the others at once', async () => {
    const pace = new AdaptiveLimit();
    let made = 0;
    const fail = () => {
      made += 1;
      return Promise.reject(busy);
    };
    for (let i = 0; i < 20; i++) await expect(pace.run(fail, always)).rejects.toBe(busy);
    expect(made).toBe(8);
  });

  it('what LiveKit refuses is no sign of strain', async () => {
    const pace = new AdaptiveLimit();
    let made = 0;
    const refuse = () => {
      made += 1;
      return Promise.reject(busy);
    };
    for (let i = 0; i < 20; i++) await expect(pace.run(refuse, never)).rejects.toBe(busy);
    expect(made).toBe(20);
  });
});

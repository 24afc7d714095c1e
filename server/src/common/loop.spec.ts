import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from '../../test/support/until.js';
import { Loop, type LoopOptions } from './loop.js';

const loops: Loop[] = [];
afterEach(() => Promise.all(loops.splice(0).map((loop) => loop.stop())));

type Line = [level: string, text: string, error: unknown];

function loopOf(options: Partial<LoopOptions>, task: () => unknown) {
  const lines: Line[] = [];
  const keep = (level: string) => (text: string, data: { error: unknown }) => {
    lines.push([level, text, data.error]);
  };
  const log = { warn: keep('warn'), debug: keep('debug') };
  const loop = new Loop({ name: 'counting', everyMs: 10, log, ...options }, task);
  loops.push(loop);
  return { loop, lines };
}

/** Work that ends when it is told to. */
function gatedWork() {
  const state = { started: 0, atOnce: 0, most: 0, finish: () => undefined as void };
  const work = async () => {
    state.started += 1;
    state.atOnce += 1;
    state.most = Math.max(state.most, state.atOnce);
    await new Promise<void>((resolve) => (state.finish = resolve));
    state.atOnce -= 1;
  };
  return { state, work };
}
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a loop', () => {
  it('repeats its task until it is stopped', async () => {
    let passes = 0;
    const { loop } = loopOf({}, () => (passes += 1));
    loop.start();
    await until('three passes', () => passes >= 3);
    await loop.stop();
    const atStop = passes;
    await pause(40);
    expect(passes).toBe(atStop);
  });

  it('waits for its interval before the first pass, unless it is told another time', async () => {
    const started = performance.now();
    const times: Record<string, number> = {};
    const note = (name: string) => () => (times[name] ??= performance.now() - started);
    loopOf({ everyMs: 60 }, note('usual')).loop.start();
    loopOf({ everyMs: 60_000, firstMs: 0 }, note('at once')).loop.start();
    loopOf({ everyMs: 60_000, firstMs: 20 }, note('soon')).loop.start();
    await until('all of them', () => Object.keys(times).length === 3);
    expect(Object.keys(times)).toEqual(['at once', 'soon', 'usual']);
    expect(times['soon']).toBeGreaterThanOrEqual(20);
    expect(times['usual']).toBeGreaterThanOrEqual(60);
  });

  it('never runs two passes at once, however often it is woken', async () => {
    const { state, work } = gatedWork();
    const { loop } = loopOf({ everyMs: Infinity }, work);
    loop.start();
    for (let i = 0; i < 5; i++) loop.wake();
    expect(state.started).toBe(1);
    state.finish();
    await until('one more for all that came meanwhile', () => state.started === 2);
    state.finish();
    await pause(30);
    expect(state).toMatchObject({ started: 2, most: 1 });
  });

  it('takes the earliest of several wakes', async () => {
    let passes = 0;
    const { loop } = loopOf({ everyMs: Infinity }, () => (passes += 1));
    loop.start();
    loop.wake(60_000);
    loop.wake(10);
    loop.wake(30_000);
    await until('one pass', () => passes === 1, 2_000);
    await pause(30);
    expect(passes).toBe(1);
  });

  it('asks for its interval after each pass', async () => {
    const waits = [0, 0, Infinity];
    let passes = 0;
    const { loop } = loopOf({ firstMs: 0, everyMs: () => waits[passes - 1] ?? 0 }, () => passes++);
    loop.start();
    await until('three passes', () => passes === 3);
    await pause(30);
    expect(passes).toBe(3);
  });

  it('logs a failure with its cause and goes on; of several in a row, one is a warning', async () => {
    const error = new Error('connection refused', { cause: new Error('the cause') });
    const outcomes = [error, error, null, error];
    let passes = 0;
    const { loop, lines } = loopOf({ everyMs: 1 }, () => {
      const outcome = outcomes[passes++];
      if (outcome) throw outcome;
    });
    loop.start();
    await until('five passes', () => passes >= 5);
    expect(lines).toEqual([
      ['warn', 'counting failed', error],
      ['debug', 'counting failed', error],
      ['warn', 'counting failed', error],
    ]);
  });

  it('stops only when the pass that is under way has ended', async () => {
    const { state, work } = gatedWork();
    const { loop } = loopOf({ firstMs: 0, everyMs: 1 }, work);
    loop.start();
    let isStopped = false;
    const stopping = loop.stop().then(() => (isStopped = true));
    loop.wake();
    await pause(20);
    expect(isStopped).toBe(false);
    state.finish();
    await stopping;
    await pause(20);
    expect(state.started).toBe(1);
  });

  it('varies its waits by the part that it is told', async () => {
    const starts: number[] = [];
    const { loop } = loopOf({ firstMs: 0, everyMs: 30, jitter: 0.5 }, () =>
      starts.push(performance.now()),
    );
    loop.start();
    await until('nine passes', () => starts.length >= 9);
    const waits = starts.slice(1).map((at, i) => at - (starts[i] as number));
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(15);
    expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(1);
  });

  it('waits for longer than a timer of Node can', async () => {
    let passes = 0;
    const { loop } = loopOf({ everyMs: 2 ** 32 }, () => (passes += 1));
    loop.start();
    await pause(30);
    expect(passes).toBe(0);
  });
});

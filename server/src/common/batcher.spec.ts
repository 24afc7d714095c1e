import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Batcher } from './batcher.js';
import { AppError } from './errors/app-error.js';

/** Work that ends when the test says so. */
function held<V>() {
  const calls: {
    keys: number[];
    answer: (values: (V | Error)[]) => void;
    fail: (e: Error) => void;
  }[] = [];
  let arrived: (() => void) | null = null;
  const work = (keys: number[]) =>
    new Promise<(V | Error)[]>((answer, fail) => {
      calls.push({ keys, answer, fail });
      arrived?.();
    });
  const call = async (n: number) => {
    while (calls.length <= n) await new Promise<void>((resolve) => (arrived = resolve));
    return calls[n]!;
  };
  return { work, call, calls };
}

describe('a batcher', () => {
  it('gives each caller the answer to its own key, in whatever batches they go out', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer(), { maxLength: 60 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 3 }),
        async (keys, maxBatch, concurrency) => {
          const sizes: number[] = [];
          const batcher = new Batcher<number, string>(
            async (batch) => {
              sizes.push(batch.length);
              await new Promise((resolve) => setImmediate(resolve));
              return batch.map((key) => `answer to ${key}`);
            },
            { maxBatch, concurrency },
          );
          const answers = await Promise.all(keys.map((key) => batcher.load(key)));
          expect(answers).toEqual(keys.map((key) => `answer to ${key}`));
          expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(maxBatch);
        },
      ),
    );
  });

  it('sends together what came while the previous batch was under way, in the order of arrival', async () => {
    const { work, call, calls } = held<number>();
    const batcher = new Batcher<number, number>(work);
    const first = batcher.load(1);
    const under = await call(0);
    const rest = [2, 3, 4].map((key) => batcher.load(key));
    expect(calls).toHaveLength(1);
    under.answer([10]);
    (await call(1)).answer([20, 30, 40]);
    expect(await Promise.all([first, ...rest])).toEqual([10, 20, 30, 40]);
    expect(calls.map((c) => c.keys)).toEqual([[1], [2, 3, 4]]);
  });

  it('fails only the caller whose key failed', async () => {
    const batcher = new Batcher<number, number>(async (keys) =>
      keys.map((key) => (key % 2 === 0 ? key : new Error(`odd ${key}`))),
    );
    const answers = await Promise.allSettled([1, 2, 3].map((key) => batcher.load(key)));
    expect(answers.map((a) => a.status)).toEqual(['rejected', 'fulfilled', 'rejected']);
    expect(answers[2]).toMatchObject({ reason: new Error('odd 3') });
  });

  it('fails the whole batch when the work does, and goes on with the next', async () => {
    const { work, call } = held<number>();
    const batcher = new Batcher<number, number>(work);
    const lost = Promise.allSettled([batcher.load(1), batcher.load(2)]);
    const under = await call(0);
    const later = batcher.load(3);
    under.fail(new Error('gone'));
    expect((await lost).map((a) => a.status)).toEqual(['rejected', 'rejected']);
    (await call(1)).answer([30]);
    await expect(later).resolves.toBe(30);
  });

  it('fails those who wait as well when what the work needs is down, and serves who comes after', async () => {
    const { work, call } = held<number>();
    const batcher = new Batcher<number, number>(work);
    const first = batcher.load(1);
    const under = await call(0);
    const waiting = [batcher.load(2), batcher.load(3)];
    under.fail(new AppError('unavailable', 'database.unavailable', 'down'));
    for (const lost of await Promise.allSettled([first, ...waiting])) {
      expect(lost).toMatchObject({ status: 'rejected', reason: { kind: 'unavailable' } });
    }
    const next = batcher.load(4);
    (await call(1)).answer([40]);
    await expect(next).resolves.toBe(40);
  });

  it('refuses one caller more than may wait, and none of those who do', async () => {
    const { work, call } = held<number>();
    const batcher = new Batcher<number, number>(work, {
      maxWaiting: 2,
      onFull: () => new Error('full'),
    });
    const first = batcher.load(0);
    const under = await call(0);
    const waiting = [batcher.load(1), batcher.load(2)];
    await expect(batcher.load(3)).rejects.toThrow('full');
    under.answer([0]);
    (await call(1)).answer([1, 2]);
    expect(await Promise.all([first, ...waiting])).toEqual([0, 1, 2]);
  });

  it('is drained only when nothing waits and nothing is under way', async () => {
    const { work, call } = held<number>();
    const batcher = new Batcher<number, number>(work);
    const answer = batcher.load(1);
    let isDrained = false;
    const drained = batcher.drained().then(() => (isDrained = true));
    (await call(0)).answer([1]);
    expect(isDrained).toBe(false);
    await answer;
    await drained;
  });
});

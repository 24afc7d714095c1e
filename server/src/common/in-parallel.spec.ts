import { describe, expect, it } from '@jest/globals';
import { AppError } from './errors/app-error.js';
import { inParallel, inSequence } from './in-parallel.js';

describe('work on many', () => {
  it('is done on all, never on more at once than wanted, and fails at the end', async () => {
    const done: number[] = [];
    let now = 0;
    let most = 0;
    const items = Array.from({ length: 20 }, (_, i) => i);
    const work = async (i: number) => {
      most = Math.max(most, ++now);
      await Promise.resolve();
      now -= 1;
      if (i % 5 === 0) throw new Error(`no ${i}`);
      done.push(i);
    };
    await expect(inParallel(items, 3, work)).rejects.toThrow('no 0');
    expect(done).toEqual(items.filter((i) => i % 5 !== 0));
    expect(most).toBe(3);
  });

  it('reports a lost dependency before anything else', async () => {
    const lost = new AppError('unavailable', 'database.unavailable', 'away');
    const errors = [new Error('one'), lost, new Error('two')];
    await expect(inParallel(errors, 1, (error) => Promise.reject(error))).rejects.toBe(lost);
  });

  it('leaves the rest once it is over', async () => {
    const done: number[] = [];
    const work = async (i: number) => void done.push(i);
    await inParallel([1, 2, 3, 4], 1, work, () => done.length === 2);
    expect(done).toEqual([1, 2]);
  });

  it('takes every step, whichever fails', async () => {
    const taken: string[] = [];
    const step = (name: string, error?: Error) => async () => {
      taken.push(name);
      if (error) throw error;
    };
    await expect(inSequence([step('a', new Error('no a')), step('b')])).rejects.toThrow('no a');
    expect(taken).toEqual(['a', 'b']);
  });
});

import { describe, expect, it } from '@jest/globals';
import { withTimeout } from './with-timeout.js';

const never = new Promise<string>(() => undefined);

describe('withTimeout', () => {
  it('answers with the work that is done in time', async () => {
    await expect(withTimeout(Promise.resolve('done'), 10_000, () => 'late')).resolves.toBe('done');
  });

  it('answers with the other value once the time is over', async () => {
    const started = performance.now();
    await expect(withTimeout(never, 30, () => 'late')).resolves.toBe('late');
    expect(performance.now() - started).toBeGreaterThanOrEqual(29);
  });

  it('fails as the work fails, or as the other value does', async () => {
    const failing = Promise.reject(new Error('no such room'));
    await expect(withTimeout(failing, 10_000, () => 'late')).rejects.toThrow('no such room');
    const late = () => {
      throw new Error('too slow');
    };
    await expect(withTimeout(never, 5, late)).rejects.toThrow('too slow');
  });

  it('keeps a failure of work that is late to itself', async () => {
    let fail: (error: Error) => void = () => undefined;
    const work = new Promise<string>((_, reject) => (fail = reject));
    await expect(withTimeout(work, 5, () => 'late')).resolves.toBe('late');
    fail(new Error('nobody hears this'));
    await new Promise((resolve) => setImmediate(resolve));
  });
});

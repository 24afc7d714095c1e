import { describe, expect, it } from '@jest/globals';
import { KeyedMutex } from './keyed-mutex.js';

const tick = () => new Promise((resolve) => setImmediate(resolve));

describe('KeyedMutex', () => {
  it('runs the work of one key one after another, in the order of asking', async () => {
    const mutex = new KeyedMutex();
    const log: string[] = [];
    const work = (name: string) =>
      mutex.run('seat', async () => {
        log.push(`${name} begins`);
        await tick();
        log.push(`${name} ends`);
        return name;
      });
    expect(await Promise.all([work('a'), work('b')])).toEqual(['a', 'b']);
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('lets the work of different keys overlap', async () => {
    const mutex = new KeyedMutex();
    let isOtherDone = false;
    const first = mutex.run('one', async () => {
      while (!isOtherDone) await tick();
    });
    await mutex.run('two', async () => {
      isOtherDone = true;
      return Promise.resolve();
    });
    await first;
    expect(isOtherDone).toBe(true);
  });

  it('goes on after work that failed, and tells only who asked for that', async () => {
    const mutex = new KeyedMutex();
    const failing = mutex.run('seat', () => Promise.reject(new Error('no')));
    const next = mutex.run('seat', () => Promise.resolve('yes'));
    await expect(failing).rejects.toThrow('no');
    await expect(next).resolves.toBe('yes');
  });
});

import { describe, expect, it } from '@jest/globals';
import { JoiningMutex, KeyedMutex } from './keyed-mutex.js';

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

describe('JoiningMutex', () => {
  const recorder = () => {
    const done: string[] = [];
    const mutex = new JoiningMutex<string>();
    const ask = (what: string | null, key = 'seat') =>
      mutex.run(key, what, async () => {
        await Promise.resolve();
        done.push(`${key} ${String(what)}`);
        return String(what);
      });
    return { done, ask };
  };

  it('makes one turn of what is asked for again before it is done', async () => {
    const { done, ask } = recorder();
    expect(await Promise.all([ask('up'), ask('up'), ask('up')])).toEqual(['up', 'up', 'up']);
    expect(done).toEqual(['seat up']);
    await ask('up');
    expect(done).toEqual(['seat up', 'seat up']);
  });

  it('keeps the order of what differs', async () => {
    const { done, ask } = recorder();
    await Promise.all([ask('up'), ask('down'), ask('up'), ask('up', 'other')]);
    expect(done.filter((one) => one.startsWith('seat'))).toEqual([
      'seat up',
      'seat down',
      'seat up',
    ]);
    expect(done).toContain('other up');
  });

  it('joins nothing that has no name', async () => {
    const { done, ask } = recorder();
    await Promise.all([ask(null), ask(null)]);
    expect(done).toHaveLength(2);
  });

  it('a turn that fails fails for all who joined, and is forgotten', async () => {
    const mutex = new JoiningMutex<string>();
    const fail = () => mutex.run('seat', 'up', () => Promise.reject(new Error('no')));
    const results = await Promise.allSettled([fail(), fail()]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await mutex.run('seat', 'up', async () => 'yes')).toBe('yes');
  });
});

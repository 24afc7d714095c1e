import { describe, expect, it } from '@jest/globals';
import { FairQueue, QueueRejection } from './fair-queue.js';

const options = { atOnce: 1, perKey: 3, inAll: 5, patienceMs: 10_000 };

/** Work that ends when it is told to. */
function held(line: FairQueue, key: string, log: string[], name: string) {
  let finish: () => void = () => undefined;
  const promise = line.run(key, async () => {
    log.push(name);
    await new Promise<void>((resolve) => (finish = resolve));
  });
  return { promise, finish: () => finish() };
}
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a fair line', () => {
  it('lets keys take turns, also when one of them has most of the calls', async () => {
    const line = new FairQueue(options);
    const log: string[] = [];
    const works = ['a1', 'a2', 'a3', 'b1', 'a4', 'c1'].map((name) =>
      held(line, name.slice(0, 1), log, name),
    );
    for (let i = 0; i < works.length; i++) {
      await settle();
      works.find((_, at) => log.at(-1) === ['a1', 'a2', 'a3', 'b1', 'a4', 'c1'][at])?.finish();
    }
    await Promise.all(works.map(({ promise }) => promise));
    expect(log).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'a4']);
    expect(line.length).toBe(0);
  });

  it('turns away who comes behind a full line, of their own or of all', async () => {
    const line = new FairQueue(options);
    const log: string[] = [];
    const first = held(line, 'a', log, 'a');
    const waiting = ['a', 'a', 'a'].map((key) => line.run(key, () => Promise.resolve(key)));
    await expect(line.run('a', () => Promise.resolve())).rejects.toBeInstanceOf(QueueRejection);
    waiting.push(...['b', 'c'].map((key) => line.run(key, () => Promise.resolve(key))));
    await expect(line.run('d', () => Promise.resolve())).rejects.toBeInstanceOf(QueueRejection);
    first.finish();
    await first.promise;
    expect(await Promise.all(waiting)).toEqual(['a', 'a', 'a', 'b', 'c']);
    expect(await line.run('d', () => Promise.resolve('again'))).toBe('again');
  });

  it('does not keep anybody longer than they have patience', async () => {
    const line = new FairQueue({ ...options, patienceMs: 5 });
    const log: string[] = [];
    const first = held(line, 'a', log, 'a');
    await expect(line.run('b', () => Promise.resolve())).rejects.toBeInstanceOf(QueueRejection);
    expect(line.length).toBe(0);
    first.finish();
    await first.promise;
    expect(await line.run('b', () => Promise.resolve('in'))).toBe('in');
  });

  it('runs no more of one key at once than it may, and another key does not wait for it', async () => {
    const line = new FairQueue({ ...options, atOnce: 2, atOncePerKey: 1 });
    const log: string[] = [];
    const works = ['a1', 'a2', 'a3', 'b1'].map((name) => held(line, name.slice(0, 1), log, name));
    const full = await Promise.all([line.run('a', settle), line.run('a', settle)]).catch(
      (error: QueueRejection) => error.isOwn,
    );
    expect([log, full]).toEqual([['a1', 'b1'], true]);
    works[3]?.finish();
    await settle();
    expect([log, line.running]).toEqual([['a1', 'b1'], 1]);
    works[0]?.finish();
    await settle();
    expect(log).toEqual(['a1', 'b1', 'a2']);
    works[1]?.finish();
    await settle();
    works[2]?.finish();
    await Promise.all(works.map(({ promise }) => promise));
    await line.run('a', settle);
    expect([line.running, line.length]).toEqual([0, 0]);
  });

  it('goes on after work that failed', async () => {
    const line = new FairQueue(options);
    await expect(line.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await line.run('a', () => Promise.resolve('yes'))).toBe('yes');
  });
});

import { describe, expect, it } from '@jest/globals';
import { FairQuota } from './fair-quota.js';

const takeAll = (shares: FairQuota, key: string) => {
  let taken = 0;
  while (shares.tryAcquire(key)) taken++;
  return taken;
};

describe('fair shares', () => {
  it('give one key no more than its limit', () => {
    expect(takeAll(new FairQuota({ perKey: 10, inAll: 1_000 }), 'a')).toBe(10);
  });

  it('leave places for keys that come later', () => {
    const shares = new FairQuota({ perKey: 1_000, inAll: 1_000 });
    expect(takeAll(shares, 'a')).toBe(500);
    expect(takeAll(shares, 'b')).toBe(250);
    expect(shares.tryAcquire('c')).toBe(true);
    expect(shares.tryAcquire('a')).toBe(false);
    expect(shares.largest()).toBe('a');
  });

  it('forget a key that has given everything back', () => {
    const shares = new FairQuota({ perKey: 2, inAll: 10 });
    takeAll(shares, 'a');
    for (let i = 0; i < 5; i++) shares.release('a');
    expect([shares.size, shares.usedBy('a')]).toEqual([0, 0]);
    expect(takeAll(shares, 'a')).toBe(2);
  });
});

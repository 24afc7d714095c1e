import { describe, expect, it } from '@jest/globals';
import { compareKeys } from './rosterChips';
import { RosterOrder } from './rosterOrder';

/** The same numbers at every run, and none that anybody chose. */
function* numbers(seed = 7): Generator<number, never> {
  for (;;) yield (seed = (seed * 48_271) % 2_147_483_647);
}

describe('RosterOrder', () => {
  it('keeps everybody in the order of their keys when people come, move and leave', () => {
    const order = new RosterOrder();
    const keys = new Map<string, string>();
    const next = numbers();
    const random = (below: number) => next.next().value % below;
    for (let round = 0; round < 200; round++) {
      // Often the same person twice, also back to where they were.
      for (let i = random(12); i >= 0; i--) {
        const identity = `p${random(60)}`;
        if (random(4) === 0) {
          order.take(identity);
          keys.delete(identity);
        } else {
          const key = `${random(5)} ${identity}`;
          order.put(identity, key);
          keys.set(identity, key);
        }
      }
      order.settle();
      const sorted = [...keys].sort(([, a], [, b]) => compareKeys(a, b));
      expect(order.identities).toEqual(sorted.map(([identity]) => identity));
    }
  });

  it('tells who moves, and stays the same object while nobody does', () => {
    const order = new RosterOrder();
    expect(order.put('ana', '1')).toBe(true);
    order.settle();
    const before = order.identities;
    expect(order.put('ana', '1')).toBe(false);
    order.settle();
    expect(order.identities).toBe(before);
    expect(order.keyOf('ana')).toBe('1');
    expect(order.keyOf('bo')).toBeUndefined();
  });
});

it('sorts names as people do, after rank and time', () => {
  const order = new RosterOrder();
  const names = ['aaron', 'Ändern', 'Bob', 'émile', 'zoë', 'Zora'];
  for (const name of [...names].reverse()) order.put(name, `4 ${name}\u0000${name}`);
  order.put('hand', '0 zz\u0000hand');
  order.settle();
  expect(order.identities).toEqual(['hand', ...names]);
});

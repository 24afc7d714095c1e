import { describe, expect, it } from '@jest/globals';
import { RowSlots } from './rowSlots';

describe('RowSlots', () => {
  it('leaves everybody who stays in sight in theirs, and fills those of who left', () => {
    const slots = new RowSlots();
    slots.place(['ana', 'bo', 'cy', 'di']);
    const after = slots.place(['ed', 'di', 'bo', 'fay']);
    expect(Object.fromEntries(after)).toEqual({ bo: 1, di: 3, ed: 0, fay: 2 });
  });

  it('has as many as are shown, and never two people in one', () => {
    const slots = new RowSlots();
    const people = Array.from({ length: 100 }, (_, i) => `p${i}`);
    for (const [from, to] of [
      [0, 20],
      [7, 27],
      [60, 90],
      [80, 85],
      [75, 100],
    ] as const) {
      const taken = [...slots.place(people.slice(from, to)).values()];
      expect(new Set(taken).size).toBe(to - from);
      expect(Math.max(...taken)).toBeLessThan(30);
    }
  });
});

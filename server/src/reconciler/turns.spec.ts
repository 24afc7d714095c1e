import { describe, expect, it } from '@jest/globals';
import { Turns } from './turns.js';

const rooms = (...names: string[]) => names.map((name) => ({ name, sid: `RM_${name}` }));
const names = (turn: readonly { name: string }[]) => turn.map(({ name }) => name).join('');

describe('turns', () => {
  it('come to each room before they come to one again', () => {
    const turns = new Turns();
    const all = rooms('a', 'b', 'c', 'd', 'e');
    expect([1, 2, 3, 4, 5].map(() => names(turns.next(all, 2)))).toEqual([
      ...['ab', 'cd', 'ea', 'bc', 'de'],
    ]);
  });

  it('come to new rooms, and to those that came back, first', () => {
    const turns = new Turns();
    turns.next(rooms('a', 'b'), 5);
    expect(names(turns.next(rooms('a', 'b', 'c'), 1))).toBe('c');
    const again = [{ name: 'b', sid: 'RM_other' }, ...rooms('a', 'c')];
    expect(names(turns.next(again, 1))).toBe('b');
    expect(names(turns.next(again, 3))).toBe('acb');
  });

  it('forget rooms that have ended', () => {
    const turns = new Turns();
    turns.next(rooms('a', 'b'), 2);
    expect(names(turns.next(rooms('b'), 5))).toBe('b');
  });
});

import { describe, expect, it } from '@jest/globals';
import { ListLayout, SECTION_HEIGHT } from './listLayout';

const ROW = 36;

describe('ListLayout', () => {
  it('puts a head before each section, and finds everybody between them', () => {
    const sections = [
      { name: 'hands', start: 0, size: 2 },
      { name: 'others', start: 2, size: 3 },
    ] as const;
    const layout = new ListLayout(sections, 5, ROW);
    const items = Array.from({ length: layout.count }, (_, item) => item);
    expect(items.map((item) => layout.headAt(item)?.name ?? layout.personAt(item))).toEqual([
      'hands',
      0,
      1,
      'others',
      2,
      3,
      4,
    ]);
    let top = 0;
    for (const item of items) {
      const person = layout.headAt(item) ? undefined : layout.personAt(item);
      expect(layout.personUnder(top + 1)).toBe(person);
      if (person !== undefined) {
        expect([layout.itemOf(person), layout.topOf(person)]).toEqual([item, top]);
      }
      expect(layout.sizeOf(item)).toBe(person === undefined ? SECTION_HEIGHT : ROW);
      top += layout.sizeOf(item);
    }
    expect(layout.personUnder(top + 1)).toBeUndefined();
  });
});

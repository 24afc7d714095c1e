import { describe, expect, it } from '@jest/globals';
import { timeTicks } from './axis';
import { type Bar, fitted, type Lane, layOut, nextBar, showing, spanned, zoomed } from './layout';

const bar = (id: string, from: number, to: number | null, more: Partial<Bar> = {}): Bar => ({
  id,
  kind: 'live',
  from,
  to,
  until: null,
  role: null,
  name: id,
  said: id,
  by: null,
  entry: null,
  ...more,
});
const lane = (id: string, bars: Bar[], marks: Lane['marks'] = []): Lane => ({
  id,
  label: id,
  to: null,
  bars,
  marks,
});
const role = (key: string) => ({ key, name: key, color: null, version: 1 });
/** One unit of time is one pixel; it is 800 now. */
const OPTIONS = { view: { from: 0, to: 1_000 }, width: 1_000, now: 800, isNarrow: false };
const place = (bars: Bar[], options = OPTIONS) =>
  layOut([lane('hall', bars)], options).lanes[0]!.bars;

describe('the layout of lanes', () => {
  it('cuts what reaches over the edges, and leaves out what is beyond them', () => {
    const view = { from: 100, to: 200 };
    const bars = [bar('over', 0, 50), bar('long', 50, 150), bar('later', 210, 300)];
    const placed = place(bars, { ...OPTIONS, view, width: 100 });
    expect(placed.map(({ bar: { id }, x, width }) => [id, x, width])).toEqual([['long', 0, 50]]);
  });

  it('keeps the shortest visible, also at the edge', () => {
    expect(place([bar('short', 500, 500.1)])[0]).toMatchObject({ x: 500, width: 4 });
    const last = place([bar('last', 1_000, 1_000)], { ...OPTIONS, now: 1_000 })[0];
    expect(last).toMatchObject({ x: 996, width: 4 });
  });

  it('ends what is now at now; what is set to is still ahead', () => {
    expect(place([bar('here', 700, null)])[0]).toMatchObject({ x: 700, width: 100, ahead: null });
    const blocked = place([bar('out', 700, null, { kind: 'blocked', until: 900 })])[0];
    expect(blocked).toMatchObject({ width: 100, ahead: { x: 800, width: 100 } });
    const forGood = place([bar('out', 700, null, { kind: 'blocked' })])[0];
    expect(forGood?.ahead).toEqual({ x: 800, width: 200 });
    const earlier = { ...OPTIONS, view: { from: 0, to: 750 }, width: 750 };
    expect(place([bar('out', 700, null, { kind: 'blocked' })], earlier)[0]?.ahead).toBeNull();
  });

  it('draws holds and blocks over where somebody was', () => {
    const bars = [bar('held', 20, 30, { kind: 'held' }), bar('here', 10, 90)];
    expect(place(bars).map(({ bar: { id } }) => id)).toEqual(['here', 'held']);
  });

  it('has the letter of a role where there is room for it', () => {
    const chips = place([
      bar('a', 100, 105, { role: role('viewer') }),
      bar('b', 105, 110, { role: role('speaker') }),
      bar('c', 200, 300, { role: role('speaker') }),
      bar('d', 400, 500, { kind: 'held', role: role('speaker') }),
    ]).filter(({ hasChip }) => hasChip);
    expect(chips.map(({ bar: { id } }) => id)).toEqual(['a', 'c']);
  });

  it('puts marks together that would cover each other, and gives their lane room for them', () => {
    const mark = (at: number) => ({ id: String(at), at, said: '', isRefused: false });
    const lanes = [lane('a', [], [mark(10), mark(15), mark(40), mark(2_000)]), lane('b', [])];
    const [first, second] = layOut(lanes, OPTIONS).lanes;
    expect(first!.marks.map(({ marks }) => marks.map(({ at }) => at))).toEqual([[10, 15], [40]]);
    expect(first!.height).toBeGreaterThan(second!.height);
    expect(second!.y).toBe(first!.height);
  });
});

describe('the keys', () => {
  const lanes = [
    lane('a', [bar('a2', 50, 60), bar('a1', 10, 20)]),
    lane('none', []),
    lane('b', [bar('b1', 0, 5), bar('b2', 55, 70)]),
  ];
  it.each([
    [null, 'ArrowRight', 'a2'],
    ['a1', 'ArrowRight', 'a2'],
    ['a2', 'ArrowRight', 'a2'],
    ['a2', 'ArrowLeft', 'a1'],
    ['a2', 'ArrowDown', 'b2'],
    ['a1', 'ArrowDown', 'b1'],
    ['b2', 'ArrowUp', 'a2'],
    ['b2', 'ArrowDown', 'b2'],
    ['b2', 'Home', 'b1'],
    ['b1', 'End', 'b2'],
    ['b1', 'x', undefined],
  ])('lead from %s with %s to %s', (from, key, to) => {
    expect(nextBar(lanes, from, key)?.id).toBe(to);
  });
});

describe('the part of the time that is shown', () => {
  const whole = { from: 0, to: 100_000 };
  it('moves to a moment, stays within the whole, and is never too short to see', () => {
    const view = { from: 20_000, to: 40_000 };
    expect(showing(view, 30_000, whole)).toBe(view);
    expect(showing(view, 95_000, whole)).toEqual({ from: 80_000, to: 100_000 });
    expect(zoomed(view, 2, 20_000, whole)).toEqual({ from: 20_000, to: 60_000 });
    expect(zoomed(view, 100, 30_000, whole)).toEqual(whole);
    expect(zoomed(view, 0.001, 30_000, whole)).toEqual({ from: 25_000, to: 35_000 });
    expect(spanned(40_000, 20_000, whole)).toEqual({ from: 20_000, to: 40_000 });
    expect(spanned(40_000, 40_001, whole)).toBeNull();
  });

  it('begins where something is, unless that is most of it', () => {
    const long = { from: 0, to: 10_000_000 };
    const few = [lane('a', [bar('x', 5_000_000, 5_800_000)])];
    expect(fitted(few, long, 10_000_000)).toEqual({ from: 4_900_000, to: 5_900_000 });
    const many = [lane('a', [bar('x', 1_000_000, null)])];
    expect(fitted(many, long, 10_000_000)).toBe(long);
    expect(fitted([], long, 10_000_000)).toBe(long);
  });
});

it('names round moments of the zone', () => {
  const day = { from: Date.UTC(2026, 10, 27, 0, 10), to: Date.UTC(2026, 10, 28, 0, 10) };
  const hours = timeTicks(day, 700, 'utc').map((at) => new Date(at).toISOString().slice(11, 16));
  expect(hours).toContain('12:00');
  expect(hours.length).toBeGreaterThan(4);
});

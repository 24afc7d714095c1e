import { describe, expect, it } from '@jest/globals';
import { moved, roundUp, snapped, timeTicks, zoomedOut } from './scale';

const HOUR = 3_600_000;
const EDGES = [0, 10, 20, 30, 40];

describe('a selection', () => {
  it.each([
    [
      { from: 12, to: 27 },
      { from: 10, to: 30 },
    ],
    [
      { from: 27, to: 12 },
      { from: 10, to: 30 },
    ],
    [
      { from: 13, to: 14 },
      { from: 10, to: 20 },
    ],
    [
      { from: -5, to: 99 },
      { from: 0, to: 40 },
    ],
    [
      { from: 40, to: 40 },
      { from: 30, to: 40 },
    ],
  ])('of %j holds whole buckets', (part, expected) => {
    expect(snapped(part, EDGES)).toEqual(expected);
  });

  it('has edges that move by buckets and never cross', () => {
    const brush = { from: 10, to: 30 };
    expect(moved(brush, 'from', 1, EDGES)).toEqual({ from: 20, to: 30 });
    expect(moved(brush, 'from', 5, EDGES)).toEqual({ from: 20, to: 30 });
    expect(moved(brush, 'to', -9, EDGES)).toEqual({ from: 10, to: 20 });
    expect(moved(brush, 'to', 9, EDGES)).toEqual({ from: 10, to: 40 });
  });

  it('is of nothing when there are no buckets', () => {
    expect(snapped({ from: 1, to: 2 }, [])).toBeNull();
  });
});

it('has words on the axis at round times of the reader’s zone', () => {
  const noon = Date.UTC(2026, 10, 27, 12, 7);
  const span = { from: noon, to: noon + 6 * HOUR };
  const hours = timeTicks(span, 8, () => 0).map((at) => new Date(at).toISOString().slice(11, 16));
  expect(hours).toEqual(['13:00', '14:00', '15:00', '16:00', '17:00', '18:00']);
  const india = timeTicks(span, 8, () => 5.5 * HOUR);
  expect(new Date(india[0] ?? 0).toISOString().slice(11, 16)).toBe('12:30');
});

it('rounds the height of the axis up', () => {
  expect([0, 1, 3, 12, 40, 51, 100].map(roundUp)).toEqual([1, 1, 5, 20, 50, 100, 100]);
});

it('zooms out around the middle, and not into the future', () => {
  expect(zoomedOut({ from: 100, to: 200 }, 1_000)).toEqual({ from: 50, to: 250 });
  expect(zoomedOut({ from: 100, to: 200 }, 200)).toEqual({ from: 0, to: 200 });
});

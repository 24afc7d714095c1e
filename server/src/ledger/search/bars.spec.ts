import { expect, it } from '@jest/globals';
import { barsBetween } from './bars.js';

const at = (text: string) => new Date(text);

it.each([
  ['2026-11-28T10:00:07Z', '2026-11-28T10:00:50Z', 'UTC', 'second', 1, '2026-11-28T10:00:07.000Z'],
  ['2026-11-28T10:03:07Z', '2026-11-28T11:00:00Z', 'UTC', 'minute', 1, '2026-11-28T10:03:00.000Z'],
  ['2026-11-27T10:03:07Z', '2026-11-28T10:00:00Z', 'UTC', 'minute', 30, '2026-11-27T10:00:00.000Z'],
  [
    '2026-11-01T10:03:07Z',
    '2026-11-28T10:00:00Z',
    'Europe/Berlin',
    'hour',
    12,
    '2026-10-31T23:00:00.000Z',
  ],
  [
    '2026-09-01T10:03:07Z',
    '2026-11-28T10:00:00Z',
    'Europe/Berlin',
    'day',
    1,
    '2026-08-31T22:00:00.000Z',
  ],
  [
    '2025-11-01T10:03:07Z',
    '2026-11-28T10:00:00Z',
    'Asia/Kolkata',
    'week',
    1,
    '2025-10-26T18:30:00.000Z',
  ],
  ['2020-01-15T00:00:00Z', '2026-11-28T10:00:00Z', 'UTC', 'month', 1, '2020-01-01T00:00:00.000Z'],
])(
  'has bars of a width that is read easily: %s to %s in %s',
  (from, to, zone, unit, step, first) => {
    const bars = barsBetween(at(from), at(to), 60, zone);
    expect([bars.unit, bars.step, bars.edges[0]?.toISOString()]).toEqual([unit, step, first]);
    expect(bars.edges.length).toBeLessThanOrEqual(92);
    expect(+(bars.edges.at(-1) as Date)).toBeGreaterThanOrEqual(+at(to));
    expect(+(bars.edges.at(-2) as Date)).toBeLessThan(+at(to));
    for (let i = 1; i < bars.edges.length; i++) {
      expect(+(bars.edges[i] as Date)).toBeGreaterThan(+(bars.edges[i - 1] as Date));
    }
  },
);

it('begins each day at midnight, also where the clocks change', () => {
  const { edges } = barsBetween(
    at('2026-10-24T00:00Z'),
    at('2026-10-27T00:00Z'),
    10,
    'Europe/Berlin',
  );
  const days = edges.filter((edge) => /T2[23]:00/.test(edge.toISOString()));
  expect(days.map((edge) => edge.toISOString())).toEqual(
    expect.arrayContaining([
      '2026-10-24T22:00:00.000Z',
      '2026-10-25T23:00:00.000Z',
      '2026-10-26T23:00:00.000Z',
    ]),
  );
});

it('has one bar where nothing has any length, and ends with what is absurd', () => {
  const moment = at('2026-11-28T10:00:00Z');
  expect(barsBetween(moment, moment, 60, 'UTC').edges).toHaveLength(2);
  const ages = barsBetween(at('1970-01-01T00:00Z'), at('9999-01-01T00:00Z'), 60, 'UTC');
  expect(ages.edges.length).toBeLessThanOrEqual(2_001);
});

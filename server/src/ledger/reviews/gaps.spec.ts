import { expect, it } from '@jest/globals';
import { gapsBetween } from './gaps.js';

const day = (n: number) => new Date(Date.UTC(2026, 0, n));
const review = (from: number | null, until: number) => ({
  from: from === null ? null : day(from),
  until: day(until),
});

it.each([
  ['nothing', [], [[null, null]]],
  ['the beginning', [review(null, 3)], [[3, null]]],
  [
    'something later',
    [review(2, 3)],
    [
      [null, 2],
      [3, null],
    ],
  ],
  ['parts that touch, in any order', [review(3, 5), review(null, 3)], [[5, null]]],
  ['parts that overlap, one within another', [review(null, 9), review(2, 4)], [[9, null]]],
  [
    'parts with a gap',
    [review(null, 3), review(5, 7), review(6, 8)],
    [
      [3, 5],
      [8, null],
    ],
  ],
])('finds what is not reviewed after a review of %s', (_, reviews, gaps) => {
  const dated = (n: number | null | undefined) => (n == null ? null : day(n));
  expect(gapsBetween(reviews)).toEqual(
    gaps.map(([from, until]) => ({ from: dated(from), until: dated(until) })),
  );
});

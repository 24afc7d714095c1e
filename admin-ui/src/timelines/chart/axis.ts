import { scaleLinear, scaleTime, scaleUtc } from 'd3-scale';
import type { Zone } from '../../ledger/zone';
import type { Span } from './layout';

/** How wide the words of a moment are. */
const WORD = 84;

/** Moments that the axis names: round ones of the reader’s zone, also where its clocks change. */
export function timeTicks({ from, to }: Span, width: number, zone: Zone): number[] {
  const scale = (zone === 'utc' ? scaleUtc() : scaleTime()).domain([from, to]);
  return scale.ticks(Math.max(2, Math.floor(width / WORD))).map(Number);
}

/** Whole numbers up to a round one that is not less than `most`. */
export function countTicks(most: number, count: number): { top: number; ticks: number[] } {
  const scale = scaleLinear()
    .domain([0, Math.max(1, most)])
    .nice(count);
  return { top: scale.domain()[1] ?? 1, ticks: scale.ticks(count).filter(Number.isInteger) };
}

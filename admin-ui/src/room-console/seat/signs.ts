/** How the signs of this page are drawn: with one pen. */
export const FLAG_STROKE = {
  fill: 'none',
  stroke: 'currentColor',
  strokeWidth: 1.9,
  strokeLinecap: 'round',
  strokeLinejoin: 'round',
  style: { verticalAlign: '-2.5px' },
} as const;

export const HAND_PATH =
  'M8 12V5.5a1.5 1.5 0 0 1 3 0V11M11 10.5V4a1.5 1.5 0 0 1 3 0v6.5M14 11V5.5a1.5 1.5 0 0 1 3 0V13' +
  'M17 9.5a1.5 1.5 0 0 1 3 0V15a6 6 0 0 1-6 6h-2a6 6 0 0 1-5-2.700l-3.200-4.900a1.500 1.500 0 0 1 2.500-1.700L8 14';

/** One shape for each kind of state, so that colour is never the only difference. */
export const STATUS_PATHS = {
  good: 'M4 12.5l5 5L20 6.5',
  pending: 'M20 4v5h-5M4 20v-5h5M19.5 9A8 8 0 0 0 5 8.500M4.500 15A8 8 0 0 0 19 15.500',
  held: 'M9 5v14M15 5v14',
  blocked: 'M12 3a9 9 0 1 0 .01 0M5.7 5.7l12.6 12.600',
  bad: 'M12 4v10M12 19v.01',
  quiet: 'M6 12h12',
} as const;

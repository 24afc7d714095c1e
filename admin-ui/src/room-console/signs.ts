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

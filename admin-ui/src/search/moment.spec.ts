import { expect, it } from '@jest/globals';
import { momentIn } from './moment';

// A Saturday.
const NOW = new Date(2026, 10, 28, 15, 0);
const shown = (text: string) => {
  const found = momentIn(text, NOW);
  if (!found) return null;
  const { at, isDay } = found;
  const two = (part: number) => String(part).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return isDay ? day : `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
};

it.each([
  ['Tuesday 14:05', '2026-11-24 14:05'],
  ['tue 14.05', '2026-11-24 14:05'],
  ['Saturday', '2026-11-28'],
  ['yesterday at 9:30', '2026-11-27 09:30'],
  ['today 2:05 pm', '2026-11-28 14:05'],
  ['14:05', '2026-11-28 14:05'],
  ['18:30', '2026-11-27 18:30'],
  ['24 Nov 14:05', '2026-11-24 14:05'],
  ['November 24', '2026-11-24'],
  ['24 Dec', '2025-12-24'],
  ['2026-11-24 14:05', '2026-11-24 14:05'],
  ['2026-11-24T14:05', '2026-11-24 14:05'],
])('reads %s as the last time that it was that', (text, expected) => {
  expect(shown(text)).toBe(expected);
});

it.each(['town-hall', 'room 14:05', 'Monica', 'ana 24 Nov', '31 Feb', '25:99', ''])(
  'reads no time in %j',
  (text) => {
    expect(shown(text)).toBeNull();
  },
);

import { expect, it } from '@jest/globals';
import { secondsUntil } from './LeaseChoice';

const at = (text: string) => new Date(`2026-11-21T${text}`);

it('counts to the next time the clock shows what is written', () => {
  expect(secondsUntil('12:05', at('12:00:30'))).toBe(270);
  expect(secondsUntil('11:00', at('12:00:00'))).toBe(23 * 3_600);
  expect(secondsUntil('', at('12:00:00'))).toBeUndefined();
});

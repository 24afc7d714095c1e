import { afterEach, expect, it, jest } from '@jest/globals';
import { RateLimit } from './rate-limit.js';

const DAY_MS = 86_400_000;

afterEach(() => {
  jest.restoreAllMocks();
});

it.each([
  ['right', 0],
  ['set back by a day', -DAY_MS],
])('asks nobody to wait longer than the limit lasts, with a clock that is %s', async (_, step) => {
  const limit = new RateLimit({ points: 2, seconds: 10 });
  await limit.consume('ana');
  await limit.consume('ana');
  const { now } = Date;
  jest.spyOn(Date, 'now').mockImplementation(() => now() + step);
  await expect(limit.consume('ana')).rejects.toMatchObject({
    kind: 'too_many',
    options: { retryAfter: 10 },
  });
  await limit.consume('ben');
});

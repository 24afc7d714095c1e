import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ttlInput } from './role-grants-schema.js';
import { formatTtl, MAX_TTL_SECONDS, parseTtl, TtlError } from './ttl.js';

describe('token lifetimes', () => {
  it('read back what was written, for every length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX_TTL_SECONDS }), (seconds) => {
        expect(parseTtl(formatTtl(seconds))).toBe(seconds);
        expect(parseTtl(String(seconds))).toBe(seconds);
        expect(parseTtl(seconds)).toBe(seconds);
      }),
    );
  });

  it.each([
    ['10h', 36_000],
    ['2 days', 172_800],
    ['1h30m', 5_400],
    ['1 Hour 30 min', 5_400],
    ['1.5h', 5_400],
    ['0.07 hours', 252],
    ['1w', 604_800],
    [' 600 ', 600],
    ['366d', MAX_TTL_SECONDS],
  ])('takes %s as %d s', (text, seconds) => {
    expect(parseTtl(text)).toBe(seconds);
  });

  it.each([
    [0, /longer than zero/],
    [-5, /longer than zero/],
    ['-5m', /longer than zero/],
    ['0s', /longer than zero/],
    [NaN, /not a length of time.*"10h"/],
    [Infinity, /not a length of time/],
    [1.5, /whole seconds/],
    ['0.5s', /whole seconds/],
    ['', /not a length of time/],
    ['ten minutes', /not a length of time/],
    ['10 fortnights', /not a length of time/],
    ['30m 1h', /not a length of time/],
    ['1e3', /not a length of time/],
    ['367 days', /at most 366 days/],
    ['9'.repeat(60), /at most 366 days/],
    ['9'.repeat(9_000), /not a length of time/],
  ])('refuses %p and says what is right', (value, message) => {
    expect(() => parseTtl(value)).toThrow(message);
    expect(() => parseTtl(value)).toThrow(TtlError);
    expect(ttlInput.safeParse(value).success).toBe(false);
  });

  it('answers any text with a lifetime or a TtlError', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'09.- hmdsw') }), (text) => {
        try {
          const seconds = parseTtl(text);
          expect(Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_TTL_SECONDS).toBe(
            true,
          );
        } catch (error) {
          expect(error).toBeInstanceOf(TtlError);
        }
      }),
    );
  });
});

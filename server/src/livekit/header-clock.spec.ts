import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HeaderClock } from './header-clock.js';

const BASE = Date.UTC(2026, 0, 1);

function answer(clock: HeaderClock, offset: number, sent: number, way: number): void {
  const its = BASE + offset + sent + way / 2;
  clock.note(new Date(Math.floor(its / 1_000) * 1_000).toUTCString(), sent, sent + way);
}

describe('a clock that is read from headers', () => {
  it('is never wrong by more than half a second and the way', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -100_000_000, max: 100_000_000 }),
        fc.array(fc.tuple(fc.nat(200_000), fc.nat(50)), { minLength: 1, maxLength: 30 }),
        (offset, asked) => {
          const clock = new HeaderClock();
          for (const [at, way] of asked.toSorted(([a], [b]) => a - b))
            answer(clock, offset, at, way);
          const error = Math.abs((clock.offset as number) - BASE - offset);
          expect(error).toBeLessThanOrEqual(500 + 50);
        },
      ),
    );
  });

  it('comes closer with each answer, and follows a clock that was set', () => {
    const clock = new HeaderClock();
    for (let i = 0; i < 20; i++) answer(clock, 3_600_000, i * 2_130, 2);
    expect(Math.abs((clock.offset as number) - BASE - 3_600_000)).toBeLessThan(60);
    answer(clock, 0, 43_000, 2);
    expect(Math.abs((clock.offset as number) - BASE)).toBeLessThanOrEqual(501);
  });

  it('says nothing without a date', () => {
    const clock = new HeaderClock();
    for (const header of [null, '', 'yesterday']) clock.note(header, 0, 1);
    expect(clock.offset).toBeNull();
  });
});

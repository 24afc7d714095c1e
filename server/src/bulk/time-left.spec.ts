import { describe, expect, it } from '@jest/globals';
import { secondsLeft } from './time-left.js';

const measured = { remaining: 400, settled: 100, seconds: 5, people: 500, shrinks: false };

describe('how long the rest takes', () => {
  it('is not known before anything was measured', () => {
    expect(secondsLeft({ ...measured, settled: 3 })).toBeNull();
    expect(secondsLeft({ ...measured, seconds: 0.1 })).toBeNull();
  });

  it('is not known while nothing goes on, whatever was done before', () => {
    expect(secondsLeft({ ...measured, settled: 0 })).toBeNull();
  });

  it('is told from the pace that was measured', () => {
    expect(secondsLeft(measured)).toBe(20);
  });

  it('is nothing where nothing is left', () => {
    expect(secondsLeft({ ...measured, remaining: 0, settled: 0 })).toBe(0);
  });

  it('is less where the room empties: each call is told to fewer people', () => {
    // 500 were told of each of the measured ones (550 at first); on average 300 will be of the rest.
    expect(secondsLeft({ ...measured, shrinks: true })).toBe(11);
  });
});

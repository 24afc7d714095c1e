import { describe, expect, it } from '@jest/globals';
import { FAR, intentOf, pullOf } from './swipe';

describe('a finger on a row', () => {
  it('means nothing while it only trembles', () => {
    expect(intentOf(0, 0)).toBe('unknown');
    expect(intentOf(-6, 7)).toBe('unknown');
  });

  it('pulls only when it goes clearly to one side, whichever', () => {
    expect(intentOf(12, 0)).toBe('pull');
    expect(intentOf(-12, 5)).toBe('pull');
  });

  it('scrolls when it goes up, down or aslant', () => {
    expect(intentOf(0, 12)).toBe('scroll');
    expect(intentOf(5, -12)).toBe('scroll');
    expect(intentOf(12, 11)).toBe('scroll');
  });
});

describe('a row that is pulled', () => {
  it('follows the finger, and does nothing before it is far', () => {
    expect(pullOf(1)).toEqual({ side: 'right', isFar: false, offset: 1 });
    expect(pullOf(1 - FAR)).toEqual({ side: 'left', isFar: false, offset: 1 - FAR });
  });

  it('is far from one point on, and follows slowly after it', () => {
    expect(pullOf(FAR)).toEqual({ side: 'right', isFar: true, offset: FAR });
    expect(pullOf(-FAR - 100)).toEqual({ side: 'left', isFar: true, offset: -FAR - 30 });
  });
});

import { describe, expect, it } from '@jest/globals';
import { ChunkSize } from './chunk-size.js';

/** Chunks that come to their end one after the other, at this speed. */
function worked(perSecond: number, chunks = 8): ChunkSize {
  const size = new ChunkSize();
  let at = 0;
  let count = size.first();
  for (let i = 0; i < chunks; i++) {
    at += (count * 1000) / perSecond;
    size.ended(count, at);
    count = size.next(null);
  }
  return size;
}

describe('ChunkSize', () => {
  it('begins with few, so that the first calls go out at once', () => {
    expect(new ChunkSize().first()).toBe(32);
    expect(worked(4_000).first()).toBe(32);
  });

  it('takes as many as come to their end within a tenth of a second', () => {
    expect(worked(1_500).next(null)).toBe(150);
  });

  it('does not take more than LiveKit does', () => {
    expect(worked(1_500).next(600)).toBe(60);
  });

  it('takes neither so few that chunks cost more than calls, nor so many that nobody can stop it', () => {
    expect(worked(20).next(null)).toBe(16);
    expect(worked(50_000).next(null)).toBe(256);
  });

  it('does not count the time between two operations', () => {
    const size = worked(1_500);
    size.first();
    size.ended(32, 1e9);
    expect(size.next(null)).toBe(150);
  });

  it('does not take two chunks that end together for a speed', () => {
    const size = worked(1_500);
    size.ended(150, 1e9);
    size.ended(150, 1e9);
    expect(size.next(null)).toBeLessThanOrEqual(256);
  });
});

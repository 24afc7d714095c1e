import { describe, expect, it } from '@jest/globals';
import { newTokenId, timeOfTokenId } from './token-id.js';

describe('the id of a token', () => {
  it('is a UUIDv7 of its own that carries the millisecond', () => {
    const at = new Date('2026-11-21T12:34:56.789Z');
    const ids = Array.from({ length: 1_000 }, () => newTokenId(at));
    expect(new Set(ids).size).toBe(1_000);
    for (const id of ids) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(timeOfTokenId(id)).toBe(at.getTime());
    }
  });

  it.each(['', 'x', '1', 'a'.repeat(36), '8d7a1f0e-3c5b-4d2a-9f00-0123456789ab'])(
    'of another kind (%j) carries no time',
    (id) => {
      expect(timeOfTokenId(id)).toBeNull();
    },
  );
});

import { describe, expect, it } from '@jest/globals';
import { withinLeaf } from './leaf-limit.js';

describe('a payload that is too long for a leaf', () => {
  it('leaves short members where they are, and loses nothing', () => {
    const long = 'ü'.repeat(65_536);
    const { open, personal } = withinLeaf({
      open: JSON.stringify({ after: { metadata: long }, operationId: 'o-1' }),
      personal: '{"name":"Ana"}',
    });
    expect(open).toBe('{"operationId":"o-1"}');
    expect(JSON.parse(personal ?? '')).toEqual({ after: { metadata: long }, name: 'Ana' });
  });

  it('goes whole when it is many short members', () => {
    const many = Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => [`key${i}`, 'x'.repeat(500)]),
    );
    const { open, personal } = withinLeaf({ open: JSON.stringify(many), personal: null });
    expect([open, JSON.parse(personal ?? '')]).toEqual(['{}', many]);
  });

  it('stays as it is while it fits', () => {
    for (const stored of [
      { open: '{}', personal: null },
      { open: JSON.stringify({ text: 'x'.repeat(49_000) }), personal: '{}' },
    ]) {
      expect(withinLeaf(stored)).toBe(stored);
    }
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventsQuery } from './topics.js';

const parse = (topics: unknown) => eventsQuery.safeParse({ topics });

describe('topics', () => {
  it('are separated by commas, each once', () => {
    expect(parse('me,rooms,room:a/b,me').data?.topics).toEqual(['me', 'rooms', 'room:a/b']);
    expect(parse(['me', 'room:x']).data?.topics).toEqual(['me', 'room:x']);
  });

  it('name any room, once its percent signs and commas are encoded', () => {
    const names = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
      .filter((name) => !name.includes('\0') && Buffer.byteLength(name) <= 256);
    fc.assert(
      fc.property(names, (name) => {
        const encoded = name.replaceAll('%', '%25').replaceAll(',', '%2C');
        expect(parse(`room:${encoded},me`).data?.topics).toEqual([`room:${name}`, 'me']);
      }),
    );
  });

  it.each(['', 'everything', 'room:', 'me,,rooms', 'operator:1', `room:${'x'.repeat(257)}`])(
    'are refused by name when they are %j',
    (topics) => {
      expect(parse(topics).error?.issues[0]?.path[0]).toBe('topics');
    },
  );

  it('are at most fifty', () => {
    expect(parse(Array.from({ length: 51 }, (_, i) => `room:${i}`)).success).toBe(false);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LEDGER_KINDS } from '../ledger-kinds.js';
import {
  EMPTY_QUERY,
  groupOfKind,
  KIND_FAMILY_GROUPS,
  KIND_GROUPS,
  type LogQuery,
  MATCH_FIELDS,
  type MatchField,
  parseQuery,
  printQuery,
  QUERY_FIELDS,
  timesOf,
  withoutValue,
  withValue,
} from './index.js';
import { textOfWrong } from './wrong-query.js';

const literal = (text: string) => ({ text, isPattern: false });
const pattern = (text: string) => ({ text, isPattern: true });

function parsed(text: string): LogQuery {
  const { query, errors } = parseQuery(text);
  expect(errors).toEqual([]);
  return query;
}

describe('a query', () => {
  it('is text and facets at once', () => {
    const text =
      'room:town-hall outcome:refused ttl>1h actor:kim kind:seat.promoted,seat.demoted -identity:omar before:2026-11-28T14:05 "free text"';
    expect(parsed(text)).toEqual({
      fields: {
        room: { any: [literal('town-hall')], none: [] },
        outcome: { any: [literal('refused')], none: [] },
        actor: { any: [literal('kim')], none: [] },
        kind: { any: [literal('seat.promoted'), literal('seat.demoted')], none: [] },
        identity: { any: [], none: [literal('omar')] },
      },
      ttl: [{ operator: '>', seconds: 3_600 }],
      since: null,
      before: { sort: 'local', text: '2026-11-28T14:05' },
      text: { all: ['free text'], none: [] },
    });
  });

  it.each([
    ['room:town-*', { room: { any: [pattern('town-*')], none: [] } }],
    ['room:"town-*"', { room: { any: [literal('town-*')], none: [] } }],
    ['room:a\\*', { room: { any: [pattern('a\\\\*')], none: [] } }],
    ['By:"Kim, \\"the\\" mod"', { actor: { any: [literal('Kim, "the" mod')], none: [] } }],
    ['room:a room:b,a', { room: { any: [literal('a'), literal('b')], none: [] } }],
    ['identity:a:b/ü', { identity: { any: [literal('a:b/ü')], none: [] } }],
    ['kind:seat.*,tokens', { kind: { any: [pattern('seat.*'), literal('tokens')], none: [] } }],
    ['outcome:Confirmed', { outcome: { any: [literal('confirmed')], none: [] } }],
  ])('reads %s', (text, fields) => {
    expect(parsed(text)).toEqual({ ...EMPTY_QUERY, fields });
  });

  it.each([
    ['rom:a', 0, 'rom', 'no_field', 'there is no field rom', 'room'],
    ['x -rom:a', 3, 'rom', 'no_field', 'there is no field rom', 'room'],
    ['"a b', 0, '"a b', 'open_quote', 'the quote is not closed', undefined],
    ['room:"a"b', 8, 'b', 'after_quote', 'put a space after the closing quote', undefined],
    ['room:', 5, '', 'needs_value', 'room needs a value', undefined],
    ['room:a,', 7, '', 'needs_value', 'room needs a value', undefined],
    ['outcome:no', 8, 'no', 'no_such_value', 'outcome has no value no', 'refused'],
    [
      'kind:seat.promotd',
      5,
      'seat.promotd',
      'no_kind',
      'there is no kind or group',
      'seat.promoted',
    ],
    ['ttl>long', 4, 'long', 'no_duration', 'is no duration', '1h'],
    ['ttl>1h,2h', 7, '2h', 'one_value', 'ttl takes one value', undefined],
    ['-ttl:1h', 0, '-', 'not_compared', 'ttl is compared', 'ttl<1h'],
    ['since:soon', 6, 'soon', 'no_moment', 'is no moment', '7d'],
    ['since:2026-02-30', 6, '2026-02-30', 'no_moment', 'is no moment', '7d'],
    ['since:1h since:2h', 9, 'since:2h', 'twice', 'since is there twice', undefined],
    ['-since:1h', 0, '-', 'use_instead', 'use before', 'before'],
    ['room>a', 0, 'room>a', 'needs_colon', 'with a colon', 'room:town-*'],
    ['hash:eyJhbGciOiJ.a.b', 5, 'eyJhbGciOiJ.a.b', 'no_hash', 'must be 64 hexadecimal', undefined],
    ['room:"a\\u{0}"', 5, '"a\\u{0}"', 'not_text', 'well-formed', undefined],
  ])('says of %s what is wrong, where, and what is possible', (text, at, word, code, said, one) => {
    const [error, ...more] = parseQuery(text).errors;
    expect(more).toEqual([]);
    expect(error).toMatchObject({ at, word, code });
    expect(textOfWrong(error!)).toContain(said);
    if (one !== undefined) expect(error?.possible).toContain(one);
  });

  it('keeps what is right beside what is wrong, with the place of each term', () => {
    const { query, terms, errors } = parseQuery('room:a nope:b -c');
    expect(query.fields).toEqual({ room: { any: [literal('a')], none: [] } });
    expect(query.text).toEqual({ all: [], none: ['c'] });
    expect(errors).toHaveLength(1);
    expect(terms.map(({ start, end, field }) => [start, end, field])).toEqual([
      [0, 6, 'room'],
      [7, 13, null],
      [14, 16, 'text'],
    ]);
  });

  it('changes by one value at a time', () => {
    const omar = literal('omar');
    const found = withValue(EMPTY_QUERY, 'identity', omar, 'any');
    expect(printQuery(found)).toBe('identity:omar');
    expect(printQuery(withValue(found, 'identity', omar, 'none'))).toBe('-identity:omar');
    expect(withoutValue(found, 'identity', omar)).toEqual(EMPTY_QUERY);
  });

  it('looks for a few texts, and names the first one beyond', () => {
    const texts = Array.from({ length: 12 }, (_, i) => (i % 2 ? `-t${i}` : `t${i}`));
    expect(parseQuery(texts.slice(0, 10).join(' ')).errors).toEqual([]);
    expect(parseQuery(texts.join(' ')).errors[0]).toMatchObject({
      word: 't10',
      code: 'too_many_texts',
      parts: { most: 10 },
    });
  });

  it('is refused, never run, when it is far too long', () => {
    const { errors } = parseQuery('a '.repeat(100_000));
    expect(errors.map(textOfWrong)).toContain('a query has at most 8000 characters');
  });
});

describe('printing a query', () => {
  const HOSTILE = [
    '\r\n',
    '\u2028',
    '\u202e',
    '\u0007',
    '"',
    '\\',
    ',',
    ' ',
    '*',
    '-',
    ':',
    'room:x',
    '😀',
  ];
  const anyText = fc
    .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'grapheme', maxLength: 4 })), {
      minLength: 1,
      maxLength: 6,
    })
    .map((parts) => parts.join(''))
    .filter((text) => text !== '' && text.isWellFormed() && !text.includes('\0'));
  const free = MATCH_FIELDS.filter(
    (field) => !QUERY_FIELDS[field].words && !['hash', 'jti', 'kind'].includes(field),
  );
  const choice = fc.record({
    any: fc.uniqueArray(anyText.map(literal), { maxLength: 3, selector: ({ text }) => text }),
    none: fc.uniqueArray(anyText.map(literal), { maxLength: 2, selector: ({ text }) => text }),
  });
  const query = fc.record({
    fields: fc
      .dictionary(fc.constantFrom(...free), choice)
      .map((all) =>
        Object.fromEntries(
          Object.entries(all).filter(([, one]) => one.any.length + one.none.length),
        ),
      ),
    ttl: fc.array(
      fc.record({
        operator: fc.constantFrom('>', '>=', '<', '<=', '=' as const),
        seconds: fc.nat({ max: 10_000_000 }),
      }),
      { maxLength: 2 },
    ),
    since: fc.constantFrom(
      null,
      { sort: 'ago', seconds: 5_400 } as const,
      { sort: 'day', day: 'today' } as const,
      { sort: 'instant', text: '2026-11-28T14:05:01.123Z' } as const,
    ),
    before: fc.constantFrom(null, { sort: 'local', text: '2026-11-28' } as const),
    text: fc.record({
      all: fc.array(anyText, { maxLength: 3 }),
      none: fc.array(anyText, { maxLength: 2 }),
    }),
  });

  it('gives what is read as the same query, and shows nothing that cannot be seen', () => {
    fc.assert(
      fc.property(query, (given) => {
        const text = printQuery(given);
        expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(parsed(text)).toEqual(given);
      }),
      { numRuns: 500 },
    );
  });

  it.each(['room:town-*', 'room:a\\*', 'kind:seat.*', '-actor:ki*', 'ttl>=1h30m', '-"a b"'])(
    'repeats %s',
    (text) => expect(printQuery(parsed(text))).toBe(text),
  );
});

describe('the moments of a query', () => {
  const now = new Date('2026-11-28T14:05:00Z');
  const inBerlin = (text: string) => timesOf(parsed(text), { now, zone: 'Europe/Berlin' });

  it.each([
    ['since:90m', '2026-11-28T12:35:00.000Z'],
    ['since:today', '2026-11-27T23:00:00.000Z'],
    ['since:yesterday', '2026-11-26T23:00:00.000Z'],
    ['since:2026-11-28T14:05', '2026-11-28T13:05:00.000Z'],
    ['since:2026-07-01', '2026-06-30T22:00:00.000Z'],
    ['since:2026-11-28T14:05-05:00', '2026-11-28T19:05:00.000Z'],
    // The hour that the clocks skip, and the one that they show twice.
    ['since:2026-03-29T02:30', '2026-03-29T01:30:00.000Z'],
    ['since:2026-10-25T02:30', '2026-10-25T00:30:00.000Z'],
  ])('are those of the reader’s clock: %s', (text, instant) => {
    expect(inBerlin(text).from?.toISOString()).toBe(instant);
  });
});

describe('groups of kinds', () => {
  it('have every kind, in one group of families each', () => {
    for (const kind of Object.keys(LEDGER_KINDS)) {
      const groups = KIND_FAMILY_GROUPS.filter((group) =>
        (KIND_GROUPS[group] as readonly string[]).includes(kind),
      );
      expect([kind, groups]).toEqual([kind, [groupOfKind(kind)]]);
    }
  });

  it('are no names of kinds', () => {
    const names = Object.keys(KIND_GROUPS);
    expect(names.filter((name) => Object.hasOwn(LEDGER_KINDS, name))).toEqual([]);
  });

  const fields: MatchField[] = [...MATCH_FIELDS];
  it.each(fields)('the example of %s can be read', (field) => {
    parsed(QUERY_FIELDS[field].example);
  });
});

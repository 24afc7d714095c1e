import { describe, expect, it } from '@jest/globals';
import { parseQuery, printQuery } from './language';
import { paramsOf, searchOf, toggled, within } from './logSearch';

const textOf = (address: string, base = '') => searchOf(new URLSearchParams(address), base).text;

describe('an address', () => {
  it('with a query asks for that, in one order', () => {
    expect(textOf('query=outcome:refused room:a')).toBe('room:a outcome:refused');
  });

  it('of before has a field for each filter', () => {
    const address = 'room=town hall&identity=vera&kind=seat.*&since=24h&q=why not';
    expect(textOf(address)).toBe('room:"town hall" identity:vera kind:seat.* since:1d "why not"');
  });

  it('adds filters to what its page asks for by itself, unless it has a query', () => {
    expect(textOf('identity=bo', 'kind:token.issued')).toBe('identity:bo kind:token.issued');
    expect(textOf('query=', 'kind:token.issued')).toBe('');
  });

  it('is taken without what is wrong in it', () => {
    expect(textOf('kind=no.such&since=ever&to=12&outcome=x')).toBe('');
    expect(textOf('outcome=maybe&kind=*&from=then')).toBe('kind:*');
    expect(textOf(`room=${'x'.repeat(300)}`)).toBe('');
    expect(textOf('query=room:a nonsense:"b')).toBe('room:a');
  });

  it('keeps a name that looks like the language itself', () => {
    expect(textOf(`room=${encodeURIComponent('a"b\\ -c:*')}`)).toBe('room:"a\\"b\\\\ -c:*"');
  });

  it('has the brush, when it is one', () => {
    const brush = { from: 1_000, to: 2_000 };
    const { query } = parseQuery('room:a');
    const params = paramsOf({ query, brush });
    expect(searchOf(params, '').brush).toEqual(brush);
    expect(searchOf(new URLSearchParams('from=2026-01-02&to=2026-01-01'), '').brush).toBeNull();
  });
});

it('limits a query to a part of the time', () => {
  const { query } = parseQuery('room:a since:7d');
  expect(printQuery(within(query, { from: 0, to: 60_000 }))).toBe(
    'room:a since:1970-01-01T00:00:00.000Z before:1970-01-01T00:01:00.000Z',
  );
  expect(within(query, null)).toBe(query);
});

it('asks for a value, leaves it out, and neither when it is chosen again', () => {
  const { query } = parseQuery('');
  const only = toggled(query, 'room', 'a', 'only');
  expect(printQuery(only)).toBe('room:a');
  expect(printQuery(toggled(only, 'room', 'a', 'without'))).toBe('-room:a');
  expect(printQuery(toggled(only, 'room', 'a', 'only'))).toBe('');
});

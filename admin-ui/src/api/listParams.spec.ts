import { describe, expect, it } from '@jest/globals';
import { cleanListParams, cleanListSearch } from './listParams';

describe('the parameters of a list', () => {
  it('keeps what the server takes', () => {
    const good = {
      filter: { q: 'ana', isSuspended: false, kind: 'agent' },
      displayedFilters: { q: true },
      sort: 'createdAt',
      order: 'DESC',
      page: 3,
      perPage: 50,
    };
    expect(cleanListParams('users', good)).toEqual(good);
    const search = `?${new URLSearchParams({ filter: '{ "q": "ana" }', sort: 'name', order: 'ASC' })}`;
    expect(cleanListSearch('users', search)).toBe(search);
    expect(cleanListSearch('users', '')).toBe('');
  });

  it.each([
    [{ filter: { nonsense: 1 } }, { filter: {} }],
    [{ filter: { isSuspended: 'no', kind: 'robot', q: 7 } }, { filter: {} }],
    [{ filter: { q: 'a'.repeat(257), identity: 'half \ud83d' } }, { filter: {} }],
    [{ filter: '{"q":' }, {}],
    [{ filter: '[1]' }, {}],
    [{ filter: { toString: 'x', constructor: 'y' } }, { filter: {} }],
    [{ sort: 'password', order: 'ASC' }, {}],
    [{ sort: 'toString', order: 'ASC' }, {}],
    [
      { sort: 'name', order: 'sideways' },
      { sort: 'name', order: 'ASC' },
    ],
    [{ page: '0', perPage: '1e9' }, {}],
    [{ page: 1.5, perPage: 7 }, {}],
    ['text', {}],
    [[], {}],
    [null, {}],
  ])('of %j leaves %j', (raw, clean) => {
    expect(cleanListParams('users', raw)).toEqual(clean);
  });

  it('takes what it does not know out of a link', () => {
    const search = `?${new URLSearchParams({ filter: '{"q":"ana","x":1}', page: '-1', utm: 'y' })}`;
    const clean = cleanListSearch('users', search);
    expect(Object.fromEntries(new URLSearchParams(clean))).toEqual({ filter: '{"q":"ana"}' });
    expect(cleanListSearch('users', clean)).toBe(clean);
    expect(cleanListSearch('users', '?sort=nowhere')).toBe('');
  });
});

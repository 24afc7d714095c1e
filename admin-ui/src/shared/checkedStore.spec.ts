import { expect, it } from '@jest/globals';
import { memoryStore } from 'react-admin';
import { keySettingsOf } from '../room-console/commands/shortcuts';
import { checkedStore } from './checkedStore';

it('answers only with settings that can be used', () => {
  const store = checkedStore(
    memoryStore({
      'rooms.listParams': { filter: { nonsense: 1, q: 'oak' }, sort: 'nowhere', perPage: 3 },
      'users.listParams': '{not json',
      theme: 'plaid',
      'nav.isOpen': 'yes',
    }),
  );
  store.setup();
  expect(store.getItem('rooms.listParams')).toEqual({ filter: { q: 'oak' } });
  expect(store.getItem('users.listParams', {})).toEqual({});
  expect(store.getItem('theme', 'light')).toBe('light');
  expect(store.getItem('nav.isOpen', false)).toBe(false);
  store.setItem('theme', 'dark');
  expect(store.getItem('theme', 'light')).toBe('dark');
});

it.each([7, null, 'x', [], { keys: 3 }, { keys: { open: 1, nonsense: 'Q' } }])(
  'takes %j for no keys at all',
  (stored) => {
    expect(keySettingsOf(stored)).toEqual({ areCharactersOn: true, keys: {} });
  },
);

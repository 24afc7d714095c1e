import { expect, it } from '@jest/globals';
import type { AnomalyRow } from '@rolecall/server/api';
import { i18nProvider } from '../../i18n/i18nProvider';
import '../messages.en';
import '../words/messages.en';
import '../words/log/messages.en';
import { foundSentence } from './foundSentence';

const ROW = {
  id: 'x',
  at: '2026-11-27T12:41:17Z',
  text: 'as the server says it',
  room: 'town-hall',
  identity: 'omar-6',
  people: {
    actor: { kind: 'operator', id: 'k', identity: null, name: 'Kim Park' },
    subject: { kind: 'user', id: 'o', identity: 'omar-6', name: 'Omar\u202e %{room} |||| Haddad' },
  },
  role: { key: 'speaker', name: 'Speaker', color: null, version: null },
  proposed: null,
  count: 2,
  entries: [],
  query: '',
} as unknown as AnomalyRow;
const words = {
  translate: (key: string, options?: object) => i18nProvider.translate(key, options),
  locale: 'en',
  templateName: () => 'Viewer',
};
const say = (name: string, parts: AnomalyRow['parts'], more: Partial<AnomalyRow> = {}) =>
  foundSentence(name, { ...ROW, parts, ...more }, words);
const textOf = (...given: Parameters<typeof say>) =>
  say(...given)
    .map(({ text }) => text)
    .join('');

it.each([
  ['tokens-never-used', {}, /never used the token as Speaker for town-hall that Kim Park issued$/],
  ['used-from-two-addresses', { addresses: ['::1', '::2'] }, /came from ::1 and ::2$/],
  ['issued-outside-usual', { outside: 'hours' }, /at an unusual hour$/],
  ['issued-outside-usual', { outside: 'rooms' }, /not a usual room of theirs$/],
  ['issued-outside-usual', { outside: 'hours_and_rooms' }, /unusual hour, and it is not/],
  ['roles-under-a-minute', { seconds: 12, then: 'seat.demoted' }, /After 12 seconds: Demoted$/],
  ['more-than-used', { used: ['viewer'] }, /and used Viewer in 30 days$/],
  ['more-than-used', { used: [] }, /and got no token in 30 days$/],
  ['repeated-refusals', { kind: 'gate.refused', code: 'seat.blocked' }, /^Refused by the gate, 2 /],
  ['acts-on-oneself', { kind: 'seat.muted' }, /^Kim Park did this .* in town-hall: Muted$/],
  ['drift-came-back', {}, /differed from their role 2 times$/],
  ['looks-by-operator', { kinds: ['ledger.read'] }, /^Kim Park, 2 times: Log read$/],
] as const)('says %s in words of the dashboard', (name, parts, text) => {
  expect(textOf(name, parts as AnomalyRow['parts'])).toMatch(text);
});

it('says what the server says of a view that it does not know', () => {
  expect(textOf('something-new', {})).toBe('as the server says it');
});

it('sets names apart, and takes none of them for words', () => {
  const named = say('drift-came-back', {}).filter(({ name }) => name !== undefined);
  expect(named).toEqual([
    { name: 'subject', text: 'Omar %{room} |||| Haddad' },
    { name: 'room', text: 'town-hall' },
  ]);
});

import { expect, it } from '@jest/globals';
import { LEDGER_KINDS } from '@rolecall/server/ledger-kinds';
import { i18nProvider } from '../i18n/i18nProvider';
import './messages.en';
import './words/messages.en';
import { sentenceKeys } from './words/sentence';

const kinds = Object.entries(LEDGER_KINDS);
const OUTCOMES = {
  done: ['ok'],
  refusal: ['refused'],
  change: ['ok', 'intent', 'pending', 'applied', 'failed', 'superseded'],
};
const say = (key: string) => i18nProvider.translate(key, { _: '' });

it('has a sentence for every kind of entry that the server writes, and each of its outcomes', () => {
  expect(kinds.length).toBeGreaterThan(50);
  const unsaid = kinds.flatMap(([kind, { outcomes }]) =>
    OUTCOMES[outcomes].flatMap((outcome) => {
      const payload = { scope: 'seat' };
      const entry = { kind, outcome, payload, room: 'r', identity: 'i' };
      const [first = ''] = sentenceKeys({ ...entry, actor: null as never }, true);
      return say(first) === '' ? [`${kind} ${outcome}`] : [];
    }),
  );
  expect(unsaid).toEqual([]);
});

it('tells what was asked for and what was tried from what was done', () => {
  const said = ['intent', 'failed', 'applied'].map((outcome) => {
    const entry = { kind: 'seat.promoted', outcome, payload: {}, room: null, identity: null };
    return say(sentenceKeys({ ...entry, actor: null as never }, true)[0] ?? '');
  });
  expect(new Set(said).size).toBe(3);
});

it('names every kind in a few words, each one differently', () => {
  const names = kinds.map(([kind]) => say(`ledger.what.${kind}`));
  expect(names.filter((name) => name === '' || name.length > 28)).toEqual([]);
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});

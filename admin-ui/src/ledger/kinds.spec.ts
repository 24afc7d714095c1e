import { expect, it } from '@jest/globals';
import { LEDGER_KINDS } from '@rolecall/server/ledger-kinds';
import { i18nProvider } from '../i18n/i18nProvider';
import { KINDS } from './kinds';
import './messages.en';

const kinds = Object.keys(LEDGER_KINDS);

it('has a sentence for every kind of entry that the server writes', () => {
  expect(kinds.length).toBeGreaterThan(50);
  const isSaid = (kind: string) => {
    const key = `ledger.sentence.${kind}`;
    return [key, `${key}_seat`].some((name) => i18nProvider.translate(name, { _: '' }) !== '');
  };
  expect(kinds.filter((kind) => !isSaid(kind))).toEqual([]);
});

it('can be searched for, each of them and each family', () => {
  expect(KINDS).toEqual(expect.arrayContaining([...kinds, 'seat.*', 'token.*']));
});

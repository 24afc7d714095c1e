/// <reference types="node" />
import { expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { i18nProvider } from '../i18n/i18nProvider';
import { KINDS } from './kinds';
import './messages.en';

const server = join(import.meta.dirname, '../../../server/src');
const sources = readdirSync(server, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !/[.-]spec\.ts$/.test(name))
  .map((name) => readFileSync(join(server, name), 'utf8'));

/** What the server writes into the ledger: named where the entry is, or in a table of such names. */
const ENTRY =
  /\b(?:kind|ledgerKind):(?: [^,'\n]*\?)? '([a-z_]{3,}\.[a-z_]+)'(?: : '([a-z_]+\.[a-z_]+)')?/g;
const TABLE = /LEDGER_KINDS[^=]*= \{([^}]*)\}/g;
const NAME = /'([a-z_]+\.[a-z_]+)'/g;

const written = new Set<string>();
for (const text of sources) {
  for (const [, ...kinds] of text.matchAll(ENTRY)) {
    for (const kind of kinds) if (kind) written.add(kind);
  }
  for (const [, table = ''] of text.matchAll(TABLE)) {
    for (const [, kind] of table.matchAll(NAME)) written.add(kind as string);
  }
}

it('has a sentence for every kind of entry that the server writes', () => {
  expect(written.size).toBeGreaterThan(50);
  const isSaid = (kind: string) => {
    const key = `ledger.sentence.${kind}`;
    return [key, `${key}_seat`].some((name) => i18nProvider.translate(name, { _: '' }) !== '');
  };
  expect([...written].filter((kind) => !isSaid(kind))).toEqual([]);
});

it('can be searched for, each of them', () => {
  expect([...written].filter((kind) => !KINDS.includes(kind))).toEqual([]);
});

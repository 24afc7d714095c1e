/// <reference types="node" />
import { expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LEDGER_KINDS } from '@rolecall/server/ledger-kinds';
import { isPermission } from '../../../server/src/actor/permissions';
import { i18nProvider, type Messages, registerMessages } from './i18nProvider';

const root = join(import.meta.dirname, '..');
// The join page is a program of its own, with its own words.
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
  (name) => /\.tsx?$/.test(name) && !name.includes('.spec.') && !name.startsWith('join'),
);
const MESSAGES = /(^|\/)(messages(\.\w+)?|en)\.ts$/;
const NAME_OF_A_MESSAGE = /['"`]((?:[a-z_]+|resources\.[a-z-]+)(?:\.\w+)+)['"`]/g;

it('has English words for every text that the code names', async () => {
  const spaces = new Set<string>();
  const named = new Set<string>();
  for (const name of sources) {
    const text = readFileSync(join(root, name), 'utf8');
    for (const [, key] of text.matchAll(NAME_OF_A_MESSAGE)) named.add(key as string);
    if (!MESSAGES.test(name)) continue;
    const { messages } = (await import(`../${name}`)) as { messages?: Messages };
    if (messages) registerMessages(messages);
    for (const [, space] of text.matchAll(/^ {2}'?([\w-]+)'?: \{$/gm)) spaces.add(space as string);
  }
  expect(spaces.size).toBeGreaterThan(10);
  const missing = [...named].filter(
    (key) =>
      spaces.has(key.split('.')[0] ?? '') &&
      !isPermission(key) &&
      !Object.hasOwn(LEDGER_KINDS, key) &&
      i18nProvider.translate(key) === key,
  );
  expect(missing).toEqual([]);
});

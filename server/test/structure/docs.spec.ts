import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '../../..');
const DOCS = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
/** Written in backticks, as `server/src/main.ts`; a name with a placeholder in it names no file. */
const PATH = /`((?:server|admin-ui|migrations|tools|bench|docs|deploy)\/[\w./-]+)`/g;
/** A test file by its name without an extension, as `resolve.spec`. */
const TEST = /`([\w-]+\.(?:\w+-)?spec)`/g;
const LINK = /\]\((?!https?:|#|mailto:)([^)#\s]+)/g;

it.each(DOCS)('%s names only files and folders that exist', (doc) => {
  const text = readFileSync(join(ROOT, doc), 'utf8');
  const named = [...text.matchAll(PATH)].map(([, path]) => join(ROOT, path!));
  const linked = [...text.matchAll(LINK)].map(([, path]) => join(ROOT, dirname(doc), path!));
  const missing = [...named, ...linked].filter((path) => !existsSync(path));
  expect(missing.map((path) => relative(ROOT, path))).toEqual([]);
});

it('docs/rules.md names only tests that exist', () => {
  const text = readFileSync(join(ROOT, 'docs/rules.md'), 'utf8');
  const files = ['server', 'admin-ui'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }),
  );
  const tests = new Set(files.map((file) => basename(file).replace(/\.tsx?$/, '')));
  const named = [...text.matchAll(TEST)].map(([, name]) => name!);
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((name) => !tests.has(name))).toEqual([]);
});

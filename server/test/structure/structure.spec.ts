import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  cyclesIn,
  folderGraph,
  folderOf,
  type Import,
  importsIn,
  innerGraph,
  layersOf,
  WIRING,
} from './source-graph.js';
import { foreignSql, ownedTables } from './sql-tables.js';

const ROOT = join(import.meta.dirname, '../../..');
const SERVER = join(ROOT, 'server/src');
const ADMIN_UI = join(ROOT, 'admin-ui/src');

/** They serve every feature, so they import none. */
const BASE = [
  'actor',
  'common',
  'config',
  'credentials',
  'database',
  'grants',
  'hints',
  'ledger',
  'livekit',
  'metrics',
  'policy',
];

const imports = importsIn(SERVER);

describe.each([
  ['the server', SERVER],
  ['the dashboard', ADMIN_UI],
  ['the room console', join(ADMIN_UI, 'room-console')],
])('the folders of %s', (_, root) => {
  it('import each other without a cycle', () => {
    const graph = folderGraph(importsIn(root));
    expect(graph.size).toBeGreaterThan(10);
    expect(cyclesIn(graph)).toEqual([]);
  });

  it('never import the files that wire them together', () => {
    const upwards = importsIn(root).filter(
      ({ from, to }) => folderOf(from) !== WIRING && folderOf(to) === WIRING,
    );
    expect(upwards.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });
});

describe('the server', () => {
  it('has base folders that import no feature', () => {
    const wrong = imports.filter(
      ({ from, to }) => BASE.includes(folderOf(from)) && !BASE.includes(folderOf(to)),
    );
    expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it('has the layers that docs/architecture.md shows', () => {
    const layers = layersOf(folderGraph(imports)).map((folders, i) => `${i}  ${folders.join(' ')}`);
    expectRecorded('docs/architecture.md', layers, '<!-- layers -->');
  });

  it('has folders inside seats that import each other without a cycle', () => {
    const graph = innerGraph(imports, 'seats');
    expect(graph.size).toBeGreaterThan(5);
    expect(cyclesIn(graph)).toEqual([]);
  });

  it('imports another feature only through its declared public files', () => {
    expectRecorded('server/test/structure/public-files.txt', publicFiles(imports));
  });

  it('has SQL on a table only in the folder that owns it', () => {
    expect(foreignSql(SERVER)).toEqual([]);
  });

  it('knows the owner of every table', () => {
    const folder = join(ROOT, 'migrations');
    const created = readdirSync(folder)
      .filter((name) => /^\d+-/.test(name))
      .flatMap((name) => [
        ...readFileSync(join(folder, name), 'utf8').matchAll(/CREATE TABLE ([a-z_]+) \(/g),
      ])
      .map(([, table]) => table);
    expect([...new Set(created)].sort()).toEqual(ownedTables());
  });
});

describe('the search for cycles', () => {
  const graph = (edges: Record<string, string[]>) =>
    new Map(Object.entries(edges).map(([from, to]) => [from, new Set(to)]));

  it('finds one of any length, and none where folders only share what they import', () => {
    expect(cyclesIn(graph({ a: ['b'], b: ['c'], c: ['a'] }))).toEqual(['a → b → c → a']);
    expect(cyclesIn(graph({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] }))).toEqual([]);
  });
});

/** The files of each folder that other folders import, as `folder: file file`. */
function publicFiles(all: readonly Import[]): string[] {
  const files = new Map<string, Set<string>>();
  for (const { from, to } of all) {
    const [a, b] = [folderOf(from), folderOf(to)];
    if (a === WIRING || a === b || BASE.includes(b)) continue;
    files.set(b, (files.get(b) ?? new Set()).add(to.slice(b.length + 1)));
  }
  return [...files].map(([folder, set]) => `${folder}: ${[...set].sort().join(' ')}`).sort();
}

/**
 * Compares with the lines that were reviewed, in a file or in the code block after `marker`.
 * UPDATE_STRUCTURE=1 writes them again after a change on purpose.
 */
function expectRecorded(path: string, lines: readonly string[], marker?: string): void {
  const file = join(ROOT, path);
  const text = readFileSync(file, 'utf8');
  const block = marker ? new RegExp(`${marker}\n\n\`\`\`text\n([\\s\\S]*?)\`\`\``) : /([\s\S]*)/;
  const content = `${lines.join('\n')}\n`;
  if (process.env.UPDATE_STRUCTURE) {
    const replacement = marker ? `${marker}\n\n\`\`\`text\n${content}\`\`\`` : content;
    writeFileSync(
      file,
      text.replace(block, () => replacement),
    );
    return;
  }
  expect(block.exec(text)?.[1]?.split('\n').filter(Boolean)).toEqual([...lines]);
}

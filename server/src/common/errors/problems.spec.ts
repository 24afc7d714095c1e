import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { kindsOf, type ProblemCode, PROBLEMS } from './problems.js';

const SOURCE = join(import.meta.dirname, '../..');

it('lists every problem that the code throws, with its status', () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.endsWith('spec.ts'),
  );
  const thrown = files.flatMap((name) =>
    [
      ...readFileSync(join(SOURCE, name), 'utf8').matchAll(
        /AppError\(\s*'(\w+)',\s*'([a-z_]+\.[a-z_]+)'/g,
      ),
    ].map(([, kind, code]) => ({ kind: kind as string, code: code as string })),
  );
  expect(thrown.length).toBeGreaterThan(100);
  const missing = thrown.filter(
    ({ kind, code }) =>
      !(code in PROBLEMS) || !(kindsOf(code as ProblemCode) as readonly string[]).includes(kind),
  );
  expect(missing).toEqual([]);
});

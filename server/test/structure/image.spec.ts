import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '../../..');

/** The image copies `node_modules` of the root alone. */
it('has every package that the server runs with in the root’s node_modules', () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  const nested = Object.entries(packages).filter(
    ([path, { dev }]) => /^(server|migrations)\/node_modules\//.test(path) && !dev,
  );
  expect(nested.map(([path]) => path)).toEqual([]);
  expect(packages).toHaveProperty(['node_modules/swagger-ui-dist']);
});

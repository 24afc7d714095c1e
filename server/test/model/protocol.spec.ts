import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { check, CHECKS, MUTANTS } from '../../../tools/model-check.mjs';
import { describeWithSpin } from '../support/spin.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const README = readFileSync(join(ROOT, 'docs/model/README.md'), 'utf8');

describe('the model of one seat', () => {
  it('names code that exists', () => {
    const named = [...README.matchAll(/`(server\/src\/[\w./-]+\.ts)` `(\w+)`/g)];
    expect(named.length).toBeGreaterThan(15);
    for (const [, file = '', name = ''] of named) {
      expect([file, existsSync(join(ROOT, file))]).toEqual([file, true]);
      const source = readFileSync(join(ROOT, file), 'utf8');
      const isThere = new RegExp(`^\\s*(export )?(async |private |function )*${name}[(<]`, 'm');
      expect([file, name, isThere.test(source)]).toEqual([file, name, true]);
    }
  });

  it('says of every option what it is for', () => {
    const model = readFileSync(join(ROOT, 'docs/model/seat.pml'), 'utf8');
    const [header = ''] = model.split('*/', 1);
    const options = [...model.matchAll(/#ifdef (\w+)/g)].map(([, name = '']) => name);
    for (const name of new Set(options)) expect(header).toContain(name);
  });
});

describeWithSpin('the model of one seat, explored', () => {
  it('holds in every interleaving, and each mutant is caught', async () => {
    const results = await check([...CHECKS, ...MUTANTS].filter(({ quick }) => quick));
    expect(results.filter(({ isAsItShouldBe }) => !isAsItShouldBe)).toEqual([]);
  });
});

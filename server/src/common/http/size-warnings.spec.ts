import { expect, it } from '@jest/globals';
import { SizeWarnings } from './size-warnings.js';

it('warns once for each route of what is refused for its size, with the limit', () => {
  const lines: unknown[] = [];
  const warnings = new SizeWarnings({ warn: (_message, data) => lines.push(data) });
  warnings.note('POST /a', 10);
  warnings.note('POST /a', 10);
  warnings.note('headers', 20);
  expect(lines).toEqual([
    { what: 'POST /a', limitBytes: 10 },
    { what: 'headers', limitBytes: 20 },
  ]);
});

import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { LogLines } from './log-lines.js';

function newLines() {
  const writes: string[] = [];
  return { writes, lines: new LogLines({ write: (text) => void writes.push(text) }) };
}

it('writes what may wait once a turn', async () => {
  const { writes, lines } = newLines();
  for (const line of ['1\n', '2\n', '3\n']) lines.together.write(line);
  expect(writes).toEqual([]);
  await turn();
  lines.together.write('4\n');
  await turn();
  expect(writes).toEqual(['1\n2\n3\n', '4\n']);
});

it('writes what may not wait at once, after what waits', async () => {
  const { writes, lines } = newLines();
  lines.together.write('a request\n');
  lines.now.write('an error\n');
  expect(writes).toEqual(['a request\nan error\n']);
  await turn();
  expect(writes).toHaveLength(1);
});

it('keeps no more than a bounded amount', () => {
  const { writes, lines } = newLines();
  for (let i = 0; i < 10; i++) lines.together.write(`${'x'.repeat(9_999)}\n`);
  expect(writes.map((text) => text.length)).toEqual([70_000]);
});

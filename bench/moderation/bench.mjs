// npm run bench -- moderation [name …]: what moderating costs and how fast it is. Each part prints
// its figures beside what they are measured against, and says what the target was.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describeMachine } from '../lib.mjs';

const PARTS = ['drift', 'bulk', 'lock', 'live', 'capacity', 'console'];
const asked = process.argv.slice(3);
const unknown = asked.filter((name) => !PARTS.includes(name));
if (unknown.length > 0) {
  console.error(`No such part: ${unknown.join(', ')}. There are ${PARTS.join(', ')}.`);
  process.exit(2);
}
console.log(describeMachine());
for (const name of asked.length > 0 ? asked : PARTS) {
  const file = join(import.meta.dirname, `${name}.mjs`);
  if (!existsSync(file)) continue;
  console.log(`\n## ${name}\n`);
  const { run } = await import(file);
  await run();
}
process.exit(0);

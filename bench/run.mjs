// npm run bench -- <name>: runs one benchmark and prints its ratios. Everything is on loopback.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const names = readdirSync(import.meta.dirname).filter((name) =>
  existsSync(join(import.meta.dirname, name, 'bench.mjs')),
);
const name = process.argv[2];
if (!names.includes(name)) {
  console.error(`Which benchmark? npm run bench -- ${names.join(' | ')}`);
  process.exit(2);
}
if (!existsSync(join(import.meta.dirname, '../server/dist/main.js'))) {
  console.error('Build first: npm run build:server');
  process.exit(2);
}
const built = statSync(join(import.meta.dirname, '../server/dist/main.js')).mtime;
console.log(`# ${name}, server built ${built.toISOString()}`);
await import(`./${name}/bench.mjs`);

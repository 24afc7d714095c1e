#!/usr/bin/env node
/* Writes the secrets of docker-compose.yml to .env, once. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './lib/paths.mjs';

const file = join(ROOT, '.env');
// Hexadecimal, so that they need no quoting in a URL, in YAML or in a shell.
const secret = (bytes) => randomBytes(bytes).toString('hex');
const values = {
  POSTGRES_PASSWORD: secret(24),
  ROLECALL_OWNER_PASSWORD: secret(24),
  ROLECALL_APP_PASSWORD: secret(24),
  ROLECALL_ADMIN_PASSWORD: secret(12),
  REDIS_PASSWORD: secret(24),
  LIVEKIT_API_KEY: `API${secret(8)}`,
  LIVEKIT_API_SECRET: secret(32),
};
const lines = Object.entries(values).map(([name, value]) => `${name}=${value}\n`);

try {
  writeFileSync(file, lines.join(''), { mode: 0o600, flag: 'wx' });
  process.stdout.write(
    `Wrote ${file}. The first admin signs in as admin@localhost with the ROLECALL_ADMIN_PASSWORD in it.\n`,
  );
} catch (error) {
  if (error.code !== 'EEXIST') throw error;
  process.stdout.write(`${file} is already there and was left as it is.\n`);
}

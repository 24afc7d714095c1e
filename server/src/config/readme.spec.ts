import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { z } from 'zod';
import { environmentSchema } from './app-config.js';

/** What a variable falls back to when the schema cannot tell, because the start decides it. */
const DECIDED_ELSEWHERE: Record<string, string> = {
  PUBLIC_URL: '`http://HOST:PORT`',
  DATABASE_URL: 'embedded Postgres',
  DATABASE_MIGRATION_URL: '`DATABASE_URL`',
  DATABASE_SESSION_URL: '`DATABASE_URL`',
  LIVEKIT_URL: 'local server',
  LIVEKIT_API_KEY: 'generated',
  LIVEKIT_API_SECRET: 'generated',
  LIVEKIT_WEBHOOK_API_KEY: '`LIVEKIT_API_KEY`',
  LIVEKIT_WEBHOOK_API_SECRET: '`LIVEKIT_API_SECRET`',
  LIVEKIT_CLIENT_URL: '`LIVEKIT_URL`',
  ROLECALL_HOME: '`.rolecall`',
  ROLECALL_LEDGER_MIRROR: '`ROLECALL_HOME/ledger`',
  ROLECALL_LEDGER_STREAM_TO: '–',
  ROLECALL_LEDGER_STREAM_TOKEN_FILE: '–',
  ROLECALL_LEDGER_STREAM_CA_FILE: '–',
  ROLECALL_LEDGER_ARCHIVE: '–',
  ROLECALL_LEDGER_WITNESSES: '–',
  AWS_ENDPOINT_URL_S3: 'Amazon S3',
  AWS_ACCESS_KEY_ID: '–',
  AWS_SECRET_ACCESS_KEY: '–',
  AWS_SESSION_TOKEN: '–',
  ROLECALL_LIVEKIT_ARCHIVE: 'LiveKit’s releases',
  ROLECALL_LIVEKIT_SHA256: 'pinned',
  ROLECALL_ADMIN_PASSWORD: 'generated, printed once',
  ROLECALL_GATE_SECRET: '–',
  ROLECALL_USER_JWT_ISSUER: '–',
  ROLECALL_USER_JWT_AUDIENCE: '–',
  ROLECALL_USER_JWT_JWKS_URL: '–',
  ROLECALL_USER_JWT_PUBLIC_KEY: '–',
  ROLECALL_CORS_ORIGINS: '–',
  ROLECALL_LOG_FORMAT: '`text` on a terminal',
  ROLECALL_LOG_REQUESTS: '`on` in JSON',
};

it('the README lists every variable with its default, as the schema has them', () => {
  const { properties = {} } = z.toJSONSchema(environmentSchema, {
    io: 'input',
    unrepresentable: 'any',
  });
  const rows = Object.entries(properties).map(([name, property]) => {
    const { description, default: fallback } = property as {
      description?: string;
      default?: unknown;
    };
    const shown =
      fallback === undefined || fallback === ''
        ? DECIDED_ELSEWHERE[name]
        : `\`${String(fallback)}\``;
    return `| \`${name}\` | ${shown} | ${description} |`;
  });
  const readme = readFileSync(join(import.meta.dirname, '../../../README.md'), 'utf8');
  const table = /<!-- configuration:.*?-->\n([\s\S]*?)<!-- \/configuration -->/.exec(readme)?.[1];
  // The formatter lines the columns up.
  const lines = table?.trim().split('\n') ?? [];
  expect(lines.map((line) => line.replace(/ {2,}/g, ' ')).slice(2)).toEqual(rows);
});

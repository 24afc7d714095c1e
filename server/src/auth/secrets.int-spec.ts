import fs from 'node:fs';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ADMIN, cookieOf, deviceOf, signIn } from '../../test/support/sign-in.js';
import { ADMIN_PASSWORD, startTestApp } from '../../test/support/test-app.js';
import { secretHash } from '../credentials/secrets.js';

describe('secrets', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('are in no table and no line of the log, only in the answer that hands them over', async () => {
    const noisy = await startTestApp({ environment: { ROLECALL_LOG: 'debug' } });
    const written: string[] = [];
    const writeSync = fs.writeSync.bind(fs) as (...args: unknown[]) => number;
    jest
      .spyOn(fs, 'writeSync')
      .mockImplementation((fd: number, data: unknown, ...rest: unknown[]) => {
        if (fd !== 2) return writeSync(fd, data, ...rest);
        const text = typeof data === 'string' ? data : Buffer.from(data as Uint8Array).toString();
        written.push(text);
        return Buffer.byteLength(text);
      });
    try {
      const as = noisy.admin;
      const retry = { headers: { 'idempotency-key': 'the-same-request' } };
      const secrets: Record<string, string> = {
        'the password': ADMIN_PASSWORD,
        'a wrong password': 'wrong but still a secret',
        'the new password': 'a new and better password',
        'an operator’s password': 'somebody else’s password',
        'the LiveKit secret': noisy.config.livekit.apiSecret,
      };
      const signedIn = await signIn(noisy, ADMIN);
      secrets['the session'] = cookieOf(signedIn).split('=')[1]!;
      secrets['the browser'] = deviceOf(signedIn).split('=')[1]!;
      await signIn(noisy, { ...ADMIN, password: secrets['a wrong password'] });
      const session = {
        ...as,
        headers: { cookie: cookieOf(signedIn), origin: noisy.config.publicUrl },
      };
      const post = (url: string, body: object) => noisy.inject('POST', url, { as, body, ...retry });
      await noisy.newRoom({ name: 'secret-room', default_template: 'viewer' });
      for (const attempt of [1, 2]) {
        retry.headers['idempotency-key'] = 'key';
        const key = await post('/api/v1/api-keys', { name: 'k', permissions: ['room.read'] });
        expect([key.status, typeof key.body.key]).toEqual([
          201,
          attempt === 1 ? 'string' : 'object',
        ]);
        if (attempt === 1) secrets['the API key'] = key.body.key;
        retry.headers['idempotency-key'] = 'operator';
        const person = await post('/api/v1/operators', { name: 'P', email: 'p@example.com' });
        expect(person.status).toBe(201);
        if (attempt === 1) secrets['the temporary password'] = person.body.temporaryPassword;
        retry.headers['idempotency-key'] = 'token';
        const asked = { room: 'secret-room', identity: 'ana', createUser: true };
        const token = await post('/api/v1/tokens', asked);
        expect(token.status).toBe(201);
        secrets[`token ${attempt}`] = token.body.token.split('.')[2];
        retry.headers['idempotency-key'] = 'livekit';
        const convention = { room_name: 'secret-room', participant_identity: 'ana' };
        const source = await post('/livekit/token', convention);
        expect(source.status).toBe(201);
        secrets[`token for LiveKit ${attempt}`] = source.body.participant_token.split('.')[2];
      }
      expect(secrets['token 2']).toBe(secrets['token 1']);
      expect(secrets['token for LiveKit 2']).toBe(secrets['token for LiveKit 1']);
      await noisy.inject('GET', '/api/v1/rooms', {
        headers: { authorization: `Bearer ${secrets['the API key']}x` },
      });
      await noisy.inject('POST', '/api/v1/operators', {
        as,
        body: {
          email: 'q@example.com',
          name: 'Q',
          password: secrets['an operator’s password'],
          access: [],
        },
      });
      await noisy.inject('PUT', '/api/v1/me/password', {
        as: session,
        body: { currentPassword: ADMIN_PASSWORD, newPassword: secrets['the new password'] },
        headers: { 'idempotency-key': 'password' },
      });

      const tables = await noisy.sql<{ name: string }>(
        `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')`,
      );
      let stored = '';
      for (const { name } of tables) {
        const rows = await noisy.sql<{ row: string }>(`SELECT t::text AS row FROM "${name}" t`);
        stored += rows.map(({ row }) => row).join('\n');
      }
      const log = written.join('');
      expect(log).toContain('/api/v1/tokens');
      expect(stored.length).toBeGreaterThan(5_000);
      for (const [what, secret] of Object.entries(secrets)) {
        expect([what, typeof secret, secret.length > 10]).toEqual([what, 'string', true]);
        expect([what, stored.includes(secret)]).toEqual([what, false]);
        expect([what, log.includes(secret)]).toEqual([what, false]);
      }
      // A fast hash of a request that holds a password would give the password to who reads the table.
      const rows = await noisy.sql<{ fingerprint: Buffer }>(
        'SELECT fingerprint FROM idempotency_key',
      );
      const body = JSON.stringify({
        currentPassword: ADMIN_PASSWORD,
        newPassword: secrets['the new password'],
      });
      const guess = secretHash(`PUT /api/v1/me/password\n${body}`);
      expect(rows.some(({ fingerprint }) => fingerprint.equals(guess))).toBe(false);
    } finally {
      await noisy.stop();
    }
  });
});

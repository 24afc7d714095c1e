import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { asSuperuser } from '../../../tools/lib/test-postgres.mjs';
import { postgresUrlProblem } from '../../src/config/postgres-url.js';
import { Connections } from '../../src/database/connections.js';
import {
  describeWithPoolers,
  startSystemPostgres,
  type SystemPostgres,
} from '../support/system-postgres.js';

describeWithPoolers('how DATABASE_URL reaches Postgres', () => {
  let postgres: SystemPostgres;
  let certificates: string;
  const file = (name: string) => join(certificates, name);

  beforeAll(async () => {
    certificates = mkdtempSync(join(tmpdir(), 'rolecall-certificates-'));
    chmodSync(certificates, 0o755);
    const names = 'subjectAltName=DNS:localhost';
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-days',
        '2',
      ]
        .concat(['-subj', '/CN=localhost', '-addext', names])
        .concat(['-keyout', file('server.key'), '-out', file('server.crt')]),
      { stdio: 'ignore' },
    );
    postgres = await startSystemPostgres({
      certificate: file('server.crt'),
      key: file('server.key'),
    });
    await asSuperuser(postgres.superuserUrl, [`CREATE ROLE tls LOGIN PASSWORD 'x'`]);
  });
  afterAll(async () => {
    await postgres?.stop();
    rmSync(certificates, { recursive: true, force: true });
  });

  const isEncrypted = async (databaseUrl: string) => {
    expect(postgresUrlProblem(databaseUrl)).toBeNull();
    const connections = new Connections({ databaseUrl });
    await connections.check();
    const client = connections.client({});
    await client.connect();
    try {
      const { rows } = await client.query<{ ssl: boolean }>(
        'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
      );
      return rows[0]?.ssl;
    } finally {
      await client.end();
    }
  };
  const at = (host: string, query = '') =>
    `postgres://tls:x@${host}:${postgres.port}/postgres${query}`;

  it('checks the certificate and its name, and says what is wrong with them', async () => {
    const trusted = `&sslrootcert=${encodeURIComponent(file('server.crt'))}`;
    for (const mode of ['verify-full', 'require']) {
      const query = `?sslmode=${mode}`;
      expect(await isEncrypted(at('localhost', query + trusted))).toBe(true);
      await expect(isEncrypted(at('localhost', query))).rejects.toThrow(
        /DATABASE_URL: .*self-signed.*sslrootcert=FILE/,
      );
      await expect(isEncrypted(at('127.0.0.1', query + trusted))).rejects.toThrow(
        /connect to a name that its certificate has/,
      );
    }
    expect(await isEncrypted(at('127.0.0.1', '?sslmode=no-verify'))).toBe(true);
    expect(await isEncrypted(at('127.0.0.1', '?sslmode=disable'))).toBe(false);
  });

  it('reaches it through its socket', async () => {
    const folder = encodeURIComponent(postgres.folder);
    expect(await isEncrypted(`postgres://tls@/postgres?host=${folder}&port=${postgres.port}`)).toBe(
      false,
    );
  });

  it('says why it cannot be used', async () => {
    await expect(isEncrypted(`postgres://tls:x@127.0.0.1:${postgres.port}/none`)).rejects.toThrow(
      /database "none" does not exist; create the database first/,
    );
    await expect(isEncrypted('postgres://tls:x@127.0.0.1:1/none')).rejects.toThrow(
      /127\.0\.0\.1:1 cannot be used: .*ECONNREFUSED.*nothing listens there/,
    );
    await expect(isEncrypted('postgres://tls:x@nowhere.invalid/none')).rejects.toThrow(
      /no machine has that name.*percent-encode/,
    );
  });

  it('reads what the settings are, after it has set them', async () => {
    const connections = new Connections({ databaseUrl: at('127.0.0.1') });
    const pool = new pg.Pool(connections.shared({ max: 1 }));
    // The server may end before the goodbye of a closed pool has reached it.
    pool.on('error', () => undefined);
    const { rows } = await pool.query('SHOW DateStyle');
    expect(rows).toEqual([{ DateStyle: 'ISO, MDY' }]);
    await pool.end();
  });
});

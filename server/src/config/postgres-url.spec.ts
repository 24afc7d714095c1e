import { describe, expect, it } from '@jest/globals';
import { forgetPgVariables, postgresUrlProblem, readPostgresUrl } from './postgres-url.js';

describe('addresses of Postgres', () => {
  it.each([
    ['postgres://app:pw@db.example.org:6432/rolecall', { host: 'db.example.org', port: 6432 }],
    ['postgresql://app@/rolecall?host=/run/postgresql', { host: '/run/postgresql', port: 5432 }],
    ['postgres://app@%2Frun%2Fpostgresql/rolecall', { host: '/run/postgresql' }],
    ['postgres:///rolecall?host=db&port=7777&user=app', { host: 'db', port: 7777, user: 'app' }],
    ['/run/postgresql rolecall', { host: '/run/postgresql', database: 'rolecall' }],
    ['socket:/run/postgresql?db=rolecall', { host: '/run/postgresql', database: 'rolecall' }],
    ['postgres://app:p%40ss%2Fw%23@db/rolecall', { password: 'p@ss/w#' }],
    ['postgres://app:p@ss@db/rolecall', { password: 'p@ss', host: 'db' }],
    ['postgres://app:100%@db/rolecall', { password: '100%' }],
    ['postgres://db/rolecall', { host: 'db', ssl: false }],
    ['postgres://db/rolecall?application_name=a@b', { host: 'db', application_name: 'a@b' }],
    ['postgres://db:5432/r?application_name=a@b', { host: 'db' }],
    ['postgres://db/rolecall?sslmode=disable', { ssl: false }],
    ['postgres://db/rolecall?sslmode=require', { ssl: {} }],
    ['postgres://db/rolecall?sslmode=verify-full', { ssl: {} }],
    ['postgres://db/rolecall?sslmode=no-verify', { ssl: { rejectUnauthorized: false } }],
  ])('%s', (url, expected) => {
    expect(postgresUrlProblem(url)).toBeNull();
    expect(readPostgresUrl(url).client).toMatchObject(expected);
  });

  it.each([
    ['postgres://app:hunter#2@db/rolecall', /"#".*percent-encode it as %23/],
    ['postgres://app:12#3@db/rolecall', /"#".*percent-encode it as %23/],
    ['postgres://app:hunter/2@db/rolecall', /"\/".*percent-encode it as %2F/],
    ['postgres://app:12/3@db/rolecall', /"\/".*percent-encode it as %2F/],
    ['postgres://app:hunter?2@db/rolecall', /"\?".*percent-encode it as %3F/],
    ['postgres://app:hunter2:x@:db/rolecall', /cannot be read as a URL|no number/],
    ['mysql://db/rolecall', /must be a URL that starts with postgres:\/\//],
    ['postgres://db/rolecall?sslmode=strict', /sslmode must be one of disable/],
    ['postgres://db/rolecall?sslmode=verify-ca&uselibpqcompat=true', /needs sslrootcert/],
    [
      'postgres://db/rolecall?sslrootcert=/no/such/file',
      /cannot be read \(ENOENT\): \/no\/such\/file/,
    ],
  ])('refuses %s with its cause, and repeats no secret', (url, cause) => {
    expect(postgresUrlProblem(url)).toMatch(cause);
    expect(postgresUrlProblem(url)).not.toContain('hunter');
  });

  it('takes settings out of what is sent first, where a pooler refuses them', () => {
    const { client, settings } = readPostgresUrl(
      'postgres://db/r?statement_timeout=900&options=-c%20work_mem%3D8MB%20--jit%3Don%20endpoint%3Dx',
    );
    expect(settings).toEqual({ statement_timeout: '900', work_mem: '8MB', jit: 'on' });
    expect(client.options).toBe('endpoint=x');
    expect(client).not.toHaveProperty('statement_timeout');
  });

  it('forgets what the shell has for psql, and nothing else', () => {
    const environment = {
      PGHOST: 'x',
      PGOPTIONS: '-c a=b',
      PGSSLMODE: 'require',
      PORT: '1',
      PG: 'x',
    };
    forgetPgVariables(environment);
    expect(environment).toEqual({ PORT: '1', PG: 'x' });
  });
});

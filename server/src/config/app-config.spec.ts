import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { environmentSchema, parseConfig } from './app-config.js';
import { ConfigError } from './config-error.js';

const DATABASE = { DATABASE_URL: 'postgres://app:pw@127.0.0.1:5432/rolecall' };

function problemsOf(environment: Record<string, string>): string[] {
  try {
    parseConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('the configuration', () => {
  it('needs nothing but a database', () => {
    expect(parseConfig(DATABASE)).toMatchObject({
      host: '127.0.0.1',
      port: 3000,
      publicUrl: 'http://127.0.0.1:3000',
      databaseMigrationUrl: DATABASE.DATABASE_URL,
      livekit: { url: null, clientUrl: null },
      adminEmail: 'admin@localhost',
      adminPassword: null,
      tokenTtl: 600,
      tokenTtlMax: 3600,
      isGateOn: true,
      isWhipOn: false,
      gateSecret: null,
      sweep: 5,
      trustProxy: 0,
      demo: 'off',
    });
  });

  it('allows one operator at least 600 requests in 10 s and one address 30 sign-ins a minute', () => {
    const { rateOperator, rateSignIn } = parseConfig(DATABASE);
    expect(rateOperator.points / rateOperator.seconds).toBeGreaterThanOrEqual(60);
    expect(rateSignIn).toEqual({ points: 30, seconds: 60 });
  });

  it('signs with a fresh secret when there is no LiveKit, so that nobody can guess it', () => {
    expect(parseConfig(DATABASE).livekit.apiSecret).not.toBe(
      parseConfig(DATABASE).livekit.apiSecret,
    );
  });

  it('refuses a key or secret with the line break of the file that it comes from', () => {
    const problems = problemsOf({
      ...DATABASE,
      LIVEKIT_URL: 'ws://livekit:7880',
      LIVEKIT_API_KEY: 'APIkey',
      LIVEKIT_API_SECRET: 'secret-from-a-file\n',
    });
    expect(problems).toEqual([expect.stringMatching(/^LIVEKIT_API_SECRET: .*line break/)]);
    expect(problems.join()).not.toContain('secret-from-a-file');
  });

  it('lets the variables pass that an orchestrator makes for a service called rolecall', () => {
    const ofService = {
      ROLECALL_PORT: 'tcp://10.0.0.7:3000',
      ROLECALL_SERVICE_HOST: '10.0.0.7',
      ROLECALL_SERVICE_PORT: '3000',
      ROLECALL_SERVICE_PORT_HTTP: '3000',
      ROLECALL_PORT_3000_TCP: 'tcp://10.0.0.7:3000',
      ROLECALL_PORT_3000_TCP_ADDR: '10.0.0.7',
      ROLECALL_DB_SERVICE_HOST: '10.0.0.8',
    };
    expect(problemsOf({ ...DATABASE, ...ofService })).toEqual([]);
    expect(problemsOf({ ...DATABASE, ROLECALL_PORTS: '1' })).toHaveLength(1);
  });

  it('takes an empty value for one that is not set, as compose files pass it', () => {
    const empty = Object.fromEntries(
      Object.keys(environmentSchema.shape).map((name) => [name, '']),
    );
    const withSecret = (environment: Record<string, string>) => {
      const config = parseConfig(environment);
      return { ...config, livekit: { ...config.livekit, apiSecret: '', webhookApiSecret: '' } };
    };
    expect(withSecret({ ...empty, ...DATABASE })).toEqual(withSecret(DATABASE));
  });

  describe('of end users’ JWTs', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = (key: KeyObject) =>
      key.export({ format: 'pem', type: key.type === 'private' ? 'pkcs8' : 'spki' }).toString();
    const weak = generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey;
    const issuer = { ...DATABASE, ROLECALL_USER_JWT_ISSUER: 'https://accounts.example.com/' };
    const keyed = (key: string) => ({ ...issuer, ROLECALL_USER_JWT_PUBLIC_KEY: key });

    it('is off without an issuer, and takes a key on one line', () => {
      expect(parseConfig(DATABASE).userJwt).toBeNull();
      const oneLine = pem(publicKey).replaceAll('\n', '\\n');
      expect(parseConfig(keyed(oneLine)).userJwt).toMatchObject({
        issuer: 'https://accounts.example.com/',
        audience: null,
        identityClaim: 'sub',
      });
    });

    it.each<[string, Record<string, string>, RegExp]>([
      ['no key', issuer, /give one of them/],
      [
        'two sources of keys',
        { ...keyed(pem(publicKey)), ROLECALL_USER_JWT_JWKS_URL: 'https://x/' },
        /give one of them/,
      ],
      ['a private key', keyed(pem(privateKey)), /private key/],
      ['a shared secret', keyed('a-shared-secret-of-32-characters'), /PEM/],
      ['a weak key', keyed(pem(weak)), /2048 bits/],
    ])('refuses %s', (_, environment, problem) => {
      const problems = problemsOf(environment);
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatch(problem);
      expect(problems[0]).not.toMatch(/BEGIN|shared-secret/);
    });

    it('reads origins as browsers send them', () => {
      const origins = (ROLECALL_CORS_ORIGINS: string) => ({ ...DATABASE, ROLECALL_CORS_ORIGINS });
      const list = 'https://APP.example.com:443, http://localhost:5173,capacitor://localhost';
      expect(parseConfig(origins(list)).corsOrigins).toEqual([
        'https://app.example.com',
        'http://localhost:5173',
        'capacitor://localhost',
      ]);
      for (const wrong of ['*', 'null', 'https://*.example.com', 'https://a.example/app', 'a.b']) {
        expect(problemsOf(origins(wrong))).toEqual([expect.stringContaining('is no origin')]);
      }
    });
  });

  it('lists every problem at once, those between two variables as well', () => {
    expect(
      problemsOf({
        PORT: 'eighty',
        PUBLIC_URL: 'rolecall.example',
        LIVEKIT_URL: 'ftp://127.0.0.1',
        LIVEKIT_API_KEY: 'key',
        LIVEKIT_WEBHOOK_API_SECRET: 'secret',
        ROLECALL_ADMIN_EMAIL: 'nobody',
        ROLECALL_ADMIN_PASSWORD: 'short',
        ROLECALL_TOKEN_TTL: '2 days',
        ROLECALL_SWEEP: 'often',
        ROLECALL_GATE: 'yes',
        ROLECALL_GATE_SECRET: 'too short',
        ROLECALL_WHIP: 'yes',
        ROLECALL_RATE_SIGN_IN: '30',
        ROLECALL_TOKEN_TLL: '10m',
        ROLECALL_COLOUR: 'green',
      }).map((problem) => problem.split(':', 1)[0]),
    ).toEqual([
      'ROLECALL_TOKEN_TLL',
      'ROLECALL_COLOUR',
      'PORT',
      'PUBLIC_URL',
      'DATABASE_URL',
      'LIVEKIT_URL',
      'ROLECALL_ADMIN_EMAIL',
      'ROLECALL_ADMIN_PASSWORD',
      'ROLECALL_GATE',
      'ROLECALL_WHIP',
      'ROLECALL_GATE_SECRET',
      'ROLECALL_SWEEP',
      'ROLECALL_RATE_SIGN_IN',
      'LIVEKIT_API_KEY and LIVEKIT_API_SECRET',
      'LIVEKIT_WEBHOOK_API_KEY and LIVEKIT_WEBHOOK_API_SECRET',
      'ROLECALL_TOKEN_TTL',
    ]);
  });

  it('names the variable that was probably meant by an unknown ROLECALL_ name', () => {
    const [problem] = problemsOf({ ...DATABASE, ROLECALL_TOKEN_TLL: '10m' });
    expect(problem).toContain('ROLECALL_TOKEN_TTL');
  });

  it('leaves other programs their variables', () => {
    expect(problemsOf({ ...DATABASE, LIVEKIT_CONFIG: 'x', PATH: '/bin', ROLEPLAY: 'y' })).toEqual(
      [],
    );
  });

  it('never repeats a value in what it complains about: it may be a secret', () => {
    const secret = 'hunter2-but-wrong';
    const text = problemsOf({
      DATABASE_URL: secret,
      LIVEKIT_API_KEY: 'key',
      LIVEKIT_API_SECRET: secret,
      ROLECALL_ADMIN_PASSWORD: 'hunter2',
    }).join();
    expect(text).toContain('ROLECALL_ADMIN_PASSWORD');
    expect(text).not.toContain('hunter2');
  });

  it.each([
    ['0.0.0.0', 'http://localhost:8080'],
    ['::', 'http://localhost:8080'],
    ['::1', 'http://[::1]:8080'],
    ['example.org', 'http://example.org:8080'],
  ])('makes of HOST %s a public address that a browser can open', (HOST, publicUrl) => {
    expect(parseConfig({ ...DATABASE, HOST, PORT: '8080' }).publicUrl).toBe(publicUrl);
  });

  it('reads lifetimes in words and in seconds', () => {
    const config = parseConfig({
      ...DATABASE,
      ROLECALL_TOKEN_TTL: '1h30m',
      ROLECALL_TOKEN_TTL_MAX: '2 days',
      ROLECALL_SWEEP: '3',
    });
    expect(config).toMatchObject({ tokenTtl: 5400, tokenTtlMax: 172_800, sweep: 3 });
  });
});

import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { z } from 'zod';
import { ConfigError } from './config-error.js';
import { HTTP_LIMITS, type HttpLimits } from './http-limits.js';
import { ledgerMirror, type MirrorConfig, mirrorOf, mirrorProblems } from './ledger-mirror.js';
import {
  streamDestinations,
  streamProblems,
  type StreamsConfig,
  streamsOf,
  streamTokenFiles,
} from './ledger-streams.js';
import type { UserJwtConfig } from './user-jwt.js';
import {
  credential,
  duration,
  isBareAddress,
  isBareOrigin,
  liveKitUrl,
  optionalDuration,
  origins,
  postgresUrl,
  publicKey,
  rate,
  roomPatterns,
  url,
} from './variable-types.js';

/** Injection token of the parsed configuration; nothing else reads `process.env`. */
export const APP_CONFIG = Symbol('APP_CONFIG');

/**
 * Every variable that Rolecall reads, with what it means. The README's table is checked against it.
 * Empty values count as not set: compose files pass `VAR=` for what is left out.
 */
export const environmentSchema = z.object({
  HOST: z.string().default('127.0.0.1').describe('address to listen on'),
  PORT: z.coerce.number().int().min(0).max(65535).default(3000).describe('port to listen on'),
  PUBLIC_URL: url(['http:', 'https:'])
    .refine((text) => !URL.canParse(text) || isBareOrigin(new URL(text)), {
      message: 'must be only scheme, host and port: Rolecall is served at the root',
    })
    .optional()
    .describe('what browsers use; decides cookie Secure and the allowed Origin'),
  DATABASE_URL: postgresUrl.describe("Postgres, as the application's role"),
  DATABASE_MIGRATION_URL: postgresUrl
    .optional()
    .describe("Postgres, as the owner's role that migrates"),
  DATABASE_SESSION_URL: postgresUrl
    .optional()
    .describe('the same without a pooler, when `DATABASE_URL` has one by transactions'),
  LIVEKIT_URL: liveKitUrl
    .refine((text) => !URL.canParse(text) || isBareAddress(new URL(text)), {
      message: 'must be only scheme, host, port and path: the key goes into LIVEKIT_API_KEY',
    })
    .optional()
    .describe("the LiveKit server's own address"),
  LIVEKIT_API_KEY: credential().optional().describe('key that signs tokens and calls LiveKit'),
  LIVEKIT_API_SECRET: credential().optional().describe('its secret; LiveKit wants 32 characters'),
  LIVEKIT_WEBHOOK_API_KEY: credential()
    .optional()
    .describe('key that signs webhooks, when it is another one'),
  LIVEKIT_WEBHOOK_API_SECRET: credential().optional().describe('its secret'),
  LIVEKIT_CLIENT_URL: liveKitUrl
    .optional()
    .describe('what clients are told when the gate is elsewhere or off'),
  ROLECALL_HOME: z
    .string()
    .optional()
    .describe('folder of embedded data, generated secrets and the LiveKit binary'),
  ROLECALL_LEDGER_MIRROR: ledgerMirror
    .optional()
    .describe('folder, or `s3://bucket/prefix`, that gets the ledger’s tiles as they are made'),
  ROLECALL_LEDGER_ARCHIVE: z
    .string()
    .optional()
    .describe('folder that gets entries which a rule lets go; left out: none go'),
  ROLECALL_LEDGER_WITNESSES: z
    .string()
    .optional()
    .describe('policy file (C2SP tlog-policy) with the witnesses that cosign the ledger'),
  ROLECALL_LEDGER_WITNESS_DEADLINE: optionalDuration('off').describe(
    'how long tokens are issued while too few witnesses cosign, or `off`: always',
  ),
  ROLECALL_LEDGER_STREAM_TO: streamDestinations.describe(
    'where sealed entries are sent as OCSF events: `NAME=https://…` or `NAME=syslog+tls://host:port`, comma-separated',
  ),
  ROLECALL_LEDGER_STREAM_TOKEN_FILE: streamTokenFiles.describe(
    'files with the bearer tokens of https destinations: `NAME=FILE`, comma-separated',
  ),
  ROLECALL_LEDGER_STREAM_CA_FILE: z
    .string()
    .optional()
    .describe('certificates (PEM) to trust for them, beside those of Node'),
  ROLECALL_LEDGER_STREAM_PEOPLE: z
    .enum(['on', 'off'])
    .default('off')
    .describe('whether what entries say of people is sent as well'),
  ROLECALL_LEDGER_STREAM_FROM: z
    .enum(['start', 'now'])
    .default('start')
    .describe('whether a new destination gets the entries from before'),
  AWS_ENDPOINT_URL_S3: url(['https:', 'http:'])
    .optional()
    .describe('object store of the mirror; left out: Amazon S3'),
  AWS_REGION: z.string().default('us-east-1').describe('its region'),
  AWS_ACCESS_KEY_ID: credential().optional().describe('key of the object store'),
  AWS_SECRET_ACCESS_KEY: credential().optional().describe('its secret'),
  AWS_SESSION_TOKEN: credential().optional().describe('its session, when the key is temporary'),
  ROLECALL_LIVEKIT_ARCHIVE: z
    .string()
    .refine((text) => text === 'off' || isHttpUrl(text), {
      message: 'must be an http:// or https:// address, or off',
    })
    .optional()
    .describe('mirror of LiveKit’s releases, or one archive of its server; `off`: none'),
  ROLECALL_LIVEKIT_SHA256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, { message: 'must be a SHA-256 in lower-case hexadecimal' })
    .optional()
    .describe('sum of that archive, when it is not the pinned release'),
  ROLECALL_ADMIN_EMAIL: z
    .string()
    .regex(/^[^\s@\u0000]+@[^\s@\u0000]+$/, { message: 'must look like name@example.com' })
    .default('admin@localhost')
    .describe('the first admin; read only while there is no operator'),
  ROLECALL_ADMIN_PASSWORD: z
    .string()
    .min(12)
    .max(256)
    .optional()
    .describe('their password; generated and printed once when left out'),
  ROLECALL_TOKEN_TTL: duration('10m').describe('life of a token when nothing else says so'),
  ROLECALL_TOKEN_TTL_MAX: duration('1h').describe('the longest life that a token may have'),
  ROLECALL_GATE: z
    .enum(['on', 'off'])
    .default('on')
    .describe("whether Rolecall's own address serves LiveKit's signalling paths"),
  ROLECALL_WHIP: z
    .enum(['on', 'off'])
    .default('off')
    .describe('whether participants may publish by WHIP, through the gate'),
  ROLECALL_GATE_SECRET: z
    .string()
    .regex(/^[\x21-\x7e]{16,256}$/, {
      message: 'must have 16 to 256 printable ASCII characters, none of them a space',
    })
    .optional()
    .describe('opens `GET /livekit/gate` to the proxy that sends it'),
  ROLECALL_SWEEP: duration('5s').describe('how often desired is compared with observed'),
  ROLECALL_LIVEKIT_ROOMS: roomPatterns.describe(
    'which rooms of a shared LiveKit are ours: patterns, comma-separated',
  ),
  ROLECALL_LURKERS: optionalDuration('15s').describe(
    'how long a connection without media may stay in a room, or `off`',
  ),
  ROLECALL_RATE_OPERATOR: rate('1000/10s').describe('requests of one operator'),
  ROLECALL_RATE_SIGN_IN: rate('30/60s').describe('sign-ins from one address'),
  ROLECALL_USER_JWT_ISSUER: z
    .string()
    .optional()
    .describe('`iss` of your own user JWTs; with it end users may call `POST /livekit/token`'),
  ROLECALL_USER_JWT_AUDIENCE: z
    .string()
    .optional()
    .describe('their `aud`; left out, only JWTs without an audience count'),
  ROLECALL_USER_JWT_JWKS_URL: url(['https:', 'http:'])
    .optional()
    .describe('where their issuer publishes its public keys'),
  ROLECALL_USER_JWT_PUBLIC_KEY: publicKey
    .optional()
    .describe('instead of that: the one public key, in PEM'),
  ROLECALL_USER_JWT_IDENTITY_CLAIM: z
    .string()
    .default('sub')
    .describe('the claim that is their LiveKit identity'),
  ROLECALL_CORS_ORIGINS: origins.describe(
    'browser origins that may call `POST /livekit/token`, comma-separated',
  ),
  ROLECALL_RATE_CONNECT: rate('40/10s').describe(
    'connects of one identity to one room, from one address',
  ),
  ROLECALL_RATE_USER: rate('30/60s').describe('tokens that one end user may ask for'),
  ROLECALL_RATE_USER_ADDRESS: rate('600/10s').describe('requests with user JWTs from one address'),
  ROLECALL_TRUST_PROXY: z.coerce
    .number()
    .int()
    .min(0)
    .max(10)
    .default(0)
    .describe('reverse proxies in front whose X-Forwarded-For is believed'),
  ROLECALL_DEMO: z
    .enum(['on', 'rejoin', 'off'])
    .default('off')
    .describe('load sample data (npm start -- --demo), or `rejoin` what is left'),
  ROLECALL_LOG: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('how much is logged'),
  ROLECALL_LOG_FORMAT: z
    .enum(['json', 'text'])
    .optional()
    .describe('`json` lines, or `text` for people'),
  ROLECALL_LOG_REQUESTS: z
    .enum(['on', 'off'])
    .optional()
    .describe('whether each request is logged (npm start -- --verbose)'),
});

export interface LiveKitConfig {
  /** Null: no LiveKit server is configured, everything but live rooms works. */
  url: string | null;
  /** What participants connect to when the gate is off. */
  clientUrl: string | null;
  apiKey: string;
  apiSecret: string;
  webhookApiKey: string;
  webhookApiSecret: string;
}

export interface AppConfig {
  host: string;
  port: number;
  publicUrl: string;
  databaseUrl: string;
  databaseMigrationUrl: string;
  /** For what needs a session of its own; null: `databaseUrl`. */
  databaseSessionUrl: string | null;
  livekit: LiveKitConfig;
  /** The folder of generated secrets, made when something is put into it. */
  home: string;
  ledgerMirror: MirrorConfig;
  /** Where entries go that a rule lets go; null: none do. */
  ledgerArchive: string | null;
  ledgerStreams: StreamsConfig;
  /** The file with the policy; null: nobody cosigns. */
  ledgerWitnesses: string | null;
  /** Seconds without a quorum after which no token is issued; null: tokens do not depend on it. */
  ledgerWitnessDeadline: number | null;
  adminEmail: string;
  adminPassword: string | null;
  /** Seconds. */
  tokenTtl: number;
  /** Seconds. */
  tokenTtlMax: number;
  isGateOn: boolean;
  isWhipOn: boolean;
  /** Null: no other proxy may ask the gate. */
  gateSecret: string | null;
  /** Seconds. */
  sweep: number;
  /** Patterns of the rooms that nobody else makes in the same LiveKit. */
  livekitRooms: readonly string[];
  /** Seconds; null: for as long as LiveKit keeps them. */
  lurkers: number | null;
  rateOperator: { points: number; seconds: number };
  rateSignIn: { points: number; seconds: number };
  /** Null: end users cannot ask for tokens. */
  userJwt: UserJwtConfig | null;
  /** As browsers send them. */
  corsOrigins: readonly string[];
  /** Of one end user, and of one address. */
  rateConnect: { points: number; seconds: number };
  rateUser: { points: number; seconds: number };
  rateUserAddress: { points: number; seconds: number };
  trustProxy: number;
  http: HttpLimits;
  /** `rejoin`: loads nothing, only the participants of sample people that there are come back. */
  demo: 'on' | 'rejoin' | 'off';
  logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Null: text on a terminal, else JSON. */
  logFormat: 'json' | 'text' | null;
  /** Null: in JSON, not in text. */
  isLoggingRequests: boolean | null;
}

/** What the command line reads to find a Rolecall that runs elsewhere; a server needs neither. */
export const CLIENT_VARIABLES: readonly string[] = ['ROLECALL_URL', 'ROLECALL_API_KEY'];

/** For the command that migrates and makes the first admin; a server that runs needs none of them. */
export const SHORT_LIVED_VARIABLES = ['DATABASE_MIGRATION_URL', 'ROLECALL_ADMIN_PASSWORD'] as const;

/** Parses the environment. Throws a `ConfigError` that lists every problem, unknown ROLECALL_* names included. */
export function parseConfig(environment: Record<string, string | undefined>): AppConfig {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const problems: string[] = [];
  const known = Object.keys(environmentSchema.shape);
  const others = [...known, ...CLIENT_VARIABLES];
  for (const name of Object.keys(given)) {
    if (name.startsWith('ROLECALL_') && !others.includes(name) && !isOfService(name)) {
      problems.push(`${name}: unknown variable; Rolecall knows ${knownNear(name, known)}`);
    }
  }
  const parsed = environmentSchema.safeParse(given);
  for (const issue of parsed.error?.issues ?? []) {
    const name = issue.path.join('.');
    const isMissing = given[name] === undefined;
    problems.push(`${name}: ${isMissing ? 'is required' : issue.message}`);
  }
  // Reported even when other settings are wrong, so that one start lists all problems.
  if (Boolean(given.LIVEKIT_API_KEY) !== Boolean(given.LIVEKIT_API_SECRET)) {
    problems.push('LIVEKIT_API_KEY and LIVEKIT_API_SECRET: give both or neither');
  } else if (given.LIVEKIT_URL && !given.LIVEKIT_API_KEY) {
    problems.push('LIVEKIT_API_KEY: is required with LIVEKIT_URL');
  }
  problems.push(...mirrorProblems(given));
  if (Boolean(given.LIVEKIT_WEBHOOK_API_KEY) !== Boolean(given.LIVEKIT_WEBHOOK_API_SECRET)) {
    problems.push('LIVEKIT_WEBHOOK_API_KEY and LIVEKIT_WEBHOOK_API_SECRET: give both or neither');
  }
  const { ROLECALL_TOKEN_TTL: ttl, ROLECALL_TOKEN_TTL_MAX: ttlMax } = environmentSchema.shape;
  const lifetime = ttl.safeParse(given.ROLECALL_TOKEN_TTL).data;
  const longest = ttlMax.safeParse(given.ROLECALL_TOKEN_TTL_MAX).data;
  if (lifetime !== undefined && longest !== undefined && lifetime > longest) {
    problems.push('ROLECALL_TOKEN_TTL: is longer than ROLECALL_TOKEN_TTL_MAX');
  }
  if (given.ROLECALL_USER_JWT_ISSUER) {
    const jwks = given.ROLECALL_USER_JWT_JWKS_URL;
    const key = given.ROLECALL_USER_JWT_PUBLIC_KEY;
    if (Boolean(jwks) === Boolean(key)) {
      problems.push(
        'ROLECALL_USER_JWT_JWKS_URL and ROLECALL_USER_JWT_PUBLIC_KEY: give one of them with ROLECALL_USER_JWT_ISSUER',
      );
    }
  }
  if (parsed.success) problems.push(...streamProblems(parsed.data));
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  const env = parsed.data;

  // Without a LiveKit server tokens can still be tried out; nothing accepts them.
  const apiKey = env.LIVEKIT_API_KEY ?? 'no-livekit';
  const apiSecret = env.LIVEKIT_API_SECRET ?? randomBytes(32).toString('base64url');
  // As `npm start` has it: in the checkout unless it is named.
  const home = resolve(import.meta.dirname, '../../..', env.ROLECALL_HOME ?? '.rolecall');
  return {
    host: env.HOST,
    port: env.PORT,
    publicUrl: trimSlash(env.PUBLIC_URL ?? localUrl({ host: env.HOST, port: env.PORT })),
    databaseUrl: env.DATABASE_URL,
    databaseMigrationUrl: env.DATABASE_MIGRATION_URL ?? env.DATABASE_URL,
    databaseSessionUrl: env.DATABASE_SESSION_URL ?? null,
    livekit: {
      url: env.LIVEKIT_URL ?? null,
      clientUrl: env.LIVEKIT_CLIENT_URL ?? env.LIVEKIT_URL ?? null,
      apiKey,
      apiSecret,
      webhookApiKey: env.LIVEKIT_WEBHOOK_API_KEY ?? apiKey,
      webhookApiSecret: env.LIVEKIT_WEBHOOK_API_SECRET ?? apiSecret,
    },
    home,
    ledgerMirror: mirrorOf(env, home),
    ledgerArchive: env.ROLECALL_LEDGER_ARCHIVE ? resolve(env.ROLECALL_LEDGER_ARCHIVE) : null,
    ledgerStreams: streamsOf(env),
    ledgerWitnesses: env.ROLECALL_LEDGER_WITNESSES ?? null,
    ledgerWitnessDeadline: env.ROLECALL_LEDGER_WITNESS_DEADLINE,
    adminEmail: env.ROLECALL_ADMIN_EMAIL,
    adminPassword: env.ROLECALL_ADMIN_PASSWORD ?? null,
    tokenTtl: env.ROLECALL_TOKEN_TTL,
    tokenTtlMax: env.ROLECALL_TOKEN_TTL_MAX,
    isGateOn: env.ROLECALL_GATE === 'on',
    isWhipOn: env.ROLECALL_WHIP === 'on',
    gateSecret: env.ROLECALL_GATE_SECRET ?? null,
    sweep: env.ROLECALL_SWEEP,
    livekitRooms: env.ROLECALL_LIVEKIT_ROOMS,
    lurkers: env.ROLECALL_LURKERS,
    rateOperator: env.ROLECALL_RATE_OPERATOR,
    rateSignIn: env.ROLECALL_RATE_SIGN_IN,
    userJwt: userJwtOf(env),
    corsOrigins: env.ROLECALL_CORS_ORIGINS,
    rateConnect: env.ROLECALL_RATE_CONNECT,
    rateUser: env.ROLECALL_RATE_USER,
    rateUserAddress: env.ROLECALL_RATE_USER_ADDRESS,
    trustProxy: env.ROLECALL_TRUST_PROXY,
    http: HTTP_LIMITS,
    demo: env.ROLECALL_DEMO,
    logLevel: env.ROLECALL_LOG,
    logFormat: env.ROLECALL_LOG_FORMAT ?? null,
    isLoggingRequests: env.ROLECALL_LOG_REQUESTS ? env.ROLECALL_LOG_REQUESTS === 'on' : null,
  };
}

function userJwtOf(env: z.output<typeof environmentSchema>): UserJwtConfig | null {
  const issuer = env.ROLECALL_USER_JWT_ISSUER;
  const jwksUrl = env.ROLECALL_USER_JWT_JWKS_URL;
  const key = env.ROLECALL_USER_JWT_PUBLIC_KEY;
  if (issuer === undefined) return null;
  const keys = key ? { publicKey: key } : jwksUrl ? { jwksUrl: new URL(jwksUrl) } : null;
  return (
    keys && {
      issuer,
      audience: env.ROLECALL_USER_JWT_AUDIENCE ?? null,
      keys,
      identityClaim: env.ROLECALL_USER_JWT_IDENTITY_CLAIM,
    }
  );
}

/** Where this process itself is reached, whatever is in front of it. */
export function localUrl({ host, port }: Pick<AppConfig, 'host' | 'port'>): string {
  return `http://${hostForUrl(host)}:${port}`;
}

/** The address that participants connect to: the gate at our own address, or its replacement. */
export function clientUrlOf({
  isGateOn,
  publicUrl,
  livekit,
}: Pick<AppConfig, 'isGateOn' | 'publicUrl' | 'livekit'>): string {
  const own = publicUrl.replace(/^http/, 'ws');
  if (isGateOn && livekit.url !== null) return own;
  return livekit.clientUrl ?? own;
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}

/**
 * What Kubernetes and Docker links set for a service called `rolecall`, or `rolecall-…`:
 * `ROLECALL_PORT=tcp://…`, `ROLECALL_SERVICE_HOST`, `ROLECALL_PORT_3000_TCP_ADDR`.
 */
function isOfService(name: string): boolean {
  return /_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT|PORT_\d+_.*)$/.test(name);
}

function hostForUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

function trimSlash(text: string): string {
  return text.replace(/\/+$/, '');
}

function knownNear(name: string, known: string[]): string {
  const near = known.filter(
    (k) => k.startsWith('ROLECALL_') && k.slice(9, 13) === name.slice(9, 13),
  );
  return (near.length > 0 ? near : known.filter((k) => k.startsWith('ROLECALL_'))).join(', ');
}

import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  type FetchImplementation,
  errors,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWSHeaderParameters,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
} from 'jose';
import { AppError } from '../common/errors/app-error.js';
import { identityText, labelText } from '../common/http/fields.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import type { UserJwtConfig } from '../config/user-jwt.js';
import { DatabaseClock } from '../database/database-clock.js';

/** The person that the application's JWT names. */
export interface EndUser {
  readonly identity: string;
  /** What the JWT calls them; null: nothing. */
  readonly name: string | null;
}

const RSA = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const EDDSA = ['EdDSA', 'Ed25519'];
const EC_CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};
const MAX_TOKEN_BYTES = 64 * 1024;
/** Seconds that the clocks of the issuer and of Postgres may differ. */
const CLOCK_TOLERANCE = 5;
/** The address of the keys gets so long to recover before it is asked again. */
const AFTER_FAILURE_MS = 1_000;
const WARN_EVERY_MS = 60_000;
const JWKS_OPTIONS = { timeoutDuration: 5_000, cooldownDuration: 30_000, cacheMaxAge: 600_000 };
const MAX_JWKS_BYTES = 1024 * 1024;

/** These say that the token is wrong. Every other failure to find its key is the key server's. */
const NO_KEY = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];

/** Checks the JWTs with which an application's end users ask for tokens. Only signatures by private keys count. */
@Injectable()
export class UserTokens {
  private readonly log = new Logger(UserTokens.name);
  private readonly settings: UserJwtConfig | null;
  private readonly keys: JWTVerifyGetKey | null;
  private readonly algorithms: string[];

  constructor(
    private readonly clock: DatabaseClock,
    @Inject(APP_CONFIG) { userJwt }: AppConfig,
  ) {
    this.settings = userJwt;
    this.keys = userJwt && this.keysOf(userJwt);
    this.algorithms = userJwt ? algorithmsOf(userJwt) : [];
  }

  get isOn(): boolean {
    return this.settings !== null;
  }

  /** Throws 401, with what is wrong, or 503 while the keys cannot be read. */
  async verify(token: string): Promise<EndUser> {
    const { settings, keys } = this;
    if (!settings || !keys) throw new Error('no user JWTs are configured');
    if (token.length > MAX_TOKEN_BYTES) throw invalid('It is too long.');
    try {
      const payload = await payloadOf(token, keys, {
        algorithms: this.algorithms,
        issuer: settings.issuer,
        ...(settings.audience === null ? {} : { audience: settings.audience }),
        requiredClaims: ['exp'],
        clockTolerance: CLOCK_TOLERANCE,
        currentDate: this.clock.now(),
      });
      // Who is not an audience of a token that names one has to refuse it (RFC 7519, 4.1.3).
      if (settings.audience === null && payload.aud !== undefined) {
        throw invalid('It is for another audience.');
      }
      return {
        identity: identityIn(payload, settings.identityClaim),
        name: labelText.safeParse(payload['name']).data || null,
      };
    } catch (error) {
      throw error instanceof AppError ? error : invalid(whatIsWrong(error));
    }
  }

  private keysOf({ keys }: UserJwtConfig): JWTVerifyGetKey {
    if ('publicKey' in keys) return () => Promise.resolve(keys.publicKey);
    const remote = createRemoteJWKSet(keys.jwksUrl, {
      ...JWKS_OPTIONS,
      [customFetch]: fetchLimited,
    });
    let failure: AppError | null = null;
    let failedAt = -Infinity;
    let warnedAt = -Infinity;
    return async (header, token) => {
      // Anybody can send a token: nobody makes us ask, and write, as often as they like.
      if (failure && performance.now() - failedAt < AFTER_FAILURE_MS) {
        const known = (remote.fresh && remote.jwks()) || { keys: [] };
        return keyAmong(known, header, token, failure);
      }
      try {
        return await remote(header, token);
      } catch (error) {
        if (NO_KEY.some((kind) => error instanceof kind)) throw error;
        failure = keysUnavailable(error);
        failedAt = performance.now();
        if (failedAt - warnedAt >= WARN_EVERY_MS) {
          this.log.warn(`the keys of user JWTs cannot be read: ${causeOf(error)}`);
          warnedAt = failedAt;
        }
        throw failure;
      }
    };
  }
}

/** One of the keys that are known; who needs another one gets `failure`. */
async function keyAmong(
  known: JSONWebKeySet,
  header: JWSHeaderParameters,
  token: FlattenedJWSInput,
  failure: AppError,
): Promise<Awaited<ReturnType<JWTVerifyGetKey>>> {
  try {
    return await createLocalJWKSet(known)(header, token);
  } catch (error) {
    throw error instanceof errors.JWKSNoMatchingKey ? failure : error;
  }
}

/** An address that answers without end fills no memory. */
const fetchLimited: FetchImplementation = async (url, options) => {
  const response = await fetch(url, options);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_JWKS_BYTES) throw new Error(`more than ${MAX_JWKS_BYTES} bytes were sent`);
    chunks.push(chunk);
  }
  return new Response(Buffer.concat(chunks), { status: response.status });
};

function keysUnavailable(cause: unknown): AppError {
  return new AppError(
    'unavailable',
    'auth.user_keys_unavailable',
    'The keys that user tokens are checked with cannot be read now. Try again.',
    { retryAfter: 5, cause },
  );
}

/** A token that does not name its key is tried with each that it may be signed with. */
async function payloadOf(
  token: string,
  keys: JWTVerifyGetKey,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keys, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (wrong) {
        if (!(wrong instanceof errors.JWSSignatureVerificationFailed)) throw wrong;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

/** With one key, only what that key can have signed. */
function algorithmsOf({ keys }: UserJwtConfig): string[] {
  if (!('publicKey' in keys)) return [...RSA, ...Object.values(EC_CURVES), ...EDDSA];
  const { asymmetricKeyType, asymmetricKeyDetails } = keys.publicKey;
  if (asymmetricKeyType === 'ed25519') return EDDSA;
  if (asymmetricKeyType === 'rsa') return RSA;
  if (asymmetricKeyType === 'rsa-pss') return RSA.filter((name) => name.startsWith('PS'));
  const algorithm = EC_CURVES[asymmetricKeyDetails?.namedCurve ?? ''];
  return algorithm === undefined ? [] : [algorithm];
}

function identityIn(payload: JWTPayload, claim: string): string {
  const value = Object.hasOwn(payload, claim) ? payload[claim] : undefined;
  // Primary keys are numbers in many applications.
  const text = Number.isSafeInteger(value) ? String(value) : value;
  const identity = identityText.safeParse(text);
  if (identity.success) return identity.data;
  throw invalid(`Its claim ${claim} is missing or is no identity.`);
}

/** Nothing of the token itself: only which check failed. */
function whatIsWrong(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'It has expired.';
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim } = error;
    if (claim === 'nbf') return 'It is not valid yet.';
    if (claim === 'iss') return 'It is from another issuer.';
    if (claim === 'aud') return 'It is for another audience.';
    return `Its claim ${claim} is missing or wrong.`;
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return 'Its algorithm is not allowed.';
  if (NO_KEY.some((kind) => error instanceof kind)) return 'No key of the issuer fits it.';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'Its signature is wrong.';
  return 'It is not readable.';
}

function invalid(text: string): AppError {
  return new AppError(
    'unauthenticated',
    'auth.user_token_invalid',
    `The user token is not valid. ${text}`,
  );
}

function causeOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { code?: string } };
  return `${message ?? String(error)}${cause?.code ? ` (${cause.code})` : ''}`;
}

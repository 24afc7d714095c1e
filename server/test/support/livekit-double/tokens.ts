import { createHmac, timingSafeEqual } from 'node:crypto';

const LEEWAY_SECONDS = 60;

export function signJwt(claims: Record<string, unknown>, secret: string): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

/** Null for what is not signed with the secret, or not valid now. */
export function readJwt(token: string, secret: string): Record<string, unknown> | null {
  const [header = '', body = '', signature = ''] = token.split('.');
  const expected = createHmac('sha256', secret).update(`${header}.${body}`).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
  return isValidNow(claims) ? claims : null;
}

export function isValidNow(claims: Record<string, unknown>): boolean {
  const { exp, nbf } = claims as { exp?: number; nbf?: number };
  if (exp !== undefined && seconds() > exp + LEEWAY_SECONDS) return false;
  return nbf === undefined || seconds() >= nbf - LEEWAY_SECONDS;
}

export function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** Keeps no process alive: what the double still meant to do ends with the test. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

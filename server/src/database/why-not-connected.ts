import type { ClientConfig } from 'pg';
import { rootCause } from './database-errors.js';

/** What the code of a failed connection means to who wrote the URL. */
const HINTS: Record<string, string> = {
  ENOTFOUND:
    'no machine has that name. A raw # / ? or @ in a password moves the host: percent-encode it',
  EAI_AGAIN: 'the name could not be looked up',
  ECONNREFUSED: 'nothing listens there',
  ENOENT: 'there is no such socket',
  '28P01':
    'the user name or the password is wrong. In a URL, special characters are percent-encoded',
  '28000':
    'Postgres refuses this user, host or kind of connection. When it asks for TLS, add ?sslmode=verify-full',
  '3D000': 'create the database first',
  '08P01': 'a pooler refuses the first message. It must allow the parameters of the URL',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'name its certificate with sslrootcert=FILE',
  SELF_SIGNED_CERT_IN_CHAIN: 'name the authority that signed it with sslrootcert=FILE',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'name the authority that signed it with sslrootcert=FILE',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'name the authority that signed it with sslrootcert=FILE',
  ERR_TLS_CERT_ALTNAME_INVALID: 'connect to a name that its certificate has',
  CERT_HAS_EXPIRED: 'its certificate has expired',
};

/** Nothing that can be used answers at the address of a variable. */
export class DatabaseUnreachable extends Error {
  override name = 'DatabaseUnreachable';

  constructor(
    message: string,
    readonly code: string | undefined,
    cause: unknown,
  ) {
    super(message, { cause });
  }
}

/** The cause in a sentence, with the variable that leads there; never the URL, which has a password. */
export function whyNotConnected(
  error: unknown,
  client: ClientConfig,
  variable: string,
): DatabaseUnreachable {
  const cause = rootCause(error);
  const { code, message } = cause;
  const host = String(client.host);
  const place = host.startsWith('/') ? host : `${host}:${client.port}`;
  const hint = code === undefined ? hintOf(message) : HINTS[code];
  const text = `${variable}: the database at ${place} cannot be used: ${message}`;
  return new DatabaseUnreachable(hint ? `${text}; ${hint}.` : `${text}.`, code, cause);
}

function hintOf(message: string): string | undefined {
  if (/does not support SSL/.test(message))
    return 'it has no TLS. Leave sslmode out, or set sslmode=disable';
  if (/password must be a string/.test(message))
    return 'the URL has no password, and it asks for one';
  if (/timeout/i.test(message)) return 'it does not answer in time';
  return undefined;
}

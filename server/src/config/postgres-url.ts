import { parse, toClientConfig } from 'pg-connection-string';
import type { ClientConfig } from 'pg';

const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];

/** Settings that `pg` would send when it connects, where a pooler refuses them. */
const SESSION_FIELDS = [
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
] as const;

/** What a Postgres URL says. */
export interface PostgresAddress {
  /** For `pg`; every field that it would otherwise take from a `PG*` variable is here. */
  client: ClientConfig;
  /** What the URL sets for the session, such as `?options=-c work_mem=8MB`. */
  settings: Record<string, string>;
}

/** Reads every form that `pg` takes: sockets, `?host=`, `sslmode` and its files. */
export function readPostgresUrl(text: string): PostgresAddress {
  // `pg` checks the certificate with these modes too, and would print a warning about it.
  const strict = text.replace(/([?&]sslmode=)(prefer|require|verify-ca)(?=&|$)/, strictMode(text));
  const { options, ...parsed } = parse(strict);
  const settings: Record<string, string> = {};
  for (const field of SESSION_FIELDS) {
    if (typeof parsed[field] === 'string') settings[field] = parsed[field];
    delete parsed[field];
  }
  const rest = (options ?? '').replace(
    /(?:^|\s)(?:-c\s*|--)([\w.]+)=((?:\\.|[^\s\\])*)/g,
    (_, name: string, value: string) => {
      settings[name] = value.replace(/\\(.)/g, '$1');
      return '';
    },
  );
  return {
    client: {
      ...toClientConfig(parsed),
      host: parsed.host || 'localhost',
      port: Number(parsed.port || 5432),
      ssl: (parsed.ssl as ClientConfig['ssl']) ?? false,
      ...(rest.trim() === '' ? {} : { options: rest.trim() }),
    },
    settings,
  };
}

function strictMode(text: string): string {
  return text.includes('uselibpqcompat=true') ? '$1$2' : '$1verify-full';
}

/** Null when `text` can be used, else what is wrong with it. Never repeats a part that may be secret. */
export function postgresUrlProblem(text: string): string | null {
  if (text.startsWith('/') || text.startsWith('socket:')) return unreadable(text);
  const [, rest] = /^postgres(?:ql)?:\/\/(.*)$/s.exec(text) ?? [];
  if (rest === undefined) return 'must be a URL that starts with postgres:// or postgresql://';
  return rawCharacter(rest) ?? unknownMode(text) ?? unreadable(text);
}

/** A password that was pasted as it is ends the URL's host too early. */
function rawCharacter(rest: string): string | null {
  const encode = (character: string) =>
    `has "${character}" inside the user name or the password; percent-encode it as ${encodeURIComponent(character)}`;
  if (rest.includes('#')) return encode('#');
  const end = rest.search(/[/?]/);
  if (end < 0 || rest.slice(0, end).includes('@')) return null;
  const [beforeAt] = rest.slice(end).split('@', 1);
  const isInPassword =
    rest.slice(end).includes('@') &&
    (/:(?!\d*$)/.test(rest.slice(0, end)) || !(beforeAt ?? '').includes('='));
  return isInPassword ? encode(rest[end] as string) : null;
}

function unknownMode(text: string): string | null {
  const mode = /[?&]sslmode=([^&]*)/.exec(text)?.[1];
  if (mode === undefined || SSL_MODES.includes(mode)) return null;
  return `sslmode must be one of ${SSL_MODES.join(', ')}`;
}

function unreadable(text: string): string | null {
  try {
    const { client } = readPostgresUrl(text);
    return Number.isInteger(client.port) ? null : 'has a port that is no number';
  } catch (error) {
    const { code, path, message } = error as NodeJS.ErrnoException;
    if (path !== undefined) return `names a file that cannot be read (${code}): ${path}`;
    if (/sslmode=verify-ca/.test(message)) return 'sslmode=verify-ca needs sslrootcert';
    return 'cannot be read as a URL; percent-encode special characters in the user name and the password, such as # / ? @ :';
  }
}

/** `pg` reads them wherever it is not told otherwise; a shell that has some is not asked for advice. */
export function forgetPgVariables(environment: NodeJS.ProcessEnv = process.env): void {
  for (const name of Object.keys(environment)) {
    if (/^PG[A-Z]+$/.test(name)) delete environment[name];
  }
}

import { z } from 'zod';

/** Where sealed entries are sent to, as they come. */
export interface StreamConfig {
  /** The position is kept under this name. */
  readonly name: string;
  readonly kind: 'https' | 'syslog';
  /** `https://…`, or `syslog+tls://host:port`. */
  readonly url: string;
  /** The file with the bearer token; null: none is sent. */
  readonly tokenFile: string | null;
}

export interface StreamsConfig {
  readonly destinations: readonly StreamConfig[];
  /** Certificates to trust beside those of Node; null: none. */
  readonly caFile: string | null;
  /** Whether what entries say of people is sent. */
  readonly hasPeople: boolean;
  /** Where a destination begins that is new. */
  readonly from: 'start' | 'now';
}

const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
const KINDS = { 'https:': 'https', 'syslog+tls:': 'syslog' } as const;

type Named = readonly [name: string, value: string];

function pairsOf(text: string): Named[] {
  return text
    .split(',')
    .filter((one) => one.trim() !== '')
    .map((one) => {
      const at = Math.max(0, one.indexOf('='));
      return [one.slice(0, at).trim(), one.slice(at + 1).trim()] as const;
    });
}

export const streamDestinations = z
  .string()
  .default('')
  .transform((text, context): Omit<StreamConfig, 'tokenFile'>[] => {
    const all = pairsOf(text).map(([name, url]) => {
      const problem = problemOf(name, url);
      if (problem !== null) context.addIssue({ code: 'custom', message: problem });
      const protocol = URL.canParse(url) ? new URL(url).protocol : '';
      return { name, url, kind: KINDS[protocol as keyof typeof KINDS] };
    });
    if (new Set(all.map(({ name }) => name)).size < all.length) {
      context.addIssue({ code: 'custom', message: 'has a name twice' });
    }
    return all;
  });

export const streamTokenFiles = z
  .string()
  .default('')
  .transform((text): Named[] => pairsOf(text));

function problemOf(name: string, url: string): string | null {
  if (!NAME.test(name)) {
    return 'must be NAME=ADDRESS with commas between; a name has small letters, digits and hyphens';
  }
  if (!URL.canParse(url) || !(new URL(url).protocol in KINDS)) {
    return `${name}: must be https://… or syslog+tls://host:port`;
  }
  const { username, password, search, hash, hostname, pathname, protocol } = new URL(url);
  if (username || password || search || hash) {
    return `${name}: must have no password and no query; the token goes into a file`;
  }
  if (protocol === 'syslog+tls:' && (hostname === '' || pathname.length > 1)) {
    return `${name}: must be only syslog+tls://host:port`;
  }
  return null;
}

interface StreamVariables {
  readonly ROLECALL_LEDGER_STREAM_TO: Omit<StreamConfig, 'tokenFile'>[];
  readonly ROLECALL_LEDGER_STREAM_TOKEN_FILE: Named[];
  readonly ROLECALL_LEDGER_STREAM_CA_FILE?: string | undefined;
  readonly ROLECALL_LEDGER_STREAM_PEOPLE: 'on' | 'off';
  readonly ROLECALL_LEDGER_STREAM_FROM: 'start' | 'now';
}

export function streamsOf(env: StreamVariables): StreamsConfig {
  const files = new Map(env.ROLECALL_LEDGER_STREAM_TOKEN_FILE);
  return {
    destinations: env.ROLECALL_LEDGER_STREAM_TO.map((destination) => ({
      ...destination,
      tokenFile: files.get(destination.name) ?? null,
    })),
    caFile: env.ROLECALL_LEDGER_STREAM_CA_FILE ?? null,
    hasPeople: env.ROLECALL_LEDGER_STREAM_PEOPLE === 'on',
    from: env.ROLECALL_LEDGER_STREAM_FROM,
  };
}

/** A token file has to be that of an HTTPS destination. */
export function streamProblems(env: StreamVariables): string[] {
  const https = env.ROLECALL_LEDGER_STREAM_TO.filter(({ kind }) => kind === 'https');
  return env.ROLECALL_LEDGER_STREAM_TOKEN_FILE.filter(
    ([name, file]) => file === '' || !https.some((one) => one.name === name),
  ).map(
    ([name]) =>
      `ROLECALL_LEDGER_STREAM_TOKEN_FILE: ${name || 'it'} must be NAME=FILE with the name of an https destination`,
  );
}

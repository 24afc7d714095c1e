import { join, resolve } from 'node:path';
import { z } from 'zod';

/** Where tiles and checkpoints of the ledger leave the database for. */
export type MirrorConfig =
  | { readonly kind: 'folder'; readonly folder: string }
  | {
      readonly kind: 's3';
      readonly bucket: string;
      /** Without slashes at its ends; may be empty. */
      readonly prefix: string;
      readonly endpoint: string;
      readonly region: string;
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      readonly sessionToken: string | null;
    };

const BUCKET = /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[^?#]*)?$/;

export const ledgerMirror = z
  .string()
  .refine((text) => !text.includes('://') || (BUCKET.test(text) && URL.canParse(text)), {
    message: 'must be a folder, or an object store like s3://bucket/prefix',
  });

interface MirrorVariables {
  readonly ROLECALL_LEDGER_MIRROR?: string | undefined;
  readonly AWS_ENDPOINT_URL_S3?: string | undefined;
  readonly AWS_REGION: string;
  readonly AWS_ACCESS_KEY_ID?: string | undefined;
  readonly AWS_SECRET_ACCESS_KEY?: string | undefined;
  readonly AWS_SESSION_TOKEN?: string | undefined;
}

/** What an object store needs besides its address. */
export function mirrorProblems(given: Readonly<Record<string, string | undefined>>): string[] {
  if (!given.ROLECALL_LEDGER_MIRROR?.startsWith('s3://')) return [];
  return ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']
    .filter((name) => !given[name])
    .map((name) => `${name}: is required for a mirror in an object store`);
}

export function mirrorOf(env: MirrorVariables, home: string): MirrorConfig {
  const given = env.ROLECALL_LEDGER_MIRROR;
  if (!given?.startsWith('s3://')) {
    return { kind: 'folder', folder: given ? resolve(given) : join(home, 'ledger') };
  }
  const { hostname: bucket, pathname } = new URL(given);
  const amazon = `https://s3.${env.AWS_REGION}.amazonaws.com`;
  return {
    kind: 's3',
    bucket,
    prefix: decodeURIComponent(pathname).replace(/^\/+|\/+$/g, ''),
    endpoint: (env.AWS_ENDPOINT_URL_S3 ?? amazon).replace(/\/+$/, ''),
    region: env.AWS_REGION,
    accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
    sessionToken: env.AWS_SESSION_TOKEN ?? null,
  };
}

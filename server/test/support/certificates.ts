import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
  /** The certificate, as a file that a client can be told to trust. */
  readonly file: string;
}

/** A key and a certificate that it signed itself, for this machine, in a folder of the test. */
export function makeCertificate(folder: string): Certificate {
  const key = join(folder, 'server.key');
  const file = join(folder, 'server.crt');
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
      .concat(['-days', '2', '-subj', '/CN=localhost', '-addext', names])
      .concat(['-keyout', key, '-out', file]),
    { stdio: 'ignore' },
  );
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(file, 'utf8'), file };
}

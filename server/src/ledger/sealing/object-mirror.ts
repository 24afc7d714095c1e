import { createHash } from 'node:crypto';
import { AwsClient } from 'aws4fetch';
import type { MirrorConfig } from '../../config/ledger-mirror.js';
import type { MirrorStore } from './ledger-mirror.js';

type ObjectStore = Extract<MirrorConfig, { kind: 's3' }>;

const TIMEOUT_MS = 10_000;
const RETRIES = 2;

/** A bucket of an S3-compatible object store, in which a file is whole or not there. */
export class ObjectMirror implements MirrorStore {
  readonly place: string;
  private readonly client: AwsClient;
  private readonly base: string;

  constructor({ bucket, prefix, endpoint, region, ...key }: ObjectStore) {
    this.place = `s3://${[bucket, prefix].filter(Boolean).join('/')}`;
    const path = [bucket, ...prefix.split('/')].filter(Boolean).map(encodeURIComponent).join('/');
    this.base = `${endpoint}/${path}`;
    this.client = new AwsClient({
      accessKeyId: key.accessKeyId,
      secretAccessKey: key.secretAccessKey,
      ...(key.sessionToken === null ? {} : { sessionToken: key.sessionToken }),
      service: 's3',
      region,
      retries: RETRIES,
    });
  }

  async read(path: string): Promise<Uint8Array | null> {
    const response = await this.request('GET', path);
    if (response.status === 404) {
      await response.body?.cancel();
      return null;
    }
    return new Uint8Array(await (await whenOk(response, this.place)).arrayBuffer());
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    await whenOk(await this.request('PUT', path, Buffer.from(bytes)), this.place);
  }

  /** An answer to a request to write says so. */
  async settle(): Promise<void> {}

  async remove(folder: string, names: readonly string[]): Promise<void> {
    for (const name of names) {
      const response = await this.request('DELETE', `${folder}/${name}`);
      if (response.status !== 404) await whenOk(response, this.place);
    }
  }

  private request(method: string, path: string, body?: Buffer<ArrayBuffer>): Promise<Response> {
    const sum = createHash('sha256').update(body ?? '');
    return this.client.fetch(`${this.base}/${path}`, {
      method,
      headers: { 'X-Amz-Content-Sha256': sum.digest('hex') },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body ? { body } : {}),
    });
  }
}

async function whenOk(response: Response, place: string): Promise<Response> {
  if (response.ok) return response;
  const code = /<Code>([^<]{1,60})<\/Code>/.exec(await response.text())?.[1];
  throw new Error(`${place} answers ${response.status}${code ? ` ${code}` : ''}`);
}

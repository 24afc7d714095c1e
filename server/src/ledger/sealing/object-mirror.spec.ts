import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ObjectMirror } from './object-mirror.js';

const KEY = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};
const REGION = 'eu-north-1';

/** Signature Version 4, as its specification describes it, from what arrived. */
function expectedSignature(request: IncomingMessage, body: Buffer): string {
  const header = (name: string) => String(request.headers[name] ?? '');
  const signed = /SignedHeaders=([^,]+)/.exec(header('authorization'))?.[1] ?? '';
  const sum = createHash('sha256').update(body).digest('hex');
  const canonical = [
    request.method,
    request.url,
    '',
    ...signed.split(';').map((name) => `${name}:${header(name).trim()}`),
    '',
    signed,
    sum,
  ].join('\n');
  const time = header('x-amz-date');
  const scope = [time.slice(0, 8), REGION, 's3', 'aws4_request'];
  const key = scope.reduce<Buffer | string>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${KEY.secretAccessKey}`,
  );
  const text = [
    'AWS4-HMAC-SHA256',
    time,
    scope.join('/'),
    createHash('sha256').update(canonical).digest('hex'),
  ];
  return createHmac('sha256', key).update(text.join('\n')).digest('hex');
}

describe('a mirror in an object store', () => {
  const objects = new Map<string, Buffer>();
  const refusals: string[] = [];
  let failures = 0;
  let server: Server;
  let mirror: ObjectMirror;
  let endpoint: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks);
        const given = /Signature=([0-9a-f]+)/.exec(request.headers.authorization ?? '')?.[1];
        if (failures > 0) {
          failures -= 1;
          return response.writeHead(503).end('<Error><Code>SlowDown</Code></Error>');
        }
        if (given !== expectedSignature(request, body)) {
          refusals.push(`${request.method} ${request.url}`);
          return response.writeHead(403).end('<Error><Code>SignatureDoesNotMatch</Code></Error>');
        }
        const url = request.url ?? '';
        const object = objects.get(url);
        if (request.method === 'PUT') objects.set(url, body);
        if (request.method === 'DELETE') objects.delete(url);
        if (request.method !== 'GET')
          return response.writeHead(request.method === 'PUT' ? 200 : 204).end();
        return object
          ? response.writeHead(200).end(object)
          : response.writeHead(404).end('<Error/>');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const place = { bucket: 'logs', prefix: 'rolecall/town hall', endpoint, region: REGION };
    mirror = new ObjectMirror({ kind: 's3', ...place, ...KEY, sessionToken: null });
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  afterEach(() => {
    failures = 0;
    objects.clear();
  });

  it('signs each request, and reads what it wrote', async () => {
    expect(mirror.place).toBe('s3://logs/rolecall/town hall');
    expect(await mirror.read('checkpoint')).toBeNull();
    const bytes = Uint8Array.of(0, 255, 10, 13);
    await mirror.write('tile/0/x001/000.p/7', bytes);
    expect([...objects.keys()]).toEqual(['/logs/rolecall/town%20hall/tile/0/x001/000.p/7']);
    expect(Buffer.from((await mirror.read('tile/0/x001/000.p/7')) ?? [])).toEqual(
      Buffer.from(bytes),
    );
    await mirror.remove('tile/0/x001/000.p', ['7', '8']);
    expect(objects.size).toBe(0);
    expect(refusals).toEqual([]);
  });

  it('tries again what the store was too busy for, and says what it answers in the end', async () => {
    failures = 1;
    await mirror.write('checkpoint', Uint8Array.of(1));
    expect(objects.size).toBe(1);
    failures = 10;
    await expect(mirror.write('checkpoint', Uint8Array.of(2))).rejects.toThrow(
      's3://logs/rolecall/town hall answers 503 SlowDown',
    );
  });

  it('fails loudly with a wrong key, and keeps the key to itself', async () => {
    const wrong = new ObjectMirror({
      ...{ kind: 's3', bucket: 'logs', prefix: '', endpoint, region: REGION, ...KEY },
      secretAccessKey: 'another-secret',
      sessionToken: null,
    });
    const error = await wrong.read('checkpoint').catch((reason: unknown) => String(reason));
    expect(error).toContain('s3://logs answers 403 SignatureDoesNotMatch');
    expect(error).not.toContain('another-secret');
  });
});

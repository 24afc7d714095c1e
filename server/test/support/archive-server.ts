import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

export interface Archive {
  readonly data: Buffer;
  readonly sha256: string;
}

/** A .tar.gz of `files`, as LiveKit's releases are. */
export function archiveOf(files: Readonly<Record<string, Buffer | string>>): Archive {
  const blocks = Object.entries(files).flatMap(([name, content]) => {
    const body = Buffer.from(content);
    const padding = Buffer.alloc((512 - (body.length % 512)) % 512);
    return [header(name, body.length), body, padding];
  });
  const data = gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]), { level: 1 });
  return { data, sha256: createHash('sha256').update(data).digest('hex') };
}

function header(name: string, size: number): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0);
  block.write('0000755\0', 100);
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write(' '.repeat(8), 148);
  block.write('0', 156);
  block.write('ustar\u000000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

type Answer = (request: IncomingMessage, response: ServerResponse, from: number) => void;

/** A mirror on loopback, which answers as its test says. */
export class ArchiveServer {
  /** The `Range` of each request, or null. */
  readonly ranges: (string | null)[] = [];
  readonly urls: string[] = [];
  answer: Answer;
  private readonly server: Server;

  constructor(readonly archive: Archive) {
    this.answer = this.whole;
    this.server = createServer((request, response) => {
      const range = request.headers.range ?? null;
      this.ranges.push(range);
      this.urls.push(request.url ?? '');
      this.answer(request, response, Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/livekit.tar.gz`;
  }

  async start(): Promise<this> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
    return this;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  /** All of it, or from where the client has it. */
  readonly whole: Answer = (_request, response, from) => {
    this.begin(response, from);
    response.end(this.archive.data.subarray(from));
  };

  /** Sends the first half, then no more than a sign of life, until the answer is called. */
  holdHalf(): () => void {
    const half = Math.ceil(this.archive.data.length / 2);
    let isHeld = true;
    this.answer = (request, response, from) => {
      if (!isHeld || from > half) return this.whole(request, response, from);
      this.begin(response, from);
      response.write(this.archive.data.subarray(from, half));
      let at = half;
      const timer = setInterval(() => {
        const end = isHeld ? at + 1 : this.archive.data.length;
        response.write(this.archive.data.subarray(at, end));
        at = end;
        if (isHeld) return;
        clearInterval(timer);
        response.end();
      }, 100);
      response.once('close', () => clearInterval(timer));
    };
    return () => (isHeld = false);
  }

  begin(response: ServerResponse, from: number): void {
    const { length } = this.archive.data;
    response.writeHead(from > 0 ? 206 : 200, {
      'content-length': length - from,
      ...(from > 0 ? { 'content-range': `bytes ${from}-${length - 1}/${length}` } : {}),
    });
  }
}

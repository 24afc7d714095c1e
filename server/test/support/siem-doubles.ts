import { once } from 'node:events';
import { createServer as createHttps, type Server as HttpsServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTls, type Server as TlsServer } from 'node:tls';
import type { Certificate } from './certificates.js';

/** An event of OCSF, as far as tests look at it. */
export interface SiemEvent {
  readonly class_uid: number;
  readonly metadata: { readonly uid: string; readonly event_code: string };
  readonly unmapped: {
    readonly leaf: number;
    readonly leaf_hash: string;
    readonly reason?: string;
  };
  readonly raw_data: string;
}

/** What came, in order; a batch that is sent again is there again. */
abstract class Siem {
  readonly events: SiemEvent[] = [];
  protected port = 0;
  private readonly sockets = new Set<Socket>();

  protected abstract readonly server: HttpsServer | TlsServer;

  /** From the first one on, without the repetitions. */
  get leaves(): number[] {
    return [...new Set(this.events.map(({ unmapped }) => unmapped.leaf))].sort((a, b) => a - b);
  }

  /** Whether it has every leaf below `size`. */
  hasAll(size: number): boolean {
    const { leaves } = this;
    return leaves.length >= size && leaves[size - 1] === size - 1;
  }

  /** On the port that it had before. */
  async up(): Promise<this> {
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
    return this;
  }

  async down(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  protected watch(): void {
    this.server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }
}

type Answer = 'taken' | 'failing' | 'garbage' | 'cut' | 'slow' | 'elsewhere';

/** Takes lines of JSON over HTTPS. */
export class HttpsSiem extends Siem {
  answer: Answer = 'taken';
  /** Which events it answers 400 to. */
  refuses: (event: SiemEvent) => boolean = () => false;
  requests = 0;
  private refusals = 0;
  authorization: string | undefined;
  protected readonly server: HttpsServer;

  constructor({ key, cert }: Certificate) {
    super();
    this.server = createHttps({ key, cert }, (request, response) => {
      void this.take(request, response);
    });
    this.watch();
  }

  get url(): string {
    return `https://localhost:${this.port}/ingest`;
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    } catch {
      return; // cut off
    }
    this.requests++;
    this.authorization = request.headers.authorization;
    const lines = Buffer.concat(chunks).toString('utf8').split('\n').slice(0, -1);
    const events = lines.map((line) => JSON.parse(line) as SiemEvent);
    switch (this.answer) {
      case 'failing':
        response.writeHead(503, { 'retry-after': '1' }).end('later');
        return;
      case 'garbage':
        response.socket?.end('\u0000\u0001garbage\r\n\r\n');
        return;
      case 'elsewhere':
        response.writeHead(302, { location: 'https://localhost:1/' }).end();
        return;
      case 'cut':
        this.events.push(...events); // it has them, and nobody is told
        response.socket?.destroy();
        return;
      case 'slow':
      case 'taken': {
        if (events.some((event) => this.refuses(event))) {
          // The first answer is longer than anybody should read; all of them would only take time.
          response.writeHead(400).end('x'.repeat(this.refusals++ === 0 ? 1_000_000 : 100));
          return;
        }
        this.events.push(...events);
        const answer = () => response.writeHead(200).end('{"text":"Success"}');
        if (this.answer === 'slow') setTimeout(answer, 1_500);
        else answer();
      }
    }
  }
}

/** Takes syslog over TLS, with octet counting. */
export class SyslogSiem extends Siem {
  readonly messages: string[] = [];
  connections = 0;
  /** `bare`: ends the connection without TLS's own end; `cut`: breaks it off within a batch. */
  answer: 'taken' | 'bare' | 'cut' = 'taken';
  protected readonly server: TlsServer;

  constructor({ key, cert }: Certificate) {
    super();
    this.server = createTls({ key, cert, allowHalfOpen: true }, (socket) => {
      this.connections++;
      let rest: Buffer = Buffer.alloc(0);
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        rest = this.takeFrom(Buffer.concat([rest, chunk]));
        if (this.answer === 'cut' && this.events.length > 0) socket.destroy();
      });
      socket.on('end', () => {
        if (this.answer === 'bare') (socket as unknown as { _parent?: Socket })._parent?.end();
        if (this.answer === 'bare') this.raw.get(socket.remotePort ?? 0)?.end();
        else socket.end();
      });
    });
    this.server.on('connection', (raw: Socket) => {
      this.raw.set(raw.remotePort ?? 0, raw);
      raw.on('error', () => undefined);
    });
    this.watch();
  }

  private readonly raw = new Map<number, Socket>();

  get url(): string {
    return `syslog+tls://localhost:${this.port}`;
  }

  /** Resolves to what is left: the beginning of a frame. */
  private takeFrom(bytes: Buffer): Buffer {
    for (;;) {
      const space = bytes.indexOf(0x20);
      const length = Number(bytes.subarray(0, Math.max(0, space)).toString('latin1'));
      if (space < 0 || bytes.length < space + 1 + length) return bytes;
      const message = bytes.subarray(space + 1, space + 1 + length).toString('utf8');
      const json = /^<\d+>1 \S+ \S+ rolecall - \S+ - (\{[^]*\})$/.exec(message)?.[1];
      if (json === undefined) throw new Error(`no message of ours: ${message.slice(0, 100)}`);
      this.messages.push(message);
      this.events.push(JSON.parse(json) as SiemEvent);
      bytes = bytes.subarray(space + 1 + length);
    }
  }
}

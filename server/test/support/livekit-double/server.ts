import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { type Admission, presented } from './admission.ts';
import type { CallCounts } from './call-counts.ts';
import type { Faults } from './faults.ts';
import type { LiveKitDouble } from './livekit-double.ts';
import { type Handler, METHODS } from './methods.ts';
import { Refused } from './model.ts';

/** The HTTP side of the double: the room service, `/rtc/validate` and `/rtc`. */
export class DoubleServer {
  port = 0;
  private readonly double: LiveKitDouble;
  private readonly admission: Admission;
  private readonly faults: Faults;
  private readonly counts: CallCounts;
  private readonly sockets = new Set<Socket>();
  private readonly upgrades = new WebSocketServer({ noServer: true });
  private server: Server | null = null;

  constructor(double: LiveKitDouble, admission: Admission, faults: Faults, counts: CallCounts) {
    this.double = double;
    this.admission = admission;
    this.faults = faults;
    this.counts = counts;
  }

  async listen(port: number): Promise<void> {
    const server = createServer((request, response) => {
      void this.serve(request, response);
    });
    server.keepAliveTimeout = 60_000;
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => undefined);
    });
    server.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://double');
    const body = await bodyOf(request);
    const method = /^\/twirp\/livekit\.RoomService\/(\w+)$/.exec(url.pathname)?.[1];
    const handler = method === undefined ? undefined : METHODS[method];
    const program = this.double.programs.answer(url.pathname, body);
    try {
      if (method !== undefined && handler) {
        await this.call(method, handler, body, request, response);
      } else if (program) {
        this.counts.add(program.method, '');
        const answer = program.read();
        response.setHeader('content-type', 'application/protobuf');
        response.end(answer);
      } else if (/^\/rtc(\/v1)?\/validate$/.test(url.pathname)) {
        const { claims } = this.admission.admit(presented(request, url));
        if (!this.double.hasRoom(claims.room)) {
          throw new Refused(404, 'not_found', 'requested room does not exist');
        }
        response.end('success');
      } else throw new Refused(404, 'bad_route', 'no such route');
    } catch (error) {
      answerError(response, error);
    }
  }

  private async call(
    method: string,
    handler: Handler,
    body: Buffer,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const isBinary = request.headers['content-type']?.startsWith('application/protobuf') ?? false;
    const input = handler.read(isBinary, body);
    const { room, identity } = handler.about(input);
    const call = isHealthCheck(input) ? 'health' : method;
    this.counts.add(call, room);
    const fault = this.faults.strike(call, { room, identity });
    await this.faults.suffer(call, this.double.people(room).length, fault);
    const isHalf = fault?.then?.startsWith('half-') ?? false;
    const then = fault?.then?.replace('half-', '');
    let output: Buffer | null = null;
    if (!then || isHalf) {
      this.admission.authorize(request, handler, room);
      output = handler.run(this.double, input, isBinary);
    }
    await fault?.answerAfter;
    if (response.destroyed || !this.server) return;
    if (then === 'hang') return;
    if (then === 'drop') return void response.destroy();
    if (then === 'fail') throw new Refused(fault?.status ?? 500, 'internal', 'as it was told to');
    response.setHeader('content-type', isBinary ? 'application/protobuf' : 'application/json');
    response.end(output);
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const url = new URL(request.url ?? '/', 'http://double');
    try {
      if (!/^\/rtc(\/v1)?$/.test(url.pathname)) throw new Refused(404, 'bad_route', 'no route');
      const ticket = presented(request, url);
      const { claims } = this.admission.admit(ticket);
      if (!this.double.hasRoom(claims.room)) {
        throw new Refused(404, 'not_found', 'requested room does not exist');
      }
      this.upgrades.handleUpgrade(request, socket, head, (ws) => {
        this.double.attend(ws, ticket, url.searchParams);
      });
    } catch (error) {
      const { status, message } = error as Refused;
      socket.end(
        `HTTP/1.1 ${status} Refused\r\nContent-Length: ${message.length}\r\nConnection: close\r\n\r\n${message}`,
      );
    }
  }

  /** As a crash does: whatever is open is cut. */
  async close(): Promise<void> {
    const server = this.server;
    this.server = null;
    if (!server) return;
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }

  end(): void {
    this.upgrades.close();
  }
}

function bodyOf(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
  });
}

/** Rolecall asks for a room that nobody has to learn whether LiveKit answers. */
function isHealthCheck(input: unknown): boolean {
  const { names } = input as { names?: readonly string[] };
  return names?.length === 1 && names[0] === 'rolecall-health';
}

function answerError(response: ServerResponse, error: unknown): void {
  const { status, code, message } =
    error instanceof Refused ? error : new Refused(500, 'internal', String(error));
  if (response.headersSent || response.destroyed) return;
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ code, msg: message }));
}

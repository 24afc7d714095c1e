import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Witness, WitnessAnswer } from './witness.js';

/** Room for a proof of 63 lines and a note with many signatures, also post-quantum ones. */
const MAX_BODY = 256 * 1024;
/** Fewer than the files that a process may open as a rule: the state has to be written as well. */
const MAX_CONNECTIONS = 250;

const NOTHING: WitnessAnswer = { status: 404, type: 'text/plain', body: 'not found\n' };
const TOO_LARGE: WitnessAnswer = { status: 413, type: 'text/plain', body: 'too large\n' };

/** The HTTP interface of https://c2sp.org/tlog-witness, submission and monitoring, not yet listening. */
export function createWitnessServer(witness: Witness, log: (line: string) => void): Server {
  const server = createServer(
    { requestTimeout: 10_000, headersTimeout: 5_000, keepAliveTimeout: 15_000 },
    (request, response) => {
      answer(witness, request).then(
        (given) => {
          if (given.status !== 200) {
            log(`${request.method} ${request.url}: ${given.status} ${given.body.trim()}`);
          }
          send(response, given);
        },
        (error: unknown) => {
          log(`${request.method} ${request.url} failed: ${String(error)}`);
          send(response, { status: 500, type: 'text/plain', body: 'the witness failed\n' });
        },
      );
    },
  );
  server.maxHeadersCount = 100;
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

async function answer(witness: Witness, request: IncomingMessage): Promise<WitnessAnswer> {
  const path = (request.url ?? '').split('?')[0] ?? '';
  if (path === '/add-checkpoint') {
    if (request.method !== 'POST') return notAllowed('POST');
    const body = await readBody(request);
    return body === null ? TOO_LARGE : witness.addCheckpoint(body);
  }
  const hash = /^\/([0-9a-f]{64})\/checkpoint$/.exec(path)?.[1];
  if (hash === undefined) return NOTHING;
  if (request.method !== 'GET' && request.method !== 'HEAD') return notAllowed('GET');
  const note = witness.checkpointOf(hash);
  return note === null ? NOTHING : { status: 200, type: 'text/plain; charset=utf-8', body: note };
}

function notAllowed(method: string): WitnessAnswer {
  return { status: 405, type: 'text/plain', body: `only ${method}\n` };
}

/** Null: more than a request may have. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY) chunks.push(chunk);
    else if (size > 4 * MAX_BODY) break; // whatever follows is not read to its end
  }
  return size > MAX_BODY ? null : Buffer.concat(chunks);
}

function send(response: ServerResponse, { status, type, body }: WitnessAnswer): void {
  if (response.destroyed) return;
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** A client that never hangs up must not keep its place. */
export const LINGER_MS = 2_000;
/** A WebSocket client says nothing before it is let in. */
const MAX_EARLY_BYTES = 64 * 1024;

/** What a client sends before it has its answer. */
export interface EarlyBytes {
  take(): Buffer;
}

/** Reads while the client waits: else nobody would notice that it has left. */
export function bufferEarlyBytes(socket: Duplex, head: Buffer): EarlyBytes {
  let chunks = [head];
  let bytes = head.byteLength;
  const keep = (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > MAX_EARLY_BYTES) socket.destroy();
  };
  const leave = () => socket.destroy();
  socket.on('data', keep);
  socket.on('end', leave);
  return {
    take: () => {
      socket.pause();
      socket.off('data', keep);
      socket.off('end', leave);
      const early = Buffer.concat(chunks);
      chunks = [];
      return early;
    },
  };
}

export function refuseUpgrade(socket: Duplex, status: number, text: string): void {
  if (socket.destroyed) return;
  const body = Buffer.from(text);
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${body.byteLength}`,
    'Access-Control-Allow-Origin: *',
    ...(status === 503 ? ['Retry-After: 2'] : []),
    'Connection: close',
  ];
  socket.end(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]));
  socket.resume();
  const hangUp = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('close', () => clearTimeout(hangUp));
}

/** Instead of LiveKit's own text, which holds the token. */
export const TOKEN_REFUSED = 'LiveKit refuses the token.';

/** LiveKit's own refusal. */
export async function relayRefusal(socket: Duplex, response: IncomingMessage): Promise<void> {
  const status = response.statusCode ?? 502;
  let text = '';
  try {
    for await (const chunk of response) text = (text + String(chunk)).slice(0, 1_000);
  } catch {
    text = '';
  }
  refuseUpgrade(socket, status, status === 401 ? TOKEN_REFUSED : text.trim());
}

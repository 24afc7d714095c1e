import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CuttingRelay {
  readonly url: string;
  /** What becomes of an export after its first entries: it waits for ever, breaks off, or goes on. */
  mode: 'hold' | 'cut' | 'normal';
  stop(): Promise<void>;
}

const EXPORT = '/api/v1/ledger/export?';
const ENTRY = '\n{"leaf":';
export const ENTRIES_BEFORE = 5;

/** A proxy between the browser and the server, whose wire is bad for exports. */
export async function startCuttingRelay(target: string): Promise<CuttingRelay> {
  const relay = { mode: 'normal' as CuttingRelay['mode'] };
  const server = createServer((asked, response) => {
    const { method, url = '/', headers } = asked;
    const { 'accept-encoding': _, ...rest } = headers;
    const onward = request(`${target}${url}`, { method, headers: rest }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      if (url.startsWith(EXPORT) && relay.mode !== 'normal') spoil(answer, response, relay.mode);
      else answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    asked.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(relay, {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

/** Lets a few entries pass, and the beginning of the next one. */
function spoil(answer: IncomingMessage, response: ServerResponse, mode: 'hold' | 'cut'): void {
  let text = '';
  const take = (chunk: Buffer) => {
    text += chunk.toString('latin1');
    let end = -1;
    for (let entry = 0; entry <= ENTRIES_BEFORE; entry++) {
      end = text.indexOf(ENTRY, end + 1);
      if (end < 0) return;
    }
    answer.off('data', take).pause();
    response.write(Buffer.from(text.slice(0, end + ENTRY.length), 'latin1'), () => {
      if (mode === 'cut') response.destroy();
    });
  };
  answer.on('data', take);
}

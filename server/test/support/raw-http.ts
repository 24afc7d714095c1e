import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
  readonly socket: Socket;
}

/** Sends bytes as they are: what no client library lets one send. Answers with the status line. */
export function sendRaw(port: number, bytes: string, localAddress?: string): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', ...(localAddress && { localAddress }) });
    let text = '';
    const answer = () => {
      const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
      if (status) resolve({ status: Number(status), text, socket });
      else reject(new Error(`no answer: ${JSON.stringify(text)}`));
    };
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      const head = text.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (head !== -1 && Buffer.byteLength(text.slice(head + 4)) >= length) answer();
    });
    socket.on('error', reject);
    socket.on('close', answer);
    socket.write(bytes);
  });
}

/** A WebSocket upgrade, line by line; `lines` come last and may repeat what is there. */
export function upgradeLines(path: string, lines: readonly string[] = []): string {
  return [
    `GET ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...lines,
    '',
    '',
  ].join('\r\n');
}

import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Between LiveKit and Rolecall: what becomes of webhooks on their way. */
export type Delivery = 'normal' | 'lost' | 'duplicated' | 'reordered' | 'late';

/** What LiveKit told, and when it did. */
export interface SeenWebhook {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly event: string;
  readonly room?: { readonly name: string };
  readonly participant?: {
    readonly sid: string;
    readonly identity: string;
    readonly permission?: Readonly<Record<string, unknown>>;
  };
  readonly track?: { readonly sid: string; readonly source?: string };
}

export interface WebhookRelay {
  readonly url: string;
  /** Everything that came, whatever became of it. */
  readonly seen: readonly SeenWebhook[];
  mode: Delivery;
  /** Where they go. */
  target: string | null;
  stop(): Promise<void>;
}

const GATHER_MS = 400;
const LATE_MS = 2_000;

/** Answers LiveKit at once, and then loses, repeats, turns round or holds back what it was given. */
export async function startWebhookRelay(): Promise<WebhookRelay> {
  const held: (() => void)[] = [];
  const seen: SeenWebhook[] = [];
  let timer: NodeJS.Timeout | null = null;
  const relay = { mode: 'normal' as Delivery, target: null as string | null };
  const server = createHttpServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.end();
      seen.push({ ...JSON.parse(Buffer.concat(chunks).toString()), at: Date.now() });
      const { authorization = '', 'content-type': type = '' } = request.headers;
      const forward = () => {
        if (!relay.target) return;
        const headers = { authorization, 'content-type': type };
        const body = Buffer.concat(chunks);
        void fetch(relay.target, { method: 'POST', headers, body }).catch(() => undefined);
      };
      switch (relay.mode) {
        case 'normal':
          return forward();
        case 'lost':
          return;
        case 'duplicated':
          forward();
          forward();
          return void setTimeout(forward, GATHER_MS);
        case 'late':
          return void setTimeout(forward, LATE_MS);
        case 'reordered':
          held.unshift(forward);
          timer ??= setTimeout(() => {
            timer = null;
            for (const send of held.splice(0)) send();
          }, GATHER_MS);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(relay, {
    url: `http://127.0.0.1:${port}/`,
    seen,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

export interface TcpRelay {
  readonly port: number;
  /** What comes from now on waits; answers with what was sent and is waiting. */
  hold(): void;
  /** What waits is thrown away, with its connections, and things go on as usual. */
  discard(): void;
  /** The connections of now carry nothing more, and neither side is told. New ones work. */
  forget(): void;
  /** Bytes that wait. */
  readonly waiting: number;
  stop(): Promise<void>;
}

/** A wire that can be held: what was sent has left its sender, and has not arrived. */
export async function startTcpRelay(targetPort: number): Promise<TcpRelay> {
  const pairs = new Set<[Socket, Socket]>();
  const forgotten = new WeakSet<[Socket, Socket]>();
  let isHeld = false;
  let waiting = 0;
  const server = createServer((client) => {
    const remote = connect(targetPort, '127.0.0.1');
    const pair: [Socket, Socket] = [client, remote];
    pairs.add(pair);
    const end = () => {
      client.destroy();
      remote.destroy();
      pairs.delete(pair);
    };
    for (const side of pair) side.on('error', end).on('close', end);
    client.on('data', (chunk) => {
      if (forgotten.has(pair)) return;
      if (isHeld) waiting += chunk.byteLength;
      else remote.write(chunk);
    });
    remote.on('data', (chunk) => {
      if (!forgotten.has(pair)) client.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    hold: () => {
      isHeld = true;
    },
    discard: () => {
      for (const pair of pairs) for (const side of pair) side.destroy();
      isHeld = false;
      waiting = 0;
    },
    forget: () => {
      for (const pair of pairs) forgotten.add(pair);
    },
    get waiting() {
      return waiting;
    },
    stop: async () => {
      for (const pair of pairs) for (const side of pair) side.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

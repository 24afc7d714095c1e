import { until } from './until.js';

export interface StreamFrame {
  readonly id: string | null;
  readonly event: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- frames are checked by expectations
  readonly data: any;
  readonly at: number;
}

/** A client of server-sent events that keeps every frame. */
export class EventStreamClient {
  readonly frames: StreamFrame[] = [];
  isClosed = false;
  private readonly abort = new AbortController();

  private constructor(readonly status: number) {}

  static async open(url: string, headers: Record<string, string> = {}): Promise<EventStreamClient> {
    const abort = new AbortController();
    const response = await fetch(url, { headers, signal: abort.signal });
    const client = new EventStreamClient(response.status);
    abort.signal.addEventListener('abort', () => (client.isClosed = true));
    client.abort.signal.addEventListener('abort', () => abort.abort());
    void client.read(response).catch(() => (client.isClosed = true));
    return client;
  }

  next(what: string, check: (frame: StreamFrame) => boolean, deadlineMs?: number) {
    return until(what, () => this.frames.find(check), deadlineMs);
  }

  close(): void {
    this.abort.abort();
  }

  private async read(response: Response): Promise<void> {
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) this.take(block);
    }
    this.isClosed = true;
  }

  private take(block: string): void {
    const field = (name: string) =>
      block
        .split('\n')
        .find((line) => line.startsWith(`${name}: `))
        ?.slice(name.length + 2);
    const event = field('event');
    if (!event) return;
    const data: unknown = JSON.parse(field('data') ?? 'null');
    this.frames.push({ id: field('id') ?? null, event, data, at: performance.now() });
  }
}

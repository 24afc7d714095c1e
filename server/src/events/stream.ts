import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Actor } from '../actor/actor.js';

/** A client that does not read what it is sent is let go once this much waits for it. */
const MAX_BACKLOG_BYTES = 1024 * 1024;

/** One client's stream of server-sent events. */
export class Stream {
  /** What it asked for, as the feed names topics: `me` is `operator:<id>` there. */
  readonly topics: ReadonlySet<string>;
  isClosed = false;
  /** It still gets what it missed: until it has all of that, its id must not move on. */
  isCatchingUp = false;
  private lastId: number;

  constructor(
    readonly request: FastifyRequest,
    private readonly reply: FastifyReply,
    public actor: Actor,
    topics: readonly string[],
    lastId: number,
    onClose: (stream: Stream) => void,
  ) {
    this.topics = new Set(topics);
    this.lastId = lastId;
    const ended = () => {
      if (this.isClosed) return;
      this.isClosed = true;
      onClose(this);
    };
    reply.raw.on('close', ended);
    reply.raw.on('error', ended);
  }

  open(): void {
    this.reply.hijack();
    this.reply.raw.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      Connection: 'keep-alive',
      'X-Accel-Buffering': 'no',
      'X-Content-Type-Options': 'nosniff',
      'X-Request-Id': String(this.request.id),
    });
    this.reply.raw.write('retry: 1000\n\n');
  }

  /** Without an id of its own a frame repeats the last one: resuming from it skips nothing. */
  send(event: string, data: object, id = this.lastId): void {
    if (this.isClosed) return;
    if (!this.isCatchingUp) this.lastId = Math.max(this.lastId, id);
    const { raw } = this.reply;
    raw.write(`id: ${this.lastId}\nevent: ${event}\ndata: ${textOf(data)}\n\n`);
    if (raw.writableLength > MAX_BACKLOG_BYTES) raw.destroy();
  }

  close(): void {
    if (!this.isClosed) this.reply.raw.end();
  }
}

const texts = new WeakMap<object, string>();

/** What a thousand streams are sent is the same object: it is written out once. */
function textOf(data: object): string {
  let text = texts.get(data);
  if (text === undefined) {
    text = JSON.stringify(data);
    texts.set(data, text);
  }
  return text;
}

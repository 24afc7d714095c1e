import { type Dispatcher, Pool } from 'undici';

/** A message as @livekit/protocol has it. */
interface Outgoing {
  toBinary(): Uint8Array;
}
interface Incoming<T> {
  fromBinary(bytes: Uint8Array): T;
}

/** One call of one of LiveKit's services. */
export interface TwirpCall<T> {
  readonly method: string;
  readonly request: Outgoing;
  readonly answer: Incoming<T>;
  readonly token: string;
  /** Told of the `Date` header of whatever answers. */
  readonly onDate?: (header: string | null) => void;
}

/** Why LiveKit takes no token of ours. */
export type TokenRefusal = 'unknown_key' | 'wrong_secret' | 'clock';

/** What LiveKit refused, or failed over. Its text is not kept: a 401 repeats the whole token. */
export class TwirpError extends Error {
  constructor(
    readonly status: number,
    readonly code: string | null,
    readonly tokenRefusal: TokenRefusal | null = null,
    /** Where a redirect leads. */
    readonly location: string | null = null,
    /** The service is not there: it needs Redis, which this LiveKit runs without. */
    readonly needsRedis = false,
  ) {
    super(`LiveKit answered ${status} (${code ?? 'no code'})`);
    this.name = 'TwirpError';
  }
}

/** Something answers at LiveKit's address, and it is not LiveKit. */
export class NotLiveKitError extends Error {
  constructor() {
    super('it is not LiveKit that answers');
    this.name = 'NotLiveKitError';
  }
}

const PROTOBUF = 'application/protobuf';
/** By the words of livekit-server v1.13.5 (`pkg/service/errors.go`). */
const NEEDS_REDIS = '(redis required)';

/**
 * Twirp in protobuf over connections that are kept alive: a quarter of the processor time that the
 * SDK's JSON over `fetch` takes, which is what changing a thousand people at once is made of.
 */
export class TwirpClient {
  private readonly pool: Pool;
  private readonly path: string;

  constructor(
    url: string,
    private readonly timeoutMs: number,
    service = 'RoomService',
  ) {
    const { origin, pathname } = new URL(url);
    this.path = `${pathname.replace(/\/+$/, '')}/twirp/livekit.${service}/`;
    // Time is kept for each call as a whole, also while it waits for a connection.
    const own = { headersTimeout: 0, bodyTimeout: 0 };
    this.pool = new Pool(origin, { ...own, connect: { timeout: timeoutMs } });
  }

  /** Rejects with a `TwirpError`, a `TimeoutError`, or what the connection failed with. */
  async call<T>({ method, request, answer, token, onDate }: TwirpCall<T>): Promise<T> {
    const reply = await this.exchange(method, request.toBinary(), token);
    onDate?.(reply.headers['date'] ?? null);
    const content = contentOf(reply);
    try {
      return answer.fromBinary(content);
    } catch {
      throw new NotLiveKitError();
    }
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }

  private exchange(method: string, body: Uint8Array, token: string): Promise<Reply> {
    const headers = ['content-type', PROTOBUF, 'authorization', `Bearer ${token}`];
    const path = this.path + method;
    return new Promise<Reply>((resolve, reject) => {
      const exchange = new Exchange(this.timeoutMs, (error, reply) =>
        error ? reject(error) : resolve(reply),
      );
      this.pool.dispatch({ path, method: 'POST', headers, body }, exchange);
    });
  }
}

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

type Done = (error: Error | null, reply: Reply) => void;

/** One request and its answer; `done` is called once, at the latest when the time is over. */
class Exchange implements Dispatcher.DispatchHandler {
  private readonly timer: NodeJS.Timeout;
  private readonly chunks: Buffer[] = [];
  private controller: Dispatcher.DispatchController | null = null;
  private isOver = false;
  private status = 0;
  private headers: Record<string, string> = {};

  constructor(
    timeoutMs: number,
    private readonly done: Done,
  ) {
    this.timer = setTimeout(() => this.end(timeout()), timeoutMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    // It waited for a connection longer than anybody waited for it: LiveKit need not hear of it.
    if (this.isOver) controller.abort(timeout());
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.status = status;
    for (const name of ['content-type', 'date', 'location']) {
      const value = headers[name];
      if (value !== undefined) this.headers[name] = String(value);
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.end(null);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.end(error);
  }

  private end(error: Error | null): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.timer);
    if (error) this.controller?.abort(error);
    const [only] = this.chunks;
    const body = this.chunks.length === 1 && only ? only : Buffer.concat(this.chunks);
    this.done(error, { status: this.status, headers: this.headers, body });
  }
}

function contentOf({ status, headers, body }: Reply): Uint8Array {
  if (status !== 200) {
    const refusal = status === 401 ? tokenRefusalOf(body) : null;
    const needsRedis = status === 500 && Buffer.from(body).includes(NEEDS_REDIS);
    throw new TwirpError(status, codeOf(body), refusal, headers['location'] ?? null, needsRedis);
  }
  if (!headers['content-type']?.startsWith(PROTOBUF)) throw new NotLiveKitError();
  return body;
}

/**
 * By the words of livekit-server up to v1.13.5 (`pkg/service/auth.go`) and of the two JWT libraries
 * that it has used. Null for the 401 of something in between.
 */
function tokenRefusalOf(body: Uint8Array): TokenRefusal | null {
  const text = Buffer.from(body).toString();
  if (text.startsWith('invalid API key')) return 'unknown_key';
  // The token comes first, and may hold any word.
  const why = /^invalid token.*, error: (.*)$/s.exec(text)?.[1] ?? '';
  if (/expired|not valid yet|before issued/.test(why)) return 'clock';
  return /signature|cryptographic/.test(why) ? 'wrong_secret' : null;
}

function timeout(): Error {
  return new DOMException('LiveKit did not answer in time', 'TimeoutError');
}

/** Twirp's own name for what went wrong; null where something else than LiveKit answered. */
function codeOf(body: Uint8Array): string | null {
  try {
    const { code } = JSON.parse(Buffer.from(body).toString()) as { code?: unknown };
    return typeof code === 'string' ? code : null;
  } catch {
    return null;
  }
}

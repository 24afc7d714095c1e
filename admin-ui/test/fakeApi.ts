export interface Call {
  method: string;
  /** Path and query, after `/api/v1`. */
  route: string;
  headers: Headers;
  body: unknown;
}

export interface FakeAnswer {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
}

type Handler = (call: Call) => FakeAnswer | undefined | Promise<FakeAnswer | undefined>;

/** Replaces `fetch`: answers from `handler` and records the requests. */
export function fakeApi(handler: Handler) {
  const calls: Call[] = [];
  const before = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const call: Call = {
      method: init?.method ?? 'GET',
      route: (input as string).replace(/^\/api\/v1/, ''),
      headers: new Headers(init?.headers),
      body: typeof init?.body === 'string' ? JSON.parse(init.body) : undefined,
    };
    calls.push(call);
    const { status = 200, headers, body } = (await handler(call)) ?? { status: 404, body: {} };
    const text = body === undefined ? null : JSON.stringify(body);
    return new Response(text, { status, headers });
  };
  return {
    calls,
    restore: () => {
      globalThis.fetch = before;
    },
  };
}

/** The filter, range or sort of a list call. */
export function queryOf(route: string, name: string): unknown {
  const text = new URLSearchParams(route.split('?')[1]).get(name);
  return text === null ? null : JSON.parse(text);
}

import { HttpError } from 'react-admin';
import { countLosses, reportReachable, reportUnreachable } from './connectivity';
import { requestReauthentication } from './reauthentication';
import { noteServerTime } from './serverClock';

export const API = '/api/v1';

/** What the server says when it refuses, RFC 9457. */
export interface Problem {
  type?: string;
  title?: string;
  status: number;
  detail?: string;
  code?: string;
  requestId?: string;
  errors?: Record<string, string>;
  [key: string]: unknown;
}

/** react-admin forms read `body.errors`; notifications read `message`. */
export class ProblemError extends HttpError {
  declare readonly body: Problem;

  constructor(
    problem: Problem,
    readonly retryAfter?: number,
  ) {
    super(problem.detail || problem.title || `HTTP ${problem.status}`, problem.status, problem);
    // HttpError (ra-core 5.15) sets its own prototype, which hides the subclass.
    Object.setPrototypeOf(this, new.target.prototype);
    this.name = 'ProblemError';
  }

  get code() {
    return this.body.code;
  }

  get requestId() {
    return this.body.requestId;
  }
}

/** The server did not answer at all. Status 0 tells it from an answer. */
export class UnreachableError extends ProblemError {
  constructor(cause: unknown) {
    super({ status: 0, title: 'app.error.unreachable', code: 'network.unreachable' });
    this.name = 'UnreachableError';
    this.cause = cause;
  }
}

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  headers?: Record<string, string | undefined>;
  signal?: AbortSignal;
  /** Sent as `Idempotency-Key`; give one to make a repeated call the same call. */
  idempotencyKey?: string;
  /** Goes on when the page goes. */
  isKeptAlive?: boolean;
  /** A 401 is an answer here, not a session that ended. */
  isAnonymous?: boolean;
}

export interface Answer<T> {
  status: number;
  headers: Headers;
  json: T;
}

export const path = (...segments: (string | number)[]) =>
  segments.map((segment) => `/${encoded(String(segment))}`).join('');

/**
 * Browsers take `.` and `..` out of an address, also as `%2e`, and what is left is about something
 * else: of a seat its room. With a NUL, which no name has, the server refuses it.
 */
function encoded(segment: string): string {
  return /^\.{1,2}$/.test(segment) ? `%00${segment}` : encodeURIComponent(segment);
}

/**
 * One call to the API. Throws `ProblemError` for every refusal. When the session has ended it asks
 * for the password in place and sends the same call again, with the same idempotency key.
 */
export async function request<T>(route: string, options: RequestOptions = {}): Promise<Answer<T>> {
  const method = options.method ?? 'GET';
  const isMutation = method !== 'GET';
  const headers = new Headers({ Accept: 'application/json' });
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (value !== undefined) headers.set(name, value);
  }
  if (isMutation) headers.set('Idempotency-Key', options.idempotencyKey ?? newKey());
  if (options.body !== undefined) headers.set('Content-Type', 'application/json');

  const send = async () => {
    const response = await answerOf(withQuery(`${API}${route}`, options.query), {
      method,
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal,
      credentials: 'same-origin',
      keepalive: options.isKeptAlive ?? false,
    });
    return response;
  };

  let response = await send();
  if (response.status === 401 && !options.isAnonymous && (await requestReauthentication())) {
    response = await send();
  }
  if (isMutation) noteServerTime(response.headers.get('Date'));
  if (!response.ok) throw await problemOf(response);
  return { status: response.status, headers: response.headers, json: await bodyOf<T>(response) };
}

export const getJson = async <T>(
  route: string,
  options?: Omit<RequestOptions, 'method' | 'body'>,
) => (await request<T>(route, options)).json;

export const postJson = async <T>(route: string, body?: unknown, options?: RequestOptions) =>
  (await request<T>(route, { ...options, method: 'POST', body: body ?? {} })).json;

export const putJson = async <T>(route: string, body: unknown, options?: RequestOptions) =>
  (await request<T>(route, { ...options, method: 'PUT', body })).json;

export const deleteJson = async <T>(route: string, options?: RequestOptions) =>
  (await request<T>(route, { ...options, method: 'DELETE' })).json;

export interface DownloadOptions {
  query?: RequestOptions['query'];
  signal?: AbortSignal;
  /** How many bytes have come; how many there will be is not known. */
  onBytes?: (bytes: number) => void;
}

/** A file that the server makes, with the name that it gives it. Throws as `request` does. */
export async function download(
  route: string,
  { query, signal, onBytes }: DownloadOptions = {},
): Promise<{ name: string; blob: Blob }> {
  const send = () =>
    answerOf(withQuery(`${API}${route}`, query), { credentials: 'same-origin', signal });
  let response = await send();
  if (response.status === 401 && (await requestReauthentication())) response = await send();
  if (!response.ok) throw await problemOf(response);
  const pieces: BlobPart[] = [];
  let bytes = 0;
  const reader = response.body?.getReader();
  try {
    for (let next = await reader?.read(); next?.value; next = await reader?.read()) {
      pieces.push(next.value);
      bytes += next.value.byteLength;
      onBytes?.(bytes);
    }
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new UnreachableError(error); // it was cut off
  }
  const said = response.headers.get('Content-Disposition') ?? '';
  const name = /filename="([^"]+)"/.exec(said)?.[1] ?? 'download';
  return { name, blob: new Blob(pieces, { type: response.headers.get('Content-Type') ?? '' }) };
}

async function answerOf(url: string, init: RequestInit): Promise<Response> {
  const lossesBefore = countLosses();
  try {
    const response = await fetch(url, init);
    if (isFromProxy(response)) reportUnreachable();
    else reportReachable(lossesBefore);
    return response;
  } catch (error) {
    if (init.signal?.aborted) throw error;
    reportUnreachable();
    throw new UnreachableError(error);
  }
}

/** A proxy tells in its own words that nobody is behind it; our own 502 and 503 are JSON. */
const isFromProxy = ({ status, headers }: Response) =>
  [502, 503, 504].includes(status) && !headers.get('Content-Type')?.includes('json');

async function bodyOf<T>(response: Response): Promise<T> {
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

async function problemOf(response: Response): Promise<ProblemError> {
  const retryAfter = Number(response.headers.get('Retry-After')) || undefined;
  const text = await response.text().catch(() => '');
  let problem: Problem = { status: response.status, title: response.statusText };
  try {
    const body = JSON.parse(text) as Partial<Problem> | null;
    if (body && typeof body === 'object')
      problem = { ...problem, ...body, status: response.status };
  } catch {
    // A proxy in between answers with its own page; only the status is known.
  }
  problem.requestId ??= response.headers.get('X-Request-Id') ?? undefined;
  return new ProblemError(problem, retryAfter);
}

function withQuery(url: string, query: RequestOptions['query']) {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== undefined) search.set(key, String(value));
  }
  return search.size === 0 ? url : `${url}?${search}`;
}

/** `crypto.randomUUID` exists in secure contexts only; a dashboard on plain http needs a key too. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';
import { printableJson } from '../../common/printable.js';
import { type Delivery, DeliveryFailed, type Sender } from './delivery.js';

/** A slow destination is waited for, but not for ever. */
const ANSWER_MS = 30_000;
const CONNECT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;
const LONGEST_WAIT_MS = 10 * 60_000;
/** It says that it does not take what it got. Everything else may be another time. */
const REFUSALS: readonly number[] = [400, 413, 415, 422];

export interface HttpsOptions {
  readonly url: string;
  readonly tokenFile: string | null;
  /** Certificates to trust; undefined: those of Node. */
  readonly ca: readonly string[] | undefined;
}

/** Posts events as lines of JSON. What is answered with 2xx counts as taken. */
export class HttpsSender implements Sender {
  private readonly agent: Agent;

  constructor(private readonly options: HttpsOptions) {
    const { ca } = options;
    this.agent = new Agent({
      connections: 1,
      headersTimeout: ANSWER_MS,
      bodyTimeout: ANSWER_MS,
      connect: { timeout: CONNECT_MS, ...(ca && { ca: [...ca] }) },
    });
  }

  async send(events: readonly Record<string, unknown>[]): Promise<Delivery> {
    const { statusCode, headers, body } = await request(this.options.url, {
      dispatcher: this.agent,
      method: 'POST',
      headers: {
        'content-type': 'application/x-ndjson',
        'user-agent': 'rolecall',
        ...(await this.authorization()),
      },
      body: events.map((event) => `${printableJson(JSON.stringify(event))}\n`).join(''),
    });
    // Its text says nothing that is needed, and may be endless.
    await body.dump({ limit: MAX_ANSWER_BYTES, signal: AbortSignal.timeout(ANSWER_MS) });
    if (statusCode >= 200 && statusCode < 300) return { kind: 'taken' };
    const detail = `it answers ${statusCode}`;
    if (REFUSALS.includes(statusCode)) return { kind: 'refused', detail };
    throw new DeliveryFailed(detail, waitIn(headers['retry-after']));
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  /** Read each time: the token may be replaced while the server runs. */
  private async authorization(): Promise<Record<string, string>> {
    const { tokenFile } = this.options;
    if (tokenFile === null) return {};
    const token = await readFile(tokenFile, 'utf8').catch(() => {
      throw new DeliveryFailed('the file with its token cannot be read');
    });
    return { authorization: `Bearer ${token.trim()}` };
  }
}

function waitIn(given: string | string[] | undefined): number | null {
  const seconds = Number(typeof given === 'string' ? given : NaN);
  return seconds > 0 ? Math.min(seconds * 1_000, LONGEST_WAIT_MS) : null;
}

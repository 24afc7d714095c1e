import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  ftruncateSync,
  openSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PlainError } from './errors.mjs';

/** Without a byte for so long, a connection is given up and the download goes on in another one. */
const SILENCE_MS = 20_000;
const PAUSES_MS = [500, 2_000, 5_000];
const MAX_REDIRECTS = 5;
const MAX_BYTES = 500_000_000;
const PROGRESS_EVERY_MS = 200;

/**
 * Downloads `url` to `file`, which is there only when its SHA-256 is `sha256`. What a lost connection
 * left is continued where the server can do that. `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` hold.
 * Throws a PlainError with the cause.
 */
export async function download(options) {
  const {
    url,
    file,
    sha256,
    bytes,
    needs = 0,
    silenceMs = SILENCE_MS,
    pausesMs = PAUSES_MS,
    proxyEnvironment = process.env,
    onProgress = () => {},
    signal,
  } = options;
  const part = `${file}.part`;
  refuseFullDisk(dirname(file), needs);
  if (bytes !== undefined && sizeOf(part) > bytes) rmSync(part, { force: true });
  const isContinued = sizeOf(part) > 0;
  for (let failures = 0; ; failures += 1) {
    try {
      await fetchRest({ url, part, bytes, silenceMs, proxyEnvironment, onProgress, signal });
      break;
    } catch (error) {
      if (error instanceof PlainError || signal?.aborted) throw error;
      if (isFullDisk(error)) {
        rmSync(part, { force: true });
        throw fullDisk(dirname(file));
      }
      const pause = pausesMs[failures];
      if (pause === undefined) throw describe(error, url);
      onProgress({ received: sizeOf(part), total: bytes ?? null, isWaiting: true });
      await delay(pause, undefined, { signal });
    }
  }
  const found = await sha256Of(part);
  if (found !== sha256) {
    rmSync(part, { force: true });
    // The first half may be of another file, that the address led to before.
    if (isContinued) return download(options);
    throw new PlainError(
      `what ${shown(url)} sent is not what it should be: its SHA-256 is ${found}, not ${sha256}`,
      'It was thrown away and not run. Check the address, or the mirror.',
    );
  }
  renameSync(part, file);
}

export function isFullDisk({ code }) {
  return code === 'ENOSPC' || code === 'EDQUOT';
}

export function fullDisk(folder) {
  return new PlainError(
    `the disk of ${folder} is full`,
    'Make room there, or set ROLECALL_HOME to a folder on another disk.',
  );
}

/** One request for what is not there yet. Throws what went wrong; what came stays in `part`. */
async function fetchRest({ url, part, bytes, onProgress, ...connection }) {
  const has = sizeOf(part);
  if (bytes !== undefined && has === bytes) return;
  const response = await request(new URL(url), has, connection);
  const { statusCode, headers } = response;
  if (statusCode === 416) {
    // It is whole or it is another file; the sum tells, and a wrong one is asked for anew.
    response.destroy();
    if (bytes === undefined) return;
    rmSync(part, { force: true });
    throw new Error('it does not continue a download');
  }
  const start = statusCode === 206 ? rangeStart(headers['content-range']) : 0;
  if (statusCode !== 200 && !(statusCode === 206 && start === has)) {
    response.destroy();
    const problem = `${shown(url)} answers ${statusCode}`;
    // Those that pass by themselves are tried again.
    if (statusCode >= 500 || statusCode === 429 || statusCode === 408) throw new Error(problem);
    throw new PlainError(problem, 'Check ROLECALL_LIVEKIT_ARCHIVE, or the proxy between.');
  }
  const length = headers['content-length'] === undefined ? null : Number(headers['content-length']);
  const total = bytes ?? (length === null ? null : start + length);
  const limit = bytes ?? MAX_BYTES;
  const output = openSync(part, start > 0 ? 'a' : 'w', 0o600);
  let received = start;
  let toldAt = 0;
  try {
    if (start === 0) ftruncateSync(output, 0);
    for await (const chunk of response) {
      received += chunk.length;
      if (received > limit) {
        rmSync(part, { force: true });
        throw new PlainError(
          `${shown(url)} sends more than the ${limit} bytes that it should have`,
        );
      }
      for (let at = 0; at < chunk.length;) at += writeSync(output, chunk, at);
      if (Date.now() - toldAt < PROGRESS_EVERY_MS) continue;
      toldAt = Date.now();
      onProgress({ received, total, isWaiting: false });
    }
  } finally {
    closeSync(output);
    response.destroy();
  }
  if (total !== null && received < total) throw new Error('the connection was cut off');
  onProgress({ received, total, isWaiting: false });
}

async function request(url, from, connection) {
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const response = await ask(url, from, connection);
    const { statusCode, headers } = response;
    if (![301, 302, 303, 307, 308].includes(statusCode) || !headers.location) return response;
    response.destroy();
    const next = new URL(headers.location, url);
    if (url.protocol === 'https:' && next.protocol !== 'https:') {
      throw new PlainError(`${url.origin} leads away from https, to ${next.origin}`);
    }
    url = next;
  }
  throw new PlainError(`${url.origin} leads in circles`);
}

function ask(url, from, { silenceMs, proxyEnvironment, signal }) {
  const client = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const asked = client.get(
      url,
      {
        agent: new client.Agent({ proxyEnv: proxyEnvironment }),
        headers: {
          'user-agent': 'rolecall',
          'accept-encoding': 'identity',
          ...(from > 0 ? { range: `bytes=${from}-` } : {}),
        },
        timeout: silenceMs,
        signal,
      },
      (response) => {
        asked.off('error', reject);
        // What happens to the connection from here on ends the body with an error.
        asked.on('error', (error) => response.destroy(error));
        resolve(response);
      },
    );
    asked.once('error', reject);
    asked.once('timeout', () => asked.destroy(new Error('nothing came for too long')));
  });
}

/** Without what may be secret: credentials, and a query that is signed. */
export function shown(url) {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

function rangeStart(range) {
  return Number(/^bytes (\d+)-/.exec(range ?? '')?.[1] ?? NaN);
}

function sizeOf(file) {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

async function sha256Of(file) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest('hex');
}

function refuseFullDisk(folder, needs) {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= needs) return;
  const free = Math.floor((bavail * bsize) / 1_000_000);
  throw new PlainError(
    `${folder} has room for ${free} MB, and ${Math.ceil(needs / 1_000_000)} MB are needed`,
    'Make room there, or set ROLECALL_HOME to a folder on another disk.',
  );
}

const CAUSES = {
  ENOTFOUND: 'its name is not known here',
  EAI_AGAIN: 'its name cannot be looked up',
  ECONNREFUSED: 'it refuses the connection',
  ECONNRESET: 'it cut the connection off',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no network',
};

function describe(error, url) {
  const cause = CAUSES[error.code] ?? error.message;
  return new PlainError(
    `${new URL(url).host} could not be downloaded from: ${cause}`,
    'Check the network, set HTTPS_PROXY, or name a mirror in ROLECALL_LIVEKIT_ARCHIVE.',
  );
}

import {
  type BundleRef,
  bundlePath,
  type LogFiles,
  tilePath,
} from '@rolecall/server/ledger-remote';
import { VerifyError } from './VerifyError';

const BUSY = [429, 503];
const MAX_ATTEMPTS = 30;
const waitFor = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A file of the log as the server has it now: nothing that the browser kept of it counts. */
async function read(path: string): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(path, { cache: 'no-store', credentials: 'same-origin' }).catch(
      (error: unknown) => {
        throw new VerifyError('unreachable', String(error));
      },
    );
    if (!BUSY.includes(response.status) || attempt === MAX_ATTEMPTS) return response;
    await waitFor((Number(response.headers.get('Retry-After')) || 1) * 1_000);
  }
}

async function bytesOf(response: Response): Promise<Uint8Array | null> {
  if (response.status === 404) return null;
  if (response.status === 401) throw new VerifyError('signed_out', '');
  if (!response.ok) throw new VerifyError('unreachable', `${response.url}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

export async function readText(path: string): Promise<string> {
  const response = await read(path);
  if (response.status === 409) throw new VerifyError('not_sealed', '');
  const bytes = await bytesOf(response);
  return new TextDecoder().decode(bytes ?? new Uint8Array());
}

/** What the log has signed of entries that rules let go; who is limited to some rooms is told nothing. */
export async function readForgotten(): Promise<string[]> {
  const response = await read('/api/v1/ledger/forgotten');
  if (response.status === 403) return [];
  const bytes = await bytesOf(response);
  return bytes ? (JSON.parse(new TextDecoder().decode(bytes)) as { data: string[] }).data : [];
}

/** Who is limited to some rooms may read hashes, and no entries. */
export async function openLog(size: number): Promise<LogFiles> {
  const bundle = async (ref: BundleRef) => bytesOf(await read(`/ledger/${bundlePath(ref)}`));
  const first = { index: 0, width: Math.min(256, size) };
  const probe = size === 0 ? null : await read(`/ledger/${bundlePath(first)}`);
  return {
    tile: async (ref) => bytesOf(await read(`/ledger/${tilePath(ref)}`)),
    bundle: probe?.status === 403 ? null : bundle,
  };
}

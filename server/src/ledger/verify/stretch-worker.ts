import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { readPostgresUrl } from '../../config/postgres-url.js';
import { connectionOf } from '../../database/connection-of.js';
import { readWholeNow } from '../sealing/whole-file.js';
import { ForgottenLeaves } from './forgotten-leaves.js';
import { LedgerTables } from './ledger-tables.js';
import { beginSnapshot } from './snapshot-client.js';
import { type MirrorFiles, type Stretch, StretchHasher } from './stretch-hasher.js';
import type { StretchAnswer, WorkerInput } from './stretch-workers.js';

// A thread that hashes stretches: it has its own connection, and sees the snapshot that it is given.

const { databaseUrl, snapshot, mirror, forgotten } = workerData as WorkerInput;
const { Client, ...options } = connectionOf(readPostgresUrl(databaseUrl), true, {
  application_name: 'rolecall-verify',
  connectionTimeoutMillis: 5_000,
});
const client = new Client(options);

const files: MirrorFiles | null = mirror && {
  size: mirror.size,
  file: mirror.folder === null ? null : fileIn(mirror.folder),
};
const hasher = new StretchHasher(new LedgerTables(client), files, new ForgottenLeaves(forgotten));
const ready = client.connect().then(() => beginSnapshot(client, snapshot));

parentPort?.on('message', (stretch: Stretch) => {
  void answer(stretch).then(
    (hashed) =>
      parentPort?.postMessage({ hashed } satisfies StretchAnswer, [
        hashed.hashes.buffer as ArrayBuffer,
      ]),
    (error: Error & { code?: string }) =>
      parentPort?.postMessage({
        failure: { message: error.message, code: error.code },
      } satisfies StretchAnswer),
  );
});

async function answer(stretch: Stretch) {
  await ready;
  return hasher.hash(stretch);
}

/** Nothing else waits in this thread, and reading at once takes a fraction of the time. */
function fileIn(folder: string): (path: string) => Uint8Array | null {
  return (path) => readWholeNow(join(folder, path));
}

import { sha256 } from '@noble/hashes/sha2.js';
import {
  checkLog,
  type CheckEd25519,
  forgottenIn,
  type PublishedKey,
  readLogHead,
  TreeHasher,
} from '@rolecall/server/ledger-remote';
import { openLog, readForgotten, readText } from './logFiles';
import type { VerifyMessage, VerifyRequest, VerifyResult } from './verification';
import { VerifyError } from './VerifyError';

const PROGRESS_MS = 100;

/** Verifies the log that serves this page, with hashes and signatures made in this browser. */
export async function verifyLog(
  { pin, kept, isOnlyNew }: VerifyRequest,
  tell: (message: VerifyMessage) => void,
): Promise<VerifyResult> {
  const began = performance.now();
  const elapsed = () => Math.round(performance.now() - began);
  const note = await readText('/ledger/checkpoint');
  const { keys } = JSON.parse(await readText('/api/v1/ledger/keys')) as { keys: PublishedKey[] };
  const also = await readForgotten();
  const head = await readLogHead({ note, keys, pin, kept, also }, sha256, checkEd25519);
  const isPinned = pin !== null;
  const { checkpoint } = head;
  const forgotten = forgottenIn(also, head.verifiers);
  const problems = [...head.problems, ...(checkpoint ? forgotten.problems : [])];
  if (!checkpoint) {
    const nothing = { what: 'entries', size: 0, checked: 0, since: null, wrong: null } as const;
    return { ...nothing, isProved: false, isKept: false, isPinned, problems, ms: elapsed(), note };
  }
  const files = await openLog(checkpoint.size);
  let toldAt = 0;
  const report = await checkLog(
    files,
    new TreeHasher(sha256),
    {
      checkpoint: { ...checkpoint, name: 'the newest checkpoint' },
      kept: head.kept && { ...head.kept, name: 'the checkpoint of the last run here' },
      isOnlyNew,
      forgotten: forgotten.leaves,
    },
    {
      signal: new AbortController().signal, // who cancels ends the worker
      onProgress: (progress) => {
        if (elapsed() - toldAt < PROGRESS_MS) return;
        toldAt = elapsed();
        tell({ type: 'progress', ...progress, ms: toldAt });
      },
    },
  );
  return {
    isProved: report.finding === null && problems.length === 0,
    what: files.bundle ? 'entries' : 'hashes',
    isPinned,
    isKept: head.kept !== null,
    size: report.size,
    checked: report.checked,
    since: report.from > 0 ? (head.kept?.size ?? null) : null,
    ms: elapsed(),
    wrong: report.finding,
    problems,
    note,
  };
}

export const checkEd25519: CheckEd25519 = async (publicKey, message, signature) => {
  // On plain http a browser offers no cryptography.
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (!subtle) throw new VerifyError('no_crypto', '');
  const key = await subtle
    .importKey('raw', asSource(publicKey), 'Ed25519', false, ['verify'])
    .catch((error: unknown) => {
      throw new VerifyError('no_ed25519', String(error));
    });
  return subtle.verify('Ed25519', key, asSource(signature), asSource(message));
};

/** WebCrypto takes no bytes that could be shared memory. */
const asSource = (bytes: Uint8Array) => new Uint8Array(bytes);

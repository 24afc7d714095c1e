import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type FileHandle, link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Null when there is no such file. */
export async function readWhole(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    return nullWhenMissing(error);
  }
}

/** The same in one go, for threads in which nothing else waits. */
export function readWholeNow(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    return nullWhenMissing(error);
  }
}

function nullWhenMissing(error: unknown): null {
  if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
  throw error;
}

interface WriteOptions {
  readonly mode: number;
  /** A file that is there stays as it is. */
  readonly isFirst?: boolean;
  /** The caller calls `settle` with the folder, before anything relies on the file. */
  readonly isSettledLater?: boolean;
}

/** Writes the file whole or not at all, whenever the machine stops. */
export async function writeWhole(
  path: string,
  bytes: Uint8Array,
  { mode, isFirst = false, isSettledLater = false }: WriteOptions,
): Promise<void> {
  const unfinished = `${path}.${randomUUID()}.new`;
  try {
    const file = await openNew(unfinished, mode);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    if (isFirst) await linkNew(unfinished, path);
    else await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw error;
  }
  if (!isSettledLater) await settle(dirname(path));
}

/** The files that were put into a folder are in it, whenever the machine stops. */
export async function settle(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Makes the folder as well, when it is not there. */
async function openNew(path: string, mode: number): Promise<FileHandle> {
  try {
    return await open(path, 'wx', mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  let folder = dirname(path);
  const made = await mkdir(folder, { recursive: true, mode: mode | ((mode & 0o444) >> 2) });
  for (; made && folder.length >= made.length; folder = dirname(folder)) {
    await settle(dirname(folder));
  }
  return open(path, 'wx', mode);
}

async function linkNew(unfinished: string, path: string): Promise<void> {
  await link(unfinished, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(unfinished);
}

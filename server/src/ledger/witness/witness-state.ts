import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The newest checkpoint that a witness cosigned of each log, in a file of its own. A witness that
 * forgets would cosign a second history, so each one is on disk before it is answered.
 */
export class WitnessState {
  private readonly notes = new Map<string, string>();

  private constructor(private readonly folder: string) {}

  static async create(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await syncFolder(folder);
  }

  /** Throws when the folder is not there: that of a witness that has forgotten everything. */
  static async open(folder: string): Promise<WitnessState> {
    const state = new WitnessState(folder);
    for (const name of await readdir(folder)) {
      if (!/^[0-9a-f]{64}$/.test(name)) continue; // unfinished, and so never answered
      state.notes.set(name, await readFile(join(folder, name), 'utf8'));
    }
    return state;
  }

  /** The checkpoint with its signatures; null: none was cosigned. */
  read(originHash: string): string | null {
    return this.notes.get(originHash) ?? null;
  }

  /** All of them, by the hash of the origin. */
  all(): ReadonlyMap<string, string> {
    return this.notes;
  }

  async write(originHash: string, note: string): Promise<void> {
    const unfinished = join(this.folder, `${originHash}.${randomUUID()}`);
    const file = await open(unfinished, 'wx', 0o600);
    try {
      await file.writeFile(note);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, join(this.folder, originHash));
    await syncFolder(this.folder);
    this.notes.set(originHash, note);
  }
}

/** Under which a log's checkpoint is kept and served. */
export function originHash(origin: string): string {
  return createHash('sha256').update(origin).digest('hex');
}

/** A rename lasts when its folder is on disk. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

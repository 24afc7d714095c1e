import { Inject, Injectable } from '@nestjs/common';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { APP_CONFIG, type AppConfig } from '../../config/app-config.js';
import { ObjectMirror } from './object-mirror.js';
import { readWhole, settle, writeWhole } from './whole-file.js';

/** Where tiles, bundles and checkpoints leave the database for: a folder or an object store. */
export interface MirrorStore {
  /** For people. */
  readonly place: string;
  /** Null: there is no such file. */
  read(path: string): Promise<Uint8Array | null>;
  /** Whole or not at all. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** What was written until now stays, whenever the machine stops. */
  settle(): Promise<void>;
  /** Files of one folder; those that are not there do not matter. */
  remove(folder: string, names: readonly string[]): Promise<void>;
}

export class FolderMirror implements MirrorStore {
  private readonly unsettled = new Set<string>();

  constructor(readonly place: string) {}

  read(path: string): Promise<Uint8Array | null> {
    return readWhole(join(this.place, path));
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    const file = join(this.place, path);
    this.unsettled.add(dirname(file));
    await writeWhole(file, bytes, { mode: 0o640, isSettledLater: true });
  }

  /** Once for each folder: the disk takes longer for it than for a file. */
  async settle(): Promise<void> {
    const folders = [...this.unsettled];
    this.unsettled.clear();
    for (const folder of folders) {
      await settle(folder).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error; // partial tiles go with their folder
      });
    }
  }

  /** The whole folder goes, also what an earlier start left in it. */
  remove(folder: string): Promise<void> {
    return rm(join(this.place, folder), { recursive: true, force: true });
  }
}

/** The mirror that the configuration names. */
@Injectable()
export class LedgerMirror {
  readonly store: MirrorStore;

  constructor(@Inject(APP_CONFIG) config: AppConfig) {
    const mirror = config.ledgerMirror;
    this.store = mirror.kind === 's3' ? new ObjectMirror(mirror) : new FolderMirror(mirror.folder);
  }

  /** The newest checkpoint that is in it; null: none is. */
  async checkpoint(): Promise<string | null> {
    const bytes = await this.store.read('checkpoint');
    return bytes && Buffer.from(bytes).toString('utf8');
  }
}

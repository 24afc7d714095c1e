import { Inject, Injectable } from '@nestjs/common';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { APP_CONFIG, type AppConfig } from '../../config/app-config.js';
import { ObjectMirror } from './object-mirror.js';
import { readWhole, writeWhole } from './whole-file.js';

/** Where tiles, bundles and checkpoints leave the database for: a folder or an object store. */
export interface MirrorStore {
  /** For people. */
  readonly place: string;
  /** Null: there is no such file. */
  read(path: string): Promise<Uint8Array | null>;
  /** Whole or not at all. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Files of one folder; those that are not there do not matter. */
  remove(folder: string, names: readonly string[]): Promise<void>;
}

export class FolderMirror implements MirrorStore {
  constructor(readonly place: string) {}

  read(path: string): Promise<Uint8Array | null> {
    return readWhole(join(this.place, path));
  }

  write(path: string, bytes: Uint8Array): Promise<void> {
    return writeWhole(join(this.place, path), bytes, { mode: 0o640 });
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

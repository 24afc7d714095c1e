import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '../../config/app-config.js';
import { readWhole, writeWhole } from './whole-file.js';

/**
 * The newest checkpoint that this server has signed, beside its key: with it the server notices by
 * itself that Postgres went back, whatever became of the mirror.
 */
@Injectable()
export class LastSigned {
  private readonly path: string;

  constructor(@Inject(APP_CONFIG) config: AppConfig) {
    this.path = join(config.home, 'ledger-checkpoint');
  }

  /** Null: it has signed none. */
  async read(): Promise<string | null> {
    return (await readWhole(this.path))?.toString('utf8') ?? null;
  }

  write(note: string): Promise<void> {
    return writeWhole(this.path, Buffer.from(note), { mode: 0o600 });
  }
}

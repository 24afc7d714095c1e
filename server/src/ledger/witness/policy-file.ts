import { readFile } from 'node:fs/promises';
import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '../../config/app-config.js';
import { ConfigError } from '../../config/config-error.js';
import { parsePolicy, type WitnessPolicy } from './policy.js';

/** The policy of witnesses that the configuration names. */
@Injectable()
export class WitnessPolicyFile {
  private policy: Promise<WitnessPolicy | null> | null = null;

  constructor(@Inject(APP_CONFIG) private readonly config: Pick<AppConfig, 'ledgerWitnesses'>) {}

  /** Null: there are no witnesses. Throws a `ConfigError` when the file is not a policy. */
  read(): Promise<WitnessPolicy | null> {
    return (this.policy ??= this.load());
  }

  private async load(): Promise<WitnessPolicy | null> {
    const path = this.config.ledgerWitnesses;
    if (path === null) return null;
    try {
      return parsePolicy(await readFile(path, 'utf8'));
    } catch (error) {
      throw new ConfigError([`ROLECALL_LEDGER_WITNESSES: ${path}: ${(error as Error).message}`]);
    }
  }
}

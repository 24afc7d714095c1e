import 'reflect-metadata';
import { userInfo } from 'node:os';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { z } from 'zod';
import { Actor, SYSTEM_ACTOR } from './actor/actor.js';
import { AppModule } from './app.module.js';
import { AppLogger } from './common/app-logger.js';
import { AppError } from './common/errors/app-error.js';
import type { AppConfig } from './config/app-config.js';
import type { issueBody } from './issuance/issuance.schemas.js';
import { IssuanceService } from './issuance/issuance.service.js';
import { CHECKS, LedgerVerifier, type VerifierReport } from './ledger/ledger-verifier.js';
import { type createOperatorBody, updateOperatorBody } from './operators/operators.schemas.js';
import { OperatorsService } from './operators/operators.service.js';

/** The commands that need the database, carried out by the services of the server. */
export class Commands {
  /** The command line can read the database anyway: it needs no permission, but is logged. */
  private readonly actor = new Actor(
    'system',
    null,
    `command line (${userInfo().username})`,
    SYSTEM_ACTOR.holds,
  );

  private constructor(private readonly app: INestApplicationContext) {}

  static async start(given: AppConfig): Promise<Commands> {
    const config: AppConfig = { ...given, logLevel: 'warn', demo: 'off' };
    const app = await NestFactory.createApplicationContext(AppModule.with(config), {
      logger: new AppLogger(config),
      abortOnError: false,
    });
    return new Commands(app);
  }

  close(): Promise<void> {
    return this.app.close();
  }

  issue(body: z.output<typeof issueBody>) {
    return this.app.get(IssuanceService).issue(this.actor, body);
  }

  async addOperator(body: z.output<typeof createOperatorBody>) {
    const { view, temporaryPassword } = await this.app
      .get(OperatorsService)
      .create(this.actor, body);
    return { email: view.email, password: temporaryPassword };
  }

  /** Ends the sessions of the operator too. */
  async newPassword(email: string): Promise<string> {
    const operators = this.app.get(OperatorsService);
    const { rows } = await operators.list({
      filter: { q: email },
      sort: ['email', 'ASC'],
      range: [0, 999],
    });
    const operator = rows.find((row) => row.email === email);
    if (!operator)
      throw new AppError('not_found', 'operator.not_found', 'No operator has this e-mail.');
    const password = crypto.randomUUID();
    await operators.update(
      this.actor,
      operator.id,
      updateOperatorBody.parse({ password }),
      undefined,
    );
    return password;
  }

  /** 0 when all is well, else 1. */
  async verifyLedger(): Promise<number> {
    return printReport(await this.app.get(LedgerVerifier).verify());
  }
}

function printReport({ shards, protection, hasOneRole }: VerifierReport): number {
  console.log(`Checked:\n${CHECKS.map((check) => `  - ${check}`).join('\n')}`);
  for (const { shard, entries, problems, firstWrong } of shards) {
    const where = firstWrong ? `; first wrong entry: ${firstWrong}` : '';
    console.log(`shard ${shard}: ${entries} entries, ${problems.join('; ') || 'complete'}${where}`);
  }
  for (const problem of protection) console.log(`protection: ${problem}`);
  if (hasOneRole) {
    console.log(
      'Note: DATABASE_URL is the owner of the tables, so its holder can switch the protection off.',
    );
  }
  const isWell = protection.length === 0 && shards.every(({ problems }) => problems.length === 0);
  return isWell ? 0 : 1;
}

import 'reflect-metadata';
import { userInfo } from 'node:os';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { z } from 'zod';
import { Actor, SYSTEM_ACTOR } from './actor/actor.js';
import { Alarms } from './alarms/alarms.service.js';
import { AppModule } from './app.module.js';
import { AppLogger } from './common/app-logger.js';
import { AppError } from './common/errors/app-error.js';
import { ViewsService } from './audit/views/views.service.js';
import type { AppConfig } from './config/app-config.js';
import { Idempotency } from './http/idempotency.js';
import type { issueBody } from './issuance/issuance.schemas.js';
import { IssuanceService } from './issuance/issuance.service.js';
import type { DossierArguments, PersonArguments } from './ledger-arguments.js';
import {
  challengeLedger,
  exportLedger,
  verifyLedger,
  writeDossier,
  writePerson,
} from './ledger-command.js';
import { retain, verifyArchives } from './retention-command.js';
import type { ChallengeBody } from './audit/challenge.schemas.js';
import type { ExportRequest } from './ledger/export/ledger-exporter.js';
import { type Erasure, LedgerEraser } from './ledger/ledger-eraser.js';
import { LedgerKeys } from './ledger/sealing/ledger-keys.js';
import { type createOperatorBody, updateOperatorBody } from './operators/operators.schemas.js';
import { OperatorsService } from './operators/operators.service.js';
import { DeletedRoomStore } from './seats/public/tokens.js';

/** The commands that need the database, carried out by the services of the server. */
export class Commands {
  /** The command line can read the database anyway: it needs no permission, but is logged. */
  private readonly actor = new Actor(
    'system',
    null,
    `command line (${userInfo().username})`,
    SYSTEM_ACTOR.holds,
  );

  private constructor(
    private readonly app: INestApplicationContext,
    private readonly migrationUrl: string,
  ) {}

  static async start(given: AppConfig): Promise<Commands> {
    const config: AppConfig = { ...given, logLevel: 'warn', demo: 'off' };
    const app = await NestFactory.createApplicationContext(AppModule.with(config), {
      logger: new AppLogger(config),
      abortOnError: false,
    });
    return new Commands(app, config.databaseMigrationUrl);
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

  /** 0 when all is proved, else 1. */
  verifyLedger(since: string | null): Promise<number> {
    return verifyLedger(this.app, this.actor, since);
  }

  /** 0 when every archive is proved, else 1. */
  verifyArchives(folder: string): Promise<number> {
    return verifyArchives(this.app, this.actor, folder);
  }

  /** 0 when all that is due is gone from the database, or was told. */
  retain(isDry: boolean): Promise<number> {
    return retain(this.app, this.actor, isDry);
  }

  exportLedger(request: ExportRequest): Promise<number> {
    return exportLedger(this.app, this.actor, request);
  }

  writeDossier(request: DossierArguments): Promise<number> {
    return writeDossier(this.app, this.actor, request);
  }

  writePerson(request: PersonArguments): Promise<number> {
    return writePerson(this.app, this.actor, request);
  }

  /** 0 when nothing deviates without an explanation, else 1. */
  challengeLedger(body: ChallengeBody): Promise<number> {
    return challengeLedger(this.app, this.actor, body);
  }

  /** Answers with the verifier keys of the new generation. */
  rotateLedgerKeys(): Promise<string[]> {
    return this.app.get(LedgerKeys).rotate(this.actor);
  }

  /** As the owner of the database: the application's role may erase nothing. */
  async eraseFromLedger(erasure: Erasure) {
    const erased = await this.app.get(LedgerEraser).erase(this.migrationUrl, this.actor, erasure);
    await this.app.get(Alarms).forget(erasure);
    await this.app.get(ViewsService).forget(erasure);
    await this.app.get(Idempotency).forget(erasure, erased.names);
    if (erasure.of === 'identity') {
      const { id, before } = erasure;
      await this.app.get(DeletedRoomStore).forget(this.migrationUrl, id, before);
    }
    return erased;
  }
}
